package io.huanwei.rocketmq.clients;

import java.io.Closeable;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.rocketmq.common.message.MessageExt;

/** What has arrived: written down before anybody is told so. */
final class Inbox implements Closeable {
    final AtomicInteger received = new AtomicInteger();
    final AtomicInteger refused = new AtomicInteger();
    private final Set<String> accepted = ConcurrentHashMap.newKeySet();
    private final Path folder;
    private final Ledger ledger;
    private volatile long lastArrival = System.nanoTime();
    private volatile IOException failure;
    private boolean complete;
    private long lookedAt;

    Inbox(Path folder) throws IOException {
        this.folder = folder;
        this.ledger = Ledger.create(folder, Names.CONSUMED);
    }

    /** Writes messages of one queue down, in their order; false if that failed, and they must come again. */
    boolean write(List<MessageExt> messages, String broker, boolean refuse) {
        List<String> lines = new ArrayList<>();
        for (MessageExt message : messages) {
            boolean intact = message.getKeys() != null && Payload.intact(message.getKeys(), message.getBody());
            String outcome = refuse ? Account.REFUSED : intact ? "ok" : "bad";
            lines.add(Ledger.line(message.getKeys(), broker, message.getQueueId(), message.getQueueOffset(),
                message.getReconsumeTimes(), outcome));
        }
        try {
            ledger.append(lines);
        } catch (IOException broken) {
            failure = broken;
            return false;
        }
        if (refuse) {
            refused.addAndGet(messages.size());
        } else {
            messages.forEach(message -> accepted.add(String.valueOf(message.getKeys())));
            received.addAndGet(messages.size());
        }
        lastArrival = System.nanoTime();
        return true;
    }

    /** Nanoseconds since something arrived. */
    long quietFor() {
        return System.nanoTime() - lastArrival;
    }

    void failIfBroken() throws IOException {
        if (failure != null) {
            throw failure;
        }
    }

    /** Whether a producer still has ledgers open in this folder: then more is to come, if only by a check-back. */
    boolean producersRun() throws IOException {
        try (DirectoryStream<Path> ledgers = Files.newDirectoryStream(folder, Names.INTENTS + "-*")) {
            for (Path ledger : ledgers) {
                if (Ledger.isOpen(ledger)) {
                    return true;
                }
            }
        }
        return false;
    }

    /**
     * Whether every acknowledged key of this folder's runs has arrived, as far as the producers' ledgers are here; asked once
     * they have ended.
     */
    boolean complete() throws IOException {
        long arrival = lastArrival;
        if (!complete && lookedAt != arrival) { // nothing new since: the answer would be the same, and ledgers are long
            AtomicInteger missing = new AtomicInteger();
            try (DirectoryStream<Path> ledgers = Files.newDirectoryStream(folder, Names.ACKNOWLEDGED + "-*")) {
                for (Path ledger : ledgers) {
                    Lines.read(ledger, 4, fields -> missing.addAndGet(accepted.contains(fields[0]) ? 0 : 1));
                }
            }
            complete = missing.get() == 0;
            lookedAt = arrival;
        }
        return complete;
    }

    @Override
    public void close() throws IOException {
        ledger.close();
    }
}
