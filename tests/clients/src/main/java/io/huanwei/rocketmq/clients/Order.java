package io.huanwei.rocketmq.clients;

import java.util.HashMap;
import java.util.Map;

/**
 * The order of messages within a shard: {@code SHARD/POSITION} in the ledger of intents.
 *
 * <p>RocketMQ keeps order in a queue, not across queues, and a shard moves to another queue when the number of queues
 * changes. So positions must rise for each shard in each queue. A message that comes again breaks nothing.
 */
final class Order {
    static final String NONE = "-";
    /** Enough that every queue of some groups has its shards. */
    static final int SHARDS = 32;

    private final Map<String, Long> highest = new HashMap<>();
    private int violations;

    static String of(int shard, long position) {
        return shard + "/" + position;
    }

    /** A key arrived for the first time, from that broker and queue. */
    void arrived(String order, String queue) {
        int slash = order.indexOf('/');
        if (slash < 0) {
            return;
        }
        long position = Long.parseLong(order.substring(slash + 1));
        String lane = order.substring(0, slash) + " " + queue;
        if (highest.getOrDefault(lane, -1L) > position) {
            violations++;
        } else {
            highest.put(lane, position);
        }
    }

    /** How many messages came after one that was sent later. */
    int violations() {
        return violations;
    }
}
