package io.huanwei.rocketmq.clients;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import org.junit.jupiter.api.Test;

class ProbedGroupsTest {
    private static final long MS = 1_000_000;
    private final ProbedGroups groups = new ProbedGroups();

    /** A look each second, and the same answer for each probe 10 ms later. */
    private void rounds(int from, int to, List<String> there, boolean good) {
        for (int second = from; second < to; second++) {
            long now = second * 1000 * MS;
            groups.look(there, now).forEach(name -> groups.answered(name, good, now + 10 * MS));
        }
    }

    @Test
    void steadyProbesHaveGapsOfASecond() {
        rounds(0, 5, List.of("a", "b"), true);
        groups.end(4_100 * MS);
        assertEquals("{\"a\":{\"probes\":5,\"failed\":0,\"gone\":0,\"longestGapMs\":1000},"
            + "\"b\":{\"probes\":5,\"failed\":0,\"gone\":0,\"longestGapMs\":1000}}", groups.json());
    }

    @Test
    void failuresMakeAGapUntilTheNextSuccess() {
        rounds(0, 3, List.of("a"), true);
        rounds(3, 7, List.of("a"), false);
        rounds(7, 9, List.of("a"), true);
        groups.end(8_100 * MS);
        assertEquals("{\"a\":{\"probes\":9,\"failed\":4,\"gone\":0,\"longestGapMs\":5000}}", groups.json());
    }

    @Test
    void aGapThatIsOpenAtTheEndCounts() {
        rounds(0, 2, List.of("a"), true);
        rounds(2, 4, List.of("a"), false);
        groups.end(9_010 * MS);
        assertEquals("{\"a\":{\"probes\":4,\"failed\":2,\"gone\":0,\"longestGapMs\":8000}}", groups.json());
    }

    @Test
    void aGroupThatLeftForGoodIsGoneNotFailed() {
        rounds(0, 3, List.of("a", "b"), true);
        rounds(3, 30, List.of("a"), true);
        groups.end(29_100 * MS);
        assertEquals("{\"a\":{\"probes\":30,\"failed\":0,\"gone\":0,\"longestGapMs\":1000},"
            + "\"b\":{\"probes\":3,\"failed\":0,\"gone\":27,\"longestGapMs\":1000}}", groups.json());
    }

    @Test
    void theTimeWithoutAGroupThatCameBackIsAGap() {
        rounds(0, 3, List.of("a"), true);
        rounds(3, 10, List.of(), true);
        rounds(10, 12, List.of("a"), true);
        groups.end(11_100 * MS);
        assertEquals("{\"a\":{\"probes\":5,\"failed\":0,\"gone\":7,\"longestGapMs\":8000}}", groups.json());
    }

    @Test
    void aNewGroupIsProbedFromItsFirstLookOn() {
        rounds(0, 20, List.of("a"), true);
        rounds(20, 23, List.of("a", "b"), true);
        groups.end(22_100 * MS);
        assertEquals("{\"a\":{\"probes\":23,\"failed\":0,\"gone\":0,\"longestGapMs\":1000},"
            + "\"b\":{\"probes\":3,\"failed\":0,\"gone\":0,\"longestGapMs\":1000}}", groups.json());
    }

    @Test
    void aHangingProbeIsNotJoinedByAnother() {
        assertEquals(List.of("a", "b"), groups.look(List.of("a", "b"), 0));
        groups.answered("b", true, 5 * MS);
        assertEquals(List.of("b"), groups.look(List.of("a", "b"), 1000 * MS));
        groups.answered("a", false, 3000 * MS);
        assertEquals(List.of("a"), groups.look(List.of("a", "b"), 3000 * MS));
    }
}
