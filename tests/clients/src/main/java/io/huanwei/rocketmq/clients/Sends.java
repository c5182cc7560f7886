package io.huanwei.rocketmq.clients;

import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Path;
import java.util.EnumMap;
import java.util.Map;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import org.apache.rocketmq.client.producer.SendResult;
import org.apache.rocketmq.client.producer.SendStatus;

/** The ledgers of one run's sends, and their figures: of all kinds together (without probes), and of each. */
final class Sends implements Closeable {
    final Tally all;
    final Map<Kind, Tally> byKind = new EnumMap<>(Kind.class);
    private final Ledger intents;
    private final Ledger acknowledged;
    private final Ledger notOk;
    private final Ledger failed;
    private final AtomicReference<IOException> broken = new AtomicReference<>();

    Sends(Path folder, String run, long start) throws IOException {
        intents = Ledger.create(folder, Names.of(Names.INTENTS, run));
        acknowledged = Ledger.create(folder, Names.of(Names.ACKNOWLEDGED, run));
        notOk = Ledger.create(folder, Names.of(Names.NOT_OK, run));
        failed = Ledger.create(folder, Names.of(Names.FAILED, run));
        all = new Tally(start);
        for (Kind kind : Kind.values()) {
            byKind.put(kind, new Tally(start));
        }
    }

    /** One step of a send. */
    interface Step {
        void write() throws IOException;
    }

    /** Carries out a step; false if it, or one before, could not be written down: then nothing may be sent any more. */
    boolean written(Step step) {
        try {
            step.write();
        } catch (IOException failure) {
            broken.compareAndSet(null, failure);
        }
        return broken.get() == null;
    }

    void failIfBroken() throws IOException {
        if (broken.get() != null) {
            throw broken.get();
        }
    }

    /** Before a send. The order is {@link Order#NONE} or the message's place in its shard. */
    void begin(Kind kind, String key, String order) throws IOException {
        intents.append(key, System.currentTimeMillis(), kind.label(), order);
        count(kind, tally -> tally.begun.incrementAndGet());
    }

    /** After a send that was answered, whatever the status. */
    void answered(Kind kind, String key, SendResult result) throws IOException {
        if (result.getSendStatus() == SendStatus.SEND_OK) {
            acknowledged(kind, key, place(result));
            return;
        }
        Object[] place = place(result);
        notOk.append(key, result.getSendStatus(), place[0], place[1], place[2]);
        count(kind, tally -> tally.notOk.incrementAndGet());
    }

    /** Broker, queue and offset that the broker answered. */
    static Object[] place(SendResult result) {
        return new Object[] {result.getMessageQueue().getBrokerName(), result.getMessageQueue().getQueueId(), result.getQueueOffset()};
    }

    void acknowledged(Kind kind, String key, Object[] place) throws IOException {
        acknowledged.append(key, place[0], place[1], place[2]);
        long now = System.nanoTime();
        count(kind, tally -> tally.acknowledged(now));
    }

    /** After an exception: what became of the message is unknown. */
    void failed(Kind kind, String key, Exception failure) throws IOException {
        failed.append(key, failure.getClass().getName(), failure.getMessage());
        count(kind, tally -> tally.failed.incrementAndGet());
    }

    private void count(Kind kind, Consumer<Tally> what) {
        what.accept(byKind.get(kind));
        if (kind != Kind.PROBE) {
            what.accept(all);
        }
    }

    @Override
    public void close() throws IOException {
        try (failed; notOk; acknowledged; intents) {
            // each is closed, whatever the others do; the intents first, for their lock tells that sending goes on
        }
    }
}
