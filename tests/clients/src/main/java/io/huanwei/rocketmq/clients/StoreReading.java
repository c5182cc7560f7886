package io.huanwei.rocketmq.clients;

import java.io.PrintStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.apache.rocketmq.client.consumer.DefaultMQPullConsumer;
import org.apache.rocketmq.client.consumer.PullResult;
import org.apache.rocketmq.client.consumer.PullStatus;
import org.apache.rocketmq.common.message.MessageExt;
import org.apache.rocketmq.common.message.MessageQueue;

/** Reads every queue of a topic from its first offset to its last, without a consumer group's offsets: what is stored. */
@SuppressWarnings("deprecation") // the lite consumer prefetches and rebalances; here each read must be told by its offset
final class StoreReading {
    private static final int BATCH = 32;

    private StoreReading() {
    }

    static int main(Options options, PrintStream out) throws Exception {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(options.number("timeout", 300));
        DefaultMQPullConsumer consumer = Connection.to(options.text("namesrv"), new DefaultMQPullConsumer("clients-store-reader"));
        try (Ledger ledger = Ledger.create(options.folder("ledger"), Account.STORED)) {
            consumer.start();
            Set<MessageQueue> queues = consumer.fetchSubscribeMessageQueues(options.text("topic"));
            long read = 0;
            for (MessageQueue queue : queues) {
                read += read(consumer, queue, ledger, deadline);
            }
            out.printf("{\"topic\":\"%s\",\"queues\":%d,\"stored\":%d}%n", options.text("topic"), queues.size(), read);
            return Main.OK;
        } finally {
            consumer.shutdown();
        }
    }

    private static long read(DefaultMQPullConsumer consumer, MessageQueue queue, Ledger ledger, long deadline) throws Exception {
        long end = consumer.maxOffset(queue);
        long read = 0;
        for (long offset = consumer.minOffset(queue); offset < end; ) {
            if (System.nanoTime() > deadline) {
                throw new TimeoutException("reading " + queue + " at offset " + offset);
            }
            PullResult result = consumer.pull(queue, "*", offset, BATCH);
            if (result.getPullStatus() == PullStatus.FOUND) {
                read += write(result.getMsgFoundList(), queue, ledger);
            }
            if (result.getNextBeginOffset() <= offset) {
                throw new IllegalStateException(queue + " ends at " + offset + ", before " + end + ": " + result.getPullStatus());
            }
            offset = result.getNextBeginOffset();
        }
        return read;
    }

    private static int write(List<MessageExt> messages, MessageQueue queue, Ledger ledger) throws Exception {
        List<String> lines = new ArrayList<>();
        for (MessageExt message : messages) {
            boolean intact = message.getKeys() != null && Payload.intact(message.getKeys(), message.getBody());
            lines.add(Ledger.line(message.getKeys(), queue.getBrokerName(), queue.getQueueId(), message.getQueueOffset(), intact ? "ok" : "bad"));
        }
        ledger.append(lines);
        return lines.size();
    }
}
