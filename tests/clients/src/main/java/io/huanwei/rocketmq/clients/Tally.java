package io.huanwei.rocketmq.clients;

import java.util.concurrent.atomic.AtomicInteger;

/** How many sends of one kind began, and how they ended. */
final class Tally {
    final AtomicInteger begun = new AtomicInteger();
    final AtomicInteger acknowledged = new AtomicInteger();
    final AtomicInteger notOk = new AtomicInteger();
    final AtomicInteger failed = new AtomicInteger();
    final Gap gap;

    Tally(long start) {
        gap = new Gap(start);
    }

    void acknowledged(long now) {
        acknowledged.incrementAndGet();
        gap.success(now);
    }

    /** Begun and not answered SEND_OK: another status, an exception, or a transaction that nobody asked back about. */
    int unknown() {
        return begun.get() - acknowledged.get();
    }

    /** The figures as fields of a JSON object, without its braces. */
    String json() {
        return String.format("\"acknowledged\":%d,\"notOk\":%d,\"failed\":%d,\"unknown\":%d,\"longestGapMs\":%d",
            acknowledged.get(), notOk.get(), failed.get(), unknown(), gap.longestMs());
    }
}
