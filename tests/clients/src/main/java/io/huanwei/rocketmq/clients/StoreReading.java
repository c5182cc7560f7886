package io.huanwei.rocketmq.clients;

import java.io.PrintStream;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.apache.rocketmq.client.consumer.DefaultMQPullConsumer;
import org.apache.rocketmq.client.consumer.PullResult;
import org.apache.rocketmq.client.consumer.PullStatus;
import org.apache.rocketmq.common.MixAll;
import org.apache.rocketmq.common.message.MessageExt;
import org.apache.rocketmq.common.message.MessageQueue;

/** Reads every queue of a run's topics from its first offset to its last, without a group's offsets: what is stored. */
@SuppressWarnings("deprecation") // the lite consumer prefetches and rebalances; here each read must be told by its offset
final class StoreReading {
    private static final int BATCH = 32;

    private StoreReading() {
    }

    static int main(Options options, PrintStream out) throws Exception {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(options.number("timeout", 300));
        DefaultMQPullConsumer consumer = Connection.to(options.text("namesrv"), new DefaultMQPullConsumer("clients-store-reader"));
        String topic = options.text("topic");
        Mix mix = Mix.of(options);
        try (Ledger ledger = Ledger.create(options.folder("ledger"), Names.STORED)) {
            consumer.start();
            Set<MessageQueue> queues = new HashSet<>();
            for (Kind kind : mix.kinds()) {
                queues.addAll(consumer.fetchSubscribeMessageQueues(kind.topic(topic)));
            }
            long read = read(consumer, queues, ledger, deadline);
            Long dead = options.has("group") ? deadLetters(consumer, mix.groups(options.text("group")), options, deadline) : null;
            out.printf("{\"topic\":\"%s\",\"queues\":%d,\"stored\":%d,\"deadLetters\":%s}%n", topic, queues.size(), read, dead);
            return Main.OK;
        } finally {
            consumer.shutdown();
        }
    }

    /** The messages that the consumer groups have given up; a group that never gave one up has no such topic. */
    private static long deadLetters(DefaultMQPullConsumer consumer, Set<String> groups, Options options, long deadline) throws Exception {
        try (Ledger ledger = Ledger.create(options.folder("ledger"), Names.DEAD_LETTERS)) {
            long read = 0;
            for (String group : groups) {
                read += read(consumer, Topics.queues(consumer::fetchSubscribeMessageQueues, MixAll.getDLQTopic(group)), ledger, deadline);
            }
            return read;
        }
    }

    private static long read(DefaultMQPullConsumer consumer, Set<MessageQueue> queues, Ledger ledger, long deadline) throws Exception {
        long read = 0;
        for (MessageQueue queue : queues) {
            read += read(consumer, queue, ledger, deadline);
        }
        return read;
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
