package io.huanwei.rocketmq.clients;

import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;
import org.apache.rocketmq.client.consumer.DefaultMQPushConsumer;
import org.apache.rocketmq.client.consumer.listener.ConsumeConcurrentlyContext;
import org.apache.rocketmq.client.consumer.listener.ConsumeConcurrentlyStatus;
import org.apache.rocketmq.client.consumer.listener.MessageListenerConcurrently;
import org.apache.rocketmq.client.consumer.store.ReadOffsetType;
import org.apache.rocketmq.client.exception.MQClientException;
import org.apache.rocketmq.common.consumer.ConsumeFromWhere;
import org.apache.rocketmq.common.message.MessageExt;
import org.apache.rocketmq.common.message.MessageQueue;

/**
 * Receives everything of a topic from its beginning, and writes each message down before it says that it has it.
 *
 * <p>Two files in the ledger's folder speak with the outside: {@code ready} appears once all queues are assigned;
 * {@code stop} asks it to end, once it has caught up and nothing has come for a while.
 */
final class Consuming {
    private static final long POLL_MS = 200;
    private static final int BATCH = 32;

    private final DefaultMQPushConsumer consumer;
    private final Ledger ledger;
    private final String topic;
    private final AtomicInteger received = new AtomicInteger();
    private volatile long lastArrival = System.nanoTime();
    private volatile IOException ledgerFailure;

    private Consuming(DefaultMQPushConsumer consumer, Ledger ledger, String topic) {
        this.consumer = consumer;
        this.ledger = ledger;
        this.topic = topic;
    }

    static int main(Options options, PrintStream out, PrintStream err) throws Exception {
        Path folder = options.folder("ledger");
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(options.number("timeout", 900));
        long quiet = TimeUnit.SECONDS.toNanos(options.number("until-quiet", 5));
        DefaultMQPushConsumer consumer = Connection.to(options.text("namesrv"), new DefaultMQPushConsumer(options.text("group")));
        consumer.setConsumeFromWhere(ConsumeFromWhere.CONSUME_FROM_FIRST_OFFSET);
        consumer.setConsumeMessageBatchMaxSize(BATCH);
        consumer.setConsumeThreadMin(4);
        consumer.setConsumeThreadMax(4);
        consumer.subscribe(options.text("topic"), "*");
        try (Ledger ledger = Ledger.create(folder, Account.CONSUMED)) {
            Consuming consuming = new Consuming(consumer, ledger, options.text("topic"));
            consumer.registerMessageListener((MessageListenerConcurrently) consuming::arrived);
            consumer.start();
            try {
                boolean ended = consuming.untilReady(folder, deadline, err) && consuming.untilQuiet(folder, quiet, deadline);
                out.printf("{\"topic\":\"%s\",\"received\":%d,\"timedOut\":%b}%n", consuming.topic, consuming.received.get(), !ended);
                return ended ? Main.OK : Main.TIMED_OUT;
            } finally {
                consumer.shutdown();
            }
        }
    }

    private ConsumeConcurrentlyStatus arrived(List<MessageExt> messages, ConsumeConcurrentlyContext context) {
        List<String> lines = new ArrayList<>();
        for (MessageExt message : messages) {
            boolean intact = message.getKeys() != null && Payload.intact(message.getKeys(), message.getBody());
            lines.add(Ledger.line(message.getKeys(), context.getMessageQueue().getBrokerName(), message.getQueueId(),
                message.getQueueOffset(), message.getReconsumeTimes(), intact ? "ok" : "bad"));
        }
        try {
            ledger.append(lines);
        } catch (IOException failure) {
            ledgerFailure = failure;
            return ConsumeConcurrentlyStatus.RECONSUME_LATER;
        }
        received.addAndGet(messages.size());
        lastArrival = System.nanoTime();
        return ConsumeConcurrentlyStatus.CONSUME_SUCCESS;
    }

    private boolean untilReady(Path folder, long deadline, PrintStream err) throws Exception {
        while (System.nanoTime() < deadline) {
            Set<MessageQueue> all = queues();
            if (!all.isEmpty() && assigned().containsAll(all)) {
                Files.createFile(folder.resolve("ready"));
                err.println("ready: " + all.size() + " queues");
                return true;
            }
            Thread.sleep(POLL_MS);
        }
        return false;
    }

    private boolean untilQuiet(Path folder, long quiet, long deadline) throws Exception {
        while (System.nanoTime() < deadline) {
            if (ledgerFailure != null) {
                throw ledgerFailure;
            }
            if (Files.exists(folder.resolve("stop")) && System.nanoTime() - lastArrival > quiet && caughtUp()) {
                return true;
            }
            Thread.sleep(POLL_MS);
        }
        return false;
    }

    /** The topic's queues that the name server tells, or none while it does not know the topic. */
    private Set<MessageQueue> queues() {
        try {
            return consumer.fetchSubscribeMessageQueues(topic);
        } catch (MQClientException notYet) {
            return Set.of();
        }
    }

    private Set<MessageQueue> assigned() {
        return consumer.getDefaultMQPushConsumerImpl().getRebalanceImpl().getProcessQueueTable().keySet().stream()
            .filter(queue -> queue.getTopic().equals(topic)).collect(Collectors.toSet());
    }

    /** Whether nothing is left in any queue. A queue that cannot be asked is not caught up: its messages may be waiting. */
    private boolean caughtUp() {
        Set<MessageQueue> all = queues();
        if (all.isEmpty() || !assigned().containsAll(all)) {
            return false;
        }
        try {
            for (MessageQueue queue : all) {
                long done = consumer.getDefaultMQPushConsumerImpl().getOffsetStore().readOffset(queue, ReadOffsetType.READ_FROM_MEMORY);
                if (Math.max(0, done) < consumer.maxOffset(queue)) {
                    return false;
                }
            }
            return true;
        } catch (MQClientException unreachable) {
            return false;
        }
    }
}
