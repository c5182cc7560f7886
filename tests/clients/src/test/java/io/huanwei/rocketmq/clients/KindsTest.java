package io.huanwei.rocketmq.clients;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.stream.Collectors;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The subcommand check on a run with every kind of message: for each kind, a loss is found. */
class KindsTest {
    private static final int EACH = 4;
    private static final List<String> BROKERS = List.of("broker-0", "broker-1");

    private final ByteArrayOutputStream printed = new ByteArrayOutputStream();
    @TempDir
    private Path folder;

    /** Four messages of each kind, sent, acknowledged and arrived as the kind does. */
    @BeforeEach
    void goodRun() throws IOException {
        for (String ledger : List.of("intents-r", "acknowledged-r", "not-ok-r", "failed-r", "consumed")) {
            Files.createFile(folder.resolve(ledger));
        }
        for (Kind kind : Kind.values()) {
            for (int number = 0; number < EACH; number++) {
                sent(kind, number);
                arrived(kind, number);
            }
        }
    }

    private static String key(Kind kind, int number) {
        return kind == Kind.PROBE ? "r-p" + number : "r-" + (kind.ordinal() * EACH + number);
    }

    private void sent(Kind kind, int number) throws IOException {
        add("intents-r", key(kind, number), 1, kind.label(), kind == Kind.ORDER ? Order.of(number % 2, number / 2) : Order.NONE);
        add("acknowledged-r", key(kind, number), BROKERS.get(number % 2), 0, number);
    }

    private void arrived(Kind kind, int number) throws IOException {
        String broker = BROKERS.get(number % 2);
        int offset = kind.answersPlace() ? number : number + 700; // a delayed or half message was first stored elsewhere
        add("consumed", key(kind, number), broker, 0, offset, 0, kind == Kind.RETRY ? "refused" : "ok");
        if (kind == Kind.RETRY) {
            add("consumed", key(kind, number), broker, 0, number + 90, 1, "ok");
        }
    }

    @Test
    void aGoodRunIsGoodInEveryKind() {
        assertEquals(Main.OK, check("-o", "json"));
        assertEquals(Kind.values().length * EACH, figure("acknowledged"));
        assertEquals(0, figure("elsewhere"));
        for (Kind kind : Kind.values()) {
            assertEquals(EACH, figure(kind, "intents"), kind.label());
            assertEquals(EACH, figure(kind, "consumed"), kind.label());
            assertEquals(0, figure(kind, "lost") + figure(kind, "redelivered") + figure(kind, "storedTwice"), kind.label());
            assertEquals(kind == Kind.RETRY ? EACH : 0, figure(kind, "refused"), kind.label());
        }
    }

    @ParameterizedTest
    @EnumSource(Kind.class)
    void aKeyThatNeverArrivedIsLostWhateverItsKind(Kind kind) throws IOException {
        remove("consumed", key(kind, 2));
        assertEquals(Main.LOST, check("-o", "json"));
        assertTrue(printed.toString().contains("\"lostKeys\":[\"" + key(kind, 2) + "\"]"), printed.toString());
        for (Kind any : Kind.values()) {
            assertEquals(any == kind ? 1 : 0, figure(any, "lost"), any.label());
        }
    }

    @ParameterizedTest
    @EnumSource(Kind.class)
    void theStoreTellsLossFromMissingDeliveryInEveryKind(Kind kind) throws IOException {
        remove("consumed", key(kind, 1));
        remove("consumed", key(kind, 2));
        Files.createFile(folder.resolve("stored"));
        add("stored", key(kind, 2), "broker-0", 0, 2, "ok");
        assertEquals(Main.LOST, check("-o", "json"));
        assertEquals(List.of(2, 1, 1), List.of(figure(kind, "lost"), figure(kind, "lostInStore"), figure(kind, "notDelivered")));
    }

    @Test
    void aRefusedMessageThatDidNotComeBackIsLost() throws IOException {
        remove("consumed", key(Kind.RETRY, 3));
        add("consumed", key(Kind.RETRY, 3), "broker-1", 0, 3, 0, "refused");
        assertEquals(Main.LOST, check("-o", "json"));
        assertEquals(1, figure(Kind.RETRY, "lost"));
        assertEquals(EACH, figure(Kind.RETRY, "refused"));
    }

    @Test
    void aRefusedMessageThatWasRefusedTwiceCameTwice() throws IOException {
        add("consumed", key(Kind.RETRY, 3), "broker-1", 0, 3, 0, "refused");
        add("consumed", key(Kind.RETRY, 3), "broker-1", 0, 200, 1, "ok");
        assertEquals(Main.OK, check("-o", "json"));
        assertEquals(List.of(1, 0), List.of(figure(Kind.RETRY, "redelivered"), figure(Kind.RETRY, "storedTwice")));
    }

    @Test
    void deadLettersAreCountedAndAreNotDelivered() throws IOException {
        check("-o", "json");
        assertTrue(printed.toString().contains("\"deadLetters\":null"));
        printed.reset();
        remove("consumed", key(Kind.RETRY, 0));
        Files.createFile(folder.resolve("stored"));
        Files.createFile(folder.resolve("dead-letters"));
        add("dead-letters", key(Kind.RETRY, 0), "broker-0", 0, 0, "ok");
        add("dead-letters", key(Kind.RETRY, 1), "broker-0", 0, 1, "ok");
        add("dead-letters", "q-1", "broker-0", 0, 2, "ok");
        assertEquals(Main.LOST, check("-o", "json"));
        assertEquals(List.of(2, 1, 0), List.of(figure("deadLetters"), figure("notDelivered"), figure("lostInStore")));
    }

    @Test
    void whatCameTooLateInItsQueueIsCountedButIsNoLoss() throws IOException {
        remove("consumed", key(Kind.ORDER, 0)); // the first of shard 0 comes after the second
        arrived(Kind.ORDER, 0);
        assertEquals(Main.OK, check("-o", "json"));
        assertEquals(1, figure("orderViolations"));
        assertEquals(1, figure(Kind.ORDER, "orderViolations"));
    }

    @Test
    void theTableTellsOfEachKind() {
        assertEquals(Main.OK, check());
        assertTrue(printed.toString().matches("(?s).*\n    transaction +4 +4 +0 +0 +0 +0\n.*"), printed.toString());
        assertFalse(printed.toString().contains("BAD"));
    }

    private int check(String... more) {
        String[] arguments = new String[5 + more.length];
        System.arraycopy(new String[] {"check", "--run", "r", "--ledger", folder.toString()}, 0, arguments, 0, 5);
        System.arraycopy(more, 0, arguments, 5, more.length);
        return Main.run(arguments, new PrintStream(printed), new PrintStream(new ByteArrayOutputStream()));
    }

    private int figure(String name) {
        return number(printed.toString().split("\"byKind\"")[0], name);
    }

    private int figure(Kind kind, String name) {
        return number(printed.toString().split("\"" + kind.label() + "\":")[1].split("}")[0], name);
    }

    private static int number(String json, String name) {
        return Integer.parseInt(json.replaceFirst("(?s).*\"" + name + "\":([0-9]+)[,}\n]?.*", "$1"));
    }

    private void add(String ledger, Object... fields) throws IOException {
        Files.writeString(folder.resolve(ledger), Ledger.line(fields), StandardOpenOption.APPEND);
    }

    private void remove(String ledger, String key) throws IOException {
        Path file = folder.resolve(ledger);
        Files.write(file, Files.readAllLines(file).stream().filter(line -> !line.startsWith(key + "\t")).collect(Collectors.toList()));
    }
}
