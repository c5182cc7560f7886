package io.huanwei.rocketmq.clients;

import java.util.concurrent.TimeUnit;

/** The longest time without a success. Times are nanoseconds of one monotonic clock. */
final class Gap {
    private long last;
    private long longest;

    Gap(long start) {
        last = start;
    }

    synchronized void success(long now) {
        look(now);
        last = Math.max(last, now);
    }

    /** The time since the last success counts, up to now; a later success closes the same gap, not a new one. */
    synchronized void look(long now) {
        longest = Math.max(longest, now - last);
    }

    synchronized long longestMs() {
        return TimeUnit.NANOSECONDS.toMillis(longest);
    }
}
