package io.huanwei.rocketmq.clients;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The subcommand check, from ledgers to exit code. */
class CheckTest {
    private final ByteArrayOutputStream printed = new ByteArrayOutputStream();
    @TempDir
    private Path folder;

    /** Five messages sent, acknowledged and arrived. */
    @BeforeEach
    void goodRun() throws IOException {
        for (String ledger : List.of("intents-r", "acknowledged-r", "not-ok-r", "failed-r", "consumed")) {
            Files.createFile(folder.resolve(ledger));
        }
        for (int seq = 0; seq < 5; seq++) {
            add("intents-r", "r-" + seq, 1, "plain", "-");
            add("acknowledged-r", "r-" + seq, "broker-0", 1, seq);
            add("consumed", "r-" + seq, "broker-0", 1, seq, 0, "ok");
        }
    }

    @Test
    void aGoodRunIsGood() {
        assertEquals(Main.OK, check("-o", "json"));
        assertFigures("intents", 5, "acknowledged", 5, "consumed", 5, "lost", 0, "redelivered", 0, "storedTwice", 0, "badCrc", 0);
        assertTrue(printed.toString().contains("\"good\":true"));
    }

    @Test
    void anAcknowledgedKeyThatNeverArrivedIsLost() throws IOException {
        remove("consumed", "r-3");
        assertEquals(Main.LOST, check("-o", "json"));
        assertFigures("consumed", 4, "lost", 1);
        assertTrue(printed.toString().contains("\"lostKeys\":[\"r-3\"],\"good\":false"));
    }

    @Test
    void theTableNamesLostKeys() throws IOException {
        remove("consumed", "r-3");
        assertEquals(Main.LOST, check());
        assertTrue(printed.toString().contains("lost keys: r-3\nBAD"), printed.toString());
    }

    @Test
    void theStoreTellsLossFromMissingDelivery() throws IOException {
        remove("consumed", "r-3");
        remove("consumed", "r-4");
        Files.createFile(folder.resolve("stored"));
        add("stored", "r-4", "broker-0", 1, 4, "ok");
        assertEquals(Main.LOST, check("-o", "json"));
        assertFigures("lost", 2, "lostInStore", 1, "notDelivered", 1);
    }

    @Test
    void theSameOffsetAgainIsRedeliveredAnotherOffsetIsStoredTwice() throws IOException {
        add("consumed", "r-1", "broker-0", 1, 1, 0, "ok");
        add("consumed", "r-2", "broker-1", 1, 2, 0, "ok");
        assertEquals(Main.OK, check("-o", "json"));
        assertFigures("redelivered", 1, "storedTwice", 1, "consumed", 5);
    }

    @Test
    void aRetriedDeliveryHasAnotherOffsetButIsNotStoredTwice() throws IOException {
        add("consumed", "r-1", "broker-1", 0, 7, 1, "ok");
        assertEquals(Main.OK, check("-o", "json"));
        assertFigures("redelivered", 1, "storedTwice", 0);
    }

    @Test
    void onlyAnotherCopyThanTheAcknowledgedOneArrived() throws IOException {
        remove("consumed", "r-1");
        add("consumed", "r-1", "broker-1", 0, 9, 0, "ok");
        assertEquals(Main.OK, check("-o", "json"));
        assertFigures("lost", 0, "elsewhere", 1);
    }

    @Test
    void withoutSendOkAMessageIsUnknownAndNeverLost() throws IOException {
        for (int seq = 5; seq < 8; seq++) {
            add("intents-r", "r-" + seq, 1, "plain", "-");
        }
        add("not-ok-r", "r-5", "FLUSH_SLAVE_TIMEOUT", "broker-0", 1, 5);
        add("failed-r", "r-6", "Exception", "time-out");
        add("consumed", "r-5", "broker-0", 1, 5, 0, "ok");
        assertEquals(Main.OK, check("-o", "json"));
        assertFigures("lost", 0, "notOk", 1, "failed", 1, "unknown", 3, "unknownConsumed", 1);
    }

