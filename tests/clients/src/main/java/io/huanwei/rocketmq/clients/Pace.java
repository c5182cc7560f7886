package io.huanwei.rocketmq.clients;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/** When a message's turn comes, and whether sending goes on at all. */
final class Pace {
    /** So soon after {@link #stop} even the slowest sender is awake. */
    private static final long SLICE = TimeUnit.MILLISECONDS.toNanos(100);

    final long started = System.nanoTime();
    private final long deadline;
    private volatile boolean stopped;

    Pace(long seconds) {
        deadline = started + TimeUnit.SECONDS.toNanos(seconds);
    }

    /** Waits for turn {@code number} (from 0) at that rate; false when time is up or sending was stopped. */
    boolean turn(int number, double perSecond) {
        long turn = started + (long) (TimeUnit.SECONDS.toNanos(1) * (number / perSecond));
        for (long now = System.nanoTime(); now < turn && goesOn(now); now = System.nanoTime()) {
            LockSupport.parkNanos(Math.min(turn - now, SLICE));
        }
        return goesOn(System.nanoTime());
    }

    private boolean goesOn(long now) {
        return now < deadline && !stopped;
    }

    void stop() {
        stopped = true;
    }
}
