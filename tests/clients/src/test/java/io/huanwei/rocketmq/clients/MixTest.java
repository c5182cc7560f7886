package io.huanwei.rocketmq.clients;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class MixTest {
    @Test
    void onlyPlainIfNothingIsSaid() {
        Mix mix = Mix.of(Options.parse(new String[0], "mix"));
        assertEquals(Set.of(Kind.PLAIN), mix.kinds());
        assertEquals(Map.of(Kind.PLAIN, 1000), mix.split(1000));
        assertEquals(8, mix.threads(Kind.PLAIN, 8));
        assertEquals(Set.of("g"), mix.groups("g"));
    }

    @Test
    void weightsBecomeShares() {
        Mix mix = Mix.parse("plain=6,order=2,retry=0,delay=1");
        assertFalse(mix.has(Kind.RETRY));
        assertEquals(6 / 9.0, mix.share(Kind.PLAIN));
        assertEquals(Map.of(Kind.PLAIN, 67, Kind.ORDER, 22, Kind.DELAY, 11), mix.split(100));
        assertEquals(1, mix.threads(Kind.DELAY, 2), "every kind has a thread");
        assertEquals(Set.of("g", "g-order"), mix.groups("g"));
    }

    @Test
    void noMessageIsLeftOverBySplitting() {
        Mix mix = Mix.parse("plain=3,order=3,delay=3,transaction=3,retry=1");
        for (int count = 0; count < 200; count++) {
            assertEquals(count, mix.split(count).values().stream().mapToInt(Integer::intValue).sum());
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "plain", "plain=", "plain=-1", "plain=1,plain=2", "plane=1", "probe=1", "plain=0", "plain=1;order=1"})
    void whatIsNoMixIsWrongUse(String text) {
        assertThrows(Options.WrongUse.class, () -> Mix.parse(text));
    }

    @Test
    void topicsOfKinds() {
        assertEquals("t", Kind.PLAIN.topic("t"));
        assertEquals("t", Kind.PROBE.topic("t"));
        assertEquals("t-order", Kind.ORDER.topic("t"));
    }

    @Test
    void aFlagTakesNoValue() {
        Options options = Options.parse(new String[] {"--probe-groups", "--run", "r"}, "probe-groups", "run");
        assertTrue(options.has("probe-groups"));
        assertEquals("r", options.run());
        assertFalse(Options.parse(new String[0], "probe-groups").has("probe-groups"));
        String[] twice = {"--probe-groups", "--probe-groups"};
        assertThrows(Options.WrongUse.class, () -> Options.parse(twice, "probe-groups"));
    }
}
