package io.huanwei.rocketmq.clients;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.apache.rocketmq.common.message.MessageExt;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class InboxTest {
    @TempDir
    private Path folder;
    private Inbox inbox;

    @BeforeEach
    void open() throws IOException {
        inbox = new Inbox(folder);
    }

    @AfterEach
    void close() throws IOException {
        inbox.close();
    }

    @Test
    void whatArrivesIsWrittenWithItsOutcome() throws IOException {
        assertTrue(inbox.write(List.of(message("r-0", 0)), "broker-0", true));
        assertTrue(inbox.write(List.of(message("r-0", 1), message("r-1", 0)), "broker-1", false));
        MessageExt damaged = message("r-2", 0);
        damaged.setBody(new byte[5]);
        assertTrue(inbox.write(List.of(damaged), "broker-1", false));
        assertEquals(List.of("r-0\tbroker-0\t2\t9\t0\trefused", "r-0\tbroker-1\t2\t9\t1\tok", "r-1\tbroker-1\t2\t9\t0\tok",
            "r-2\tbroker-1\t2\t9\t0\tbad"), Files.readAllLines(folder.resolve("consumed")));
        assertEquals(List.of(3, 1), List.of(inbox.received.get(), inbox.refused.get()));
    }

    @Test
    void whatCannotBeWrittenHasNotArrived() throws IOException {
        inbox.close();
        assertFalse(inbox.write(List.of(message("r-0", 0)), "broker-0", false));
        assertThrows(IOException.class, inbox::failIfBroken);
        assertEquals(0, inbox.received.get());
    }

    @Test
    void itIsCompleteOnceEveryAcknowledgedKeyHasArrivedUnrefused() throws IOException {
        assertTrue(inbox.complete(), "nobody sent anything here");
        try (Inbox other = new Inbox(Files.createDirectory(folder.resolve("other")))) {
            Files.writeString(folder.resolve("other/acknowledged-r"), Ledger.line("r-0", "broker-0", 2, 9));
            Files.writeString(folder.resolve("other/acknowledged-q"), Ledger.line("q-0", "broker-0", 2, 8));
            assertFalse(other.complete());
            other.write(List.of(message("r-0", 0), message("q-0", 0)), "broker-0", true);
            assertFalse(other.complete());
            other.write(List.of(message("r-0", 1)), "broker-0", false);
            assertFalse(other.complete());
            other.write(List.of(message("q-0", 1)), "broker-0", false);
            assertTrue(other.complete());
        }
    }

    @Test
    void aProducerRunsUntilItsIntentsAreClosed() throws IOException {
        assertFalse(inbox.producersRun());
        Sends sends = new Sends(folder, "r", 0);
        assertTrue(inbox.producersRun());
        sends.close();
        assertFalse(inbox.producersRun());
    }

    private static MessageExt message(String key, int reconsumeTimes) {
        MessageExt message = new MessageExt();
        message.setKeys(key);
        message.setBody(Payload.of(key, 64));
        message.setQueueId(2);
        message.setQueueOffset(9);
        message.setReconsumeTimes(reconsumeTimes);
        return message;
    }
}
