package io.huanwei.rocketmq.clients;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.apache.rocketmq.client.producer.LocalTransactionState;
import org.apache.rocketmq.client.producer.SendStatus;
import org.apache.rocketmq.client.producer.TransactionSendResult;
import org.apache.rocketmq.common.message.Message;
import org.apache.rocketmq.common.message.MessageExt;
import org.apache.rocketmq.common.message.MessageQueue;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What is written of sends, by status; and of transactions, by what the broker is told about them. */
class SendsTest {
    private static final MessageQueue QUEUE = new MessageQueue("t", "broker-0", 1);

    @TempDir
    private Path folder;
    private Sends sends;
    private Transactions transactions;

    @BeforeEach
    void open() throws IOException {
        sends = new Sends(folder, "r", System.nanoTime());
        transactions = new Transactions(sends);
    }

    @AfterEach
    void close() throws IOException {
        sends.close();
    }

    @Test
    void onlySendOkIsAcknowledged() throws IOException {
        for (SendStatus status : SendStatus.values()) {
            sends.begin(Kind.PLAIN, "r-" + status, Order.NONE);
            sends.answered(Kind.PLAIN, "r-" + status, result(status, null));
        }
        sends.begin(Kind.ORDER, "r-9", Order.of(3, 0));
        sends.failed(Kind.ORDER, "r-9", new IOException("away"));
        assertEquals(List.of("r-SEND_OK\tbroker-0\t1\t5"), lines("acknowledged-r"));
        assertEquals(List.of("r-9\tjava.io.IOException\taway"), lines("failed-r"));
        assertEquals(List.of(5, 1, 3, 1, 4), figures(sends.all));
        assertEquals(List.of(1, 0, 0, 1, 1), figures(sends.byKind.get(Kind.ORDER)));
        assertEquals("order\t3/0", lines("intents-r").get(4).split("\t", 3)[2]);
    }

    @Test
    void probesAreCountedApart() throws IOException {
        sends.begin(Kind.PROBE, "r-p0", Order.NONE);
        sends.answered(Kind.PROBE, "r-p0", result(SendStatus.SEND_OK, null));
        assertEquals(List.of(0, 0, 0, 0, 0), figures(sends.all));
        assertEquals(List.of(1, 1, 0, 0, 0), figures(sends.byKind.get(Kind.PROBE)));
    }

    @Test
    void afterAFailureOfALedgerNothingMayBeSent() throws IOException {
        sends.close();
        assertFalse(sends.written(() -> sends.begin(Kind.PLAIN, "r-0", Order.NONE)));
        assertFalse(sends.written(() -> { }));
        assertThrows(IOException.class, sends::failIfBroken);
    }

    @Test
    void anOpenTransactionIsAcknowledgedWhenTheBrokerAsksBack() throws IOException {
        int committed = 0;
        for (int number = 0; number < 16; number++) {
            String key = "r-" + number;
            sends.begin(Kind.TRANSACTION, key, Order.NONE);
            LocalTransactionState state = transactions.executeLocalTransaction(message(key), null);
            transactions.answered(key, result(SendStatus.SEND_OK, state));
            committed += state == LocalTransactionState.COMMIT_MESSAGE ? 1 : 0;
        }
        assertEquals(14, committed);
        assertEquals(14, lines("acknowledged-r").size());
        assertEquals(LocalTransactionState.COMMIT_MESSAGE, asked("r-0"), "its commit may be lost");
        assertEquals(14, lines("acknowledged-r").size());
        assertEquals(LocalTransactionState.COMMIT_MESSAGE, asked("r-7"));
        assertEquals(LocalTransactionState.COMMIT_MESSAGE, asked("r-7"));
        assertEquals("r-7\tbroker-0\t1\t5", lines("acknowledged-r").get(14));
        assertEquals(List.of(16, 15, 0, 0, 1), figures(sends.all));
    }

    @Test
    void aTransactionThatIsNotOkOrUnheardOfIsNeverCommitted() throws IOException {
        sends.begin(Kind.TRANSACTION, "r-0", Order.NONE);
        transactions.answered("r-0", result(SendStatus.FLUSH_SLAVE_TIMEOUT, LocalTransactionState.ROLLBACK_MESSAGE));
        assertEquals(LocalTransactionState.ROLLBACK_MESSAGE, asked("r-0"));
        assertEquals(LocalTransactionState.UNKNOW, asked("r-1"));
        assertEquals(List.of(), lines("acknowledged-r"));
        assertEquals(1, lines("not-ok-r").size());
    }

    private static Message message(String key) {
        return new Message("t", "", key, new byte[0]);
    }

    private LocalTransactionState asked(String key) {
        MessageExt half = new MessageExt();
        half.setKeys(key);
        return transactions.checkLocalTransaction(half);
    }

    private static TransactionSendResult result(SendStatus status, LocalTransactionState state) {
        TransactionSendResult result = new TransactionSendResult();
        result.setSendStatus(status);
        result.setLocalTransactionState(state);
        result.setMessageQueue(QUEUE);
        result.setQueueOffset(5);
        return result;
    }

    private static List<Integer> figures(Tally tally) {
        return List.of(tally.begun.get(), tally.acknowledged.get(), tally.notOk.get(), tally.failed.get(), tally.unknown());
    }

    private List<String> lines(String ledger) throws IOException {
        return Files.readAllLines(folder.resolve(ledger));
    }
}
