package io.huanwei.rocketmq.clients;

import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import org.apache.rocketmq.client.consumer.DefaultMQPushConsumer;
import org.apache.rocketmq.client.consumer.listener.ConsumeConcurrentlyContext;
import org.apache.rocketmq.client.consumer.listener.ConsumeConcurrentlyStatus;
import org.apache.rocketmq.client.consumer.listener.ConsumeOrderlyContext;
import org.apache.rocketmq.client.consumer.listener.ConsumeOrderlyStatus;
import org.apache.rocketmq.client.consumer.listener.MessageListenerConcurrently;
import org.apache.rocketmq.client.consumer.listener.MessageListenerOrderly;
import org.apache.rocketmq.client.consumer.store.ReadOffsetType;
import org.apache.rocketmq.client.exception.MQClientException;
import org.apache.rocketmq.common.MixAll;
import org.apache.rocketmq.common.consumer.ConsumeFromWhere;
import org.apache.rocketmq.common.message.MessageExt;
import org.apache.rocketmq.common.message.MessageQueue;

/** One push consumer: of one group, from the first offset, orderly or not. */
final class Receiver {
    private static final int BATCH = 32;
    private static final int THREADS = 4;
    /** A refused message is to come back after one second, not after the library's ten. */
    private static final int SOON = 1;

    private final DefaultMQPushConsumer consumer;
    private final Inbox inbox;
    private final Set<String> topics = new HashSet<>();
    /** First deliveries from it are refused. */
    private final String refusedTopic;

    /** Of the given kinds, all of one group. */
    Receiver(String nameServers, String topic, String group, Set<Kind> kinds, Inbox inbox) throws MQClientException {
        this.inbox = inbox;
        this.refusedTopic = kinds.contains(Kind.RETRY) ? Kind.RETRY.topic(topic) : "";
        consumer = Connection.to(nameServers, new DefaultMQPushConsumer(group));
        consumer.setConsumeFromWhere(ConsumeFromWhere.CONSUME_FROM_FIRST_OFFSET);
        consumer.setConsumeMessageBatchMaxSize(BATCH);
        consumer.setConsumeThreadMin(THREADS);
        consumer.setConsumeThreadMax(THREADS);
        for (Kind kind : kinds) {
            topics.add(kind.topic(topic));
            consumer.subscribe(kind.topic(topic), "*");
        }
        if (kinds.contains(Kind.ORDER)) {
            consumer.registerMessageListener((MessageListenerOrderly) this::arrived);
        } else {
            consumer.registerMessageListener((MessageListenerConcurrently) this::arrived);
        }
    }

    void start() throws MQClientException {
        consumer.start();
    }

    void shutdown() {
        consumer.shutdown();
    }

    private ConsumeConcurrentlyStatus arrived(List<MessageExt> messages, ConsumeConcurrentlyContext context) {
        // All of a batch are of one queue. What comes from the retry topic has its first topic's name, and was consumed before.
        MessageExt first = messages.get(0);
        boolean refuse = first.getReconsumeTimes() == 0 && refusedTopic.equals(first.getTopic());
        context.setDelayLevelWhenNextConsume(refuse ? SOON : 0);
        boolean written = inbox.write(messages, context.getMessageQueue().getBrokerName(), refuse);
        return written && !refuse ? ConsumeConcurrentlyStatus.CONSUME_SUCCESS : ConsumeConcurrentlyStatus.RECONSUME_LATER;
    }

    private ConsumeOrderlyStatus arrived(List<MessageExt> messages, ConsumeOrderlyContext context) {
        return inbox.write(messages, context.getMessageQueue().getBrokerName(), false)
            ? ConsumeOrderlyStatus.SUCCESS : ConsumeOrderlyStatus.SUSPEND_CURRENT_QUEUE_A_MOMENT;
    }

    /** How many queues it has, once all that the name server tells are assigned to it; 0 before. */
    int ready() {
        Set<MessageQueue> all = queues();
        return assigned().containsAll(all) ? all.size() : 0;
    }

    /** Whether nothing is left in any queue. A queue that cannot be asked is not caught up: its messages may be waiting. */
    boolean caughtUp() {
        Set<MessageQueue> all = queues();
        if (all.isEmpty()) {
            return false;
        }
        all.addAll(assigned()); // the retry topic's, too
        if (!assigned().containsAll(all)) {
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

    /** How many messages the group has given up, or null if somebody could not be asked. */
    Long deadLetters() {
        try {
            String topic = MixAll.getDLQTopic(consumer.getConsumerGroup());
            long letters = 0;
            for (MessageQueue queue : Topics.queues(this::fetch, topic)) {
                letters += consumer.maxOffset(queue) - consumer.minOffset(queue);
            }
            return letters;
        } catch (MQClientException unknown) {
            return null;
        }
    }

    /** The topics' queues that the name server tells, or none while it does not know one of the topics. */
    private Set<MessageQueue> queues() {
        Set<MessageQueue> queues = new HashSet<>();
        try {
            for (String topic : topics) {
                queues.addAll(fetch(topic));
            }
        } catch (MQClientException notYet) {
            queues.clear();
        }
        return queues;
    }

    /** What the name server says now; the consumer's own method of this name tells what it knew up to 30 s ago. */
    private Set<MessageQueue> fetch(String topic) throws MQClientException {
        return consumer.getDefaultMQPushConsumerImpl().getmQClientFactory().getMQAdminImpl().fetchSubscribeMessageQueues(topic);
    }

    private Set<MessageQueue> assigned() {
        return Set.copyOf(consumer.getDefaultMQPushConsumerImpl().getRebalanceImpl().getProcessQueueTable().keySet());
    }
}
