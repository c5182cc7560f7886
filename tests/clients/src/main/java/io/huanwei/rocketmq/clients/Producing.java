package io.huanwei.rocketmq.clients;

import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import org.apache.rocketmq.client.producer.DefaultMQProducer;
import org.apache.rocketmq.client.producer.SendResult;
import org.apache.rocketmq.client.producer.SendStatus;
import org.apache.rocketmq.common.message.Message;

/** Sends a run's messages. What it means to send, and what came of it, is on disk before and after each send. */
final class Producing {
    private static final int SEND_TIMEOUT_MS = 15_000;
    /** Below the whole time-out, or one hanging broker would leave no time for another one. */
    private static final int REQUEST_TIMEOUT_MS = 4_000;
    private static final long PROGRESS_MS = 2_000;

    private final DefaultMQProducer producer;
    private final Path folder;
    private final String topic;
    private final String run;
    private final int count;
    private final int rate;
    private final int threads;
    private final int size;
    private final long started = System.nanoTime();
    private final long deadline;
    private final AtomicInteger next = new AtomicInteger();
    private final AtomicInteger acknowledged = new AtomicInteger();
    private final AtomicInteger notOk = new AtomicInteger();
    private final AtomicInteger failed = new AtomicInteger();
    private final AtomicReference<IOException> ledgerFailure = new AtomicReference<>();

    private Producing(DefaultMQProducer producer, Options options) {
        this.producer = producer;
        this.folder = options.folder("ledger");
        this.topic = options.text("topic");
        this.run = options.run();
        this.count = options.number("count");
        this.rate = options.number("rate", Integer.MAX_VALUE);
        this.threads = options.number("threads", 8);
        this.size = options.number("size", 128);
        this.deadline = started + TimeUnit.SECONDS.toNanos(options.number("timeout", 600));
    }

    static int main(Options options, PrintStream out, PrintStream err) throws Exception {
        String group = "clients-" + options.run().replace('.', '_'); // groups take no dots
        DefaultMQProducer producer = Connection.to(options.text("namesrv"), new DefaultMQProducer(group));
        producer.setSendMsgTimeout(SEND_TIMEOUT_MS);
        producer.setSendMsgMaxTimeoutPerRequest(REQUEST_TIMEOUT_MS);
        producer.setRetryTimesWhenSendFailed(5);
        producer.setRetryAnotherBrokerWhenNotStoreOK(false);
        Producing producing = new Producing(producer, options);
        producer.start();
        try {
            return producing.all(out, err);
        } finally {
            producer.shutdown();
        }
    }

    private int all(PrintStream out, PrintStream err) throws Exception {
        try (Ledger intents = Ledger.create(folder, Account.name(Account.INTENTS, run));
                Ledger good = Ledger.create(folder, Account.name(Account.ACKNOWLEDGED, run));
                Ledger other = Ledger.create(folder, Account.name(Account.NOT_OK, run));
                Ledger bad = Ledger.create(folder, Account.name(Account.FAILED, run))) {
            List<Thread> senders = new ArrayList<>();
            for (int number = Math.min(count, threads); number > 0; number--) {
                Thread sender = new Thread(() -> sendUntilDone(intents, good, other, bad), "sender-" + number);
                sender.start();
                senders.add(sender);
            }
            for (Thread sender : senders) {
                while (sender.isAlive()) {
                    sender.join(PROGRESS_MS);
                    err.println("sent " + answered() + " of " + count + ", acknowledged " + acknowledged);
                }
            }
        }
        if (ledgerFailure.get() != null) {
            throw ledgerFailure.get();
        }
        double seconds = (System.nanoTime() - started) / 1e9;
        out.printf("{\"run\":\"%s\",\"count\":%d,\"acknowledged\":%d,\"notOk\":%d,\"failed\":%d,"
            + "\"unsent\":%d,\"seconds\":%.2f,\"perSecond\":%.0f}%n", run, count, acknowledged.get(), notOk.get(), failed.get(), count - answered(), seconds, answered() / seconds);
        return acknowledged.get() == count ? Main.OK : Main.FAILED;
    }

    private int answered() {
        return acknowledged.get() + notOk.get() + failed.get();
    }

    private void sendUntilDone(Ledger intents, Ledger good, Ledger other, Ledger bad) {
        try {
            for (int seq = next.getAndIncrement(); seq < count && mayGoOn(seq); seq = next.getAndIncrement()) {
                String key = run + "-" + seq;
                Message message = new Message(topic, "", key, Payload.of(key, size));
                intents.append(key, System.currentTimeMillis());
                send(key, message, good, other, bad);
            }
        } catch (IOException failure) {
            ledgerFailure.compareAndSet(null, failure);
        }
    }

    private void send(String key, Message message, Ledger good, Ledger other, Ledger bad) throws IOException {
        SendResult result;
        try {
            result = producer.send(message);
        } catch (Exception failure) { // whatever it was: what became of the message is unknown
            bad.append(key, failure.getClass().getName(), failure.getMessage());
            failed.incrementAndGet();
            return;
        }
        Object[] place = {result.getMessageQueue().getBrokerName(), result.getMessageQueue().getQueueId(), result.getQueueOffset()};
        if (result.getSendStatus() == SendStatus.SEND_OK) {
            good.append(key, place[0], place[1], place[2]);
            acknowledged.incrementAndGet();
        } else {
            other.append(key, result.getSendStatus(), place[0], place[1], place[2]);
            notOk.incrementAndGet();
        }
    }

    /** Waits for the message's turn at the rate asked for; false when time is up or a ledger has failed. */
    private boolean mayGoOn(int seq) {
        long turn = started + TimeUnit.SECONDS.toNanos(1) * seq / rate;
        for (long now = System.nanoTime(); now < turn && now < deadline; now = System.nanoTime()) {
            LockSupport.parkNanos(Math.min(turn, deadline) - now);
        }
        return System.nanoTime() < deadline && ledgerFailure.get() == null;
    }
}
