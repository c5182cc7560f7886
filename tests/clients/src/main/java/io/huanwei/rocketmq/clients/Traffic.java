package io.huanwei.rocketmq.clients;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.rocketmq.common.message.Message;

/** Sends the messages of one kind, from threads of its own: a kind that hangs does not hold up another. */
final class Traffic {
    /** Sends one message and writes down what came of it. The shard is that of ordered messages, else -1. */
    interface Way {
        void send(Message message, int shard);
    }

    /** What all kinds of a run share. */
    static final class Run {
        final String name;
        final String topic;
        final int size;
        final Pace pace;
        final Sends sends;
        private final AtomicInteger next = new AtomicInteger();

        Run(Options options, Pace pace, Sends sends) {
            this.name = options.run();
            this.topic = options.text("topic");
            this.size = options.number("size", 128);
            this.pace = pace;
            this.sends = sends;
        }

        Message message(Kind kind, String key) {
            return new Message(kind.topic(topic), "", key, Payload.of(key, size));
        }

        /** For a probe, numbered apart, so that the numbers of other keys have no holes. */
        String probeKey(int number) {
            return name + "-p" + number;
        }

        String nextKey() {
            return name + "-" + next.getAndIncrement();
        }
    }

    private final Run run;
    private final Kind kind;
    private final Way way;
    private final int count;
    private final double rate;
    private final AtomicInteger turns = new AtomicInteger();

    /** At most {@code count} messages, at most {@code rate} a second. */
    Traffic(Run run, Kind kind, Way way, int count, double rate) {
        this.run = run;
        this.kind = kind;
        this.way = way;
        this.count = count;
        this.rate = rate;
    }

    List<Thread> start(int threads) {
        List<Thread> senders = new ArrayList<>();
        int number = Math.min(Math.min(count, threads), Order.SHARDS);
        for (int first = 0; first < number; first++) {
            int shard = first;
            Thread sender = new Thread(() -> sendUntilDone(shard, number), kind.label() + "-" + first);
            sender.start();
            senders.add(sender);
        }
        return senders;
    }

    /** A shard belongs to one thread, which sends it in order: {@code first}, and each {@code step}th after it. */
    private void sendUntilDone(int first, int step) {
        long[] positions = new long[Order.SHARDS];
        int shard = first;
        for (int turn = turns.getAndIncrement(); turn < count && run.pace.turn(turn, rate); turn = turns.getAndIncrement()) {
            String key = run.nextKey();
            String order = kind == Kind.ORDER ? Order.of(shard, positions[shard]++) : Order.NONE;
            if (!run.sends.written(() -> run.sends.begin(kind, key, order))) {
                run.pace.stop();
                return;
            }
            way.send(run.message(kind, key), kind == Kind.ORDER ? shard : -1);
            shard = shard + step < Order.SHARDS ? shard + step : first;
        }
    }
}