    @Test
    void aDamagedBodyIsBad() throws IOException {
        remove("consumed", "r-1");
        add("consumed", "r-1", "broker-0", 1, 1, 0, "bad");
        assertEquals(Main.FAILED, check("-o", "json"));
        assertFigures("badCrc", 1, "lost", 0);
    }

    @Test
    void whatNobodySentIsBad() throws IOException {
        add("consumed", "r-77", "broker-0", 1, 77, 0, "ok");
        assertEquals(Main.FAILED, check("-o", "json"));
        assertFigures("withoutIntent", 1);
    }

    @Test
    void otherRunsAreLeftOut() throws IOException {
        remove("consumed", "r-3");
        add("consumed", "q-3", "broker-0", 1, 3, 0, "bad");
        add("consumed", "r-3-3", "broker-0", 1, 3, 0, "bad");
        add("consumed", "null", "broker-0", 1, 3, 0, "bad");
        assertEquals(Main.LOST, check("-o", "json"));
        assertFigures("consumed", 4, "badCrc", 0);
    }

    @Test
    void nothingAcknowledgedIsNotGood() throws IOException {
        Files.write(folder.resolve("acknowledged-r"), new byte[0]);
        assertEquals(Main.FAILED, check());
    }

    @Test
    void aKindThatIsNoneFails() throws IOException {
        add("intents-r", "r-5", 1, "plane", "-");
        assertEquals(Main.FAILED, check());
    }

    @Test
    void aMissingLedgerFails() throws IOException {
        Files.delete(folder.resolve("consumed"));
        assertEquals(Main.FAILED, check());
    }

    @Test
    void aLineCutShortByACrashDoesNotCount() throws IOException {
        Files.writeString(folder.resolve("intents-r"), "r-5", StandardOpenOption.APPEND);
        assertEquals(Main.OK, check("-o", "json"));
        assertFigures("intents", 5);
    }

    @Test
    void aWholeLineThatIsWrongFails() throws IOException {
        add("acknowledged-r", "r-5", "broker-0");
        assertEquals(Main.FAILED, check());
    }

    @Test
    void wrongUse() {
        assertEquals(Main.USAGE, Main.run(new String[] {"check", "--run", "a b", "--ledger", "x"}, System.out, silent()));
        assertEquals(Main.USAGE, Main.run(new String[] {"check", "--run"}, System.out, silent()));
        assertEquals(Main.USAGE, Main.run(new String[] {"check", "--rn", "r"}, System.out, silent()));
        assertEquals(Main.USAGE, Main.run(new String[] {"chek"}, System.out, silent()));
        assertEquals(Main.USAGE, Main.run(new String[0], System.out, silent()));
    }

    private static PrintStream silent() {
        return new PrintStream(new ByteArrayOutputStream());
    }

    private int check(String... more) {
        List<String> arguments = new ArrayList<>(List.of("check", "--run", "r", "--ledger", folder.toString()));
        arguments.addAll(List.of(more));
        return Main.run(arguments.toArray(new String[0]), new PrintStream(printed), silent());
    }

    private void assertFigures(Object... namesAndValues) {
        for (int at = 0; at < namesAndValues.length; at += 2) {
            String expected = "\"" + namesAndValues[at] + "\":" + namesAndValues[at + 1] + ",";
            String whole = printed.toString().split("\"byKind\"")[0];
            assertTrue(whole.contains(expected), expected + " in " + printed);
        }
    }

    private void add(String ledger, Object... fields) throws IOException {
        Files.writeString(folder.resolve(ledger), Ledger.line(fields), StandardOpenOption.APPEND);
    }

    private void remove(String ledger, String key) throws IOException {
        Path file = folder.resolve(ledger);
        Files.write(file, Files.readAllLines(file).stream().filter(line -> !line.startsWith(key + "\t")).collect(Collectors.toList()));
    }
}
