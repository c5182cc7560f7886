package io.huanwei.rocketmq.clients;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.IOException;
import org.apache.rocketmq.client.producer.SendResult;
import org.junit.jupiter.api.Test;

/** Ordered messages are tried again by their sender. */
class WaysTest {
    private int tries;

    @Test
    void aSendThatFailsIsTriedAgain() throws Exception {
        SendResult stored = new SendResult();
        assertSame(stored, Ways.repeated(() -> {
            if (++tries < 3) {
                throw new IOException("busy");
            }
            return stored;
        }, 0));
        assertEquals(3, tries);
    }

    @Test
    void oneThatAlwaysFailsThrowsWhatItThrewLast() {
        IOException told = assertThrows(IOException.class, () -> Ways.repeated(() -> {
            throw new IOException("busy " + ++tries);
        }, 0));
        assertEquals("busy " + Ways.TRIES, told.getMessage());
    }
}
