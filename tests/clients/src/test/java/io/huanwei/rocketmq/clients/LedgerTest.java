package io.huanwei.rocketmq.clients;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LedgerTest {
    @TempDir
    private Path folder;

    @Test
    void linesAreThereWhenAppendReturns() throws IOException {
        try (Ledger ledger = Ledger.create(folder, "l")) {
            ledger.append("k-1", "two\tparts\nand lines", null);
            assertEquals("k-1\ttwo parts and lines\tnull\n", Files.readString(folder.resolve("l")));
        }
    }

    @Test
    void runsNeverMix() throws IOException {
        Ledger.create(folder, "l").close();
        assertThrows(FileAlreadyExistsException.class, () -> Ledger.create(folder, "l"));
    }

    @Test
    void afterAFailureNothingMoreIsWritten() throws IOException {
        Ledger ledger = Ledger.create(folder, "l");
        ledger.close();
        assertThrows(IOException.class, () -> ledger.append("a"));
        assertTrue(assertThrows(IOException.class, () -> ledger.append("b")).getMessage().contains("before"));
    }

    @Test
    void isOpenUntilItIsClosed() throws IOException {
        Ledger ledger = Ledger.create(folder, "l");
        assertTrue(Ledger.isOpen(folder.resolve("l")));
        ledger.close();
        assertFalse(Ledger.isOpen(folder.resolve("l")));
    }

    @Test
    void manyThreadsWriteWholeLines() throws Exception {
        ExecutorService pool = Executors.newFixedThreadPool(8);
        try (Ledger ledger = Ledger.create(folder, "l")) {
            List<Callable<Void>> writers = new ArrayList<>();
            for (int writer = 0; writer < 8; writer++) {
                String name = "w" + writer;
                writers.add(() -> {
                    for (int line = 0; line < 50; line++) {
                        ledger.append(name, line);
                    }
                    return null;
                });
            }
            for (Future<Void> done : pool.invokeAll(writers)) {
                done.get();
            }
        } finally {
            pool.shutdown();
        }
        Set<String> seen = new HashSet<>();
        Lines.read(folder.resolve("l"), 2, fields -> seen.add(fields[0] + " " + fields[1]));
        assertEquals(400, seen.size());
    }

    @Test
    void bodiesBelongToTheirKeysBitForBit() {
        byte[] body = Payload.of("run-7", 64);
        assertEquals(64, body.length);
        assertTrue(Payload.intact("run-7", body));
        assertFalse(Payload.intact("run-8", body));
        assertFalse(Payload.intact("run-7", new byte[0]));
        for (int at = 0; at < body.length; at++) {
            body[at] ^= 1;
            assertFalse(Payload.intact("run-7", body), "byte " + at);
            body[at] ^= 1;
        }
    }
}
