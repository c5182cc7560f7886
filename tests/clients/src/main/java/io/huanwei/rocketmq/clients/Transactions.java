package io.huanwei.rocketmq.clients;

import java.io.IOException;
import java.io.PrintStream;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import org.apache.rocketmq.client.producer.LocalTransactionState;
import org.apache.rocketmq.client.producer.SendStatus;
import org.apache.rocketmq.client.producer.TransactionListener;
import org.apache.rocketmq.client.producer.TransactionMQProducer;
import org.apache.rocketmq.client.producer.TransactionSendResult;
import org.apache.rocketmq.common.message.Message;
import org.apache.rocketmq.common.message.MessageExt;

/**
 * Transactional messages: all are committed, every eighth only when the broker checks back.
 *
 * <p>A commit goes out without an answer. If it is lost, the broker checks back, and only this producer knows: so it has to
 * stay for a while after the last send ({@link #linger}).
 */
final class Transactions implements TransactionListener {
    private static final int CHECKED_BACK = 8;
    private static final int LINGERS = 4;
    private static final long POLL_MS = 100;

    /** What is to be answered about a key: COMMIT (it is acknowledged), ROLLBACK (it failed), or UNKNOW (not decided yet). */
    private final Map<String, LocalTransactionState> states = new ConcurrentHashMap<>();
    /** Places of half messages that are committed as soon as the broker asks. */
    private final Map<String, Object[]> waiting = new ConcurrentHashMap<>();
    private final Sends sends;
    private int executed;
    private volatile long lastCheck = System.nanoTime();

    Transactions(Sends sends) {
        this.sends = sends;
    }

    /** Sends a half message; it is acknowledged when that is SEND_OK and its local state is COMMIT. */
    void send(TransactionMQProducer producer, Message message) {
        String key = message.getKeys();
        try {
            TransactionSendResult result = producer.sendMessageInTransaction(message, null);
            sends.written(() -> answered(key, result));
        } catch (Exception failure) { // whatever it was: what became of the message is unknown
            states.put(key, LocalTransactionState.ROLLBACK_MESSAGE);
            sends.written(() -> sends.failed(Kind.TRANSACTION, key, failure));
        }
    }

    void answered(String key, TransactionSendResult result) throws IOException {
        boolean open = result.getSendStatus() == SendStatus.SEND_OK && result.getLocalTransactionState() == LocalTransactionState.UNKNOW;
        if (open) {
            waiting.put(key, Sends.place(result));
            return;
        }
        if (result.getSendStatus() != SendStatus.SEND_OK) {
            states.put(key, LocalTransactionState.ROLLBACK_MESSAGE); // as the client library itself has told the broker
        }
        sends.answered(Kind.TRANSACTION, key, result);
    }

    /** Called by the library after SEND_OK. */
    @Override
    public synchronized LocalTransactionState executeLocalTransaction(Message message, Object unused) {
        boolean later = ++executed % CHECKED_BACK == 0;
        LocalTransactionState state = later ? LocalTransactionState.UNKNOW : LocalTransactionState.COMMIT_MESSAGE;
        states.put(message.getKeys(), state);
        return state;
    }

    /** Called by the library when the broker asks. What it answers as committed is acknowledged on disk before. */
    @Override
    public LocalTransactionState checkLocalTransaction(MessageExt message) {
        lastCheck = System.nanoTime();
        String key = message.getKeys();
        Object[] place = waiting.remove(key);
        if (place != null) {
            boolean written = sends.written(() -> sends.acknowledged(Kind.TRANSACTION, key, place));
            states.put(key, written ? LocalTransactionState.COMMIT_MESSAGE : LocalTransactionState.UNKNOW);
        }
        return states.getOrDefault(key, LocalTransactionState.UNKNOW);
    }

    /**
     * Stays until nothing is undecided and no broker has asked for {@code seconds}; at most four times as long.
     * A broker asks 6 s after the send at the earliest, each 30 s, if its settings are not changed.
     */
    void linger(int seconds, PrintStream err) throws InterruptedException {
        long quiet = TimeUnit.SECONDS.toNanos(seconds);
        long began = System.nanoTime();
        err.println("waiting for check-backs: " + waiting.size() + " open");
        for (long now = began; now - began < LINGERS * quiet; now = System.nanoTime()) {
            if (waiting.isEmpty() && now - Math.max(began, lastCheck) > quiet) {
                return;
            }
            Thread.sleep(POLL_MS);
        }
    }
}
