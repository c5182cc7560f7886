package io.huanwei.rocketmq.clients;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

class PaceTest {
    private static final long MS = 1_000_000;

    @Test
    void aTurnComesAtItsTime() {
        Pace pace = new Pace(60);
        assertTrue(pace.turn(4, 100));
        assertTrue(System.nanoTime() - pace.started >= 40 * MS);
    }

    @Test
    void noTurnComesAfterTheEnd() {
        Pace pace = new Pace(1);
        assertFalse(pace.turn(1, 0.5), "its turn would be after 2 s, sending ends after 1 s");
        assertFalse(pace.turn(0, 1));
    }

    @Test
    void aStopEndsTheWaitForATurn() {
        Pace pace = new Pace(60);
        new Thread(pace::stop).start();
        assertFalse(pace.turn(50, 1));
    }

    @Test
    void theLongestGapIsBetweenSuccesses() {
        Gap gap = new Gap(0);
        gap.success(300 * MS);
        gap.success(350 * MS);
        assertEquals(300, gap.longestMs());
        gap.look(600 * MS);
        assertEquals(300, gap.longestMs());
        gap.look(700 * MS);
        assertEquals(350, gap.longestMs());
        gap.success(600 * MS); // answered before, told later
        gap.success(1300 * MS);
        assertEquals(700, gap.longestMs());
    }
}
