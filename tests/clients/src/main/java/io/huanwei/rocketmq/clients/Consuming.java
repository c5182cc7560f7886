package io.huanwei.rocketmq.clients;

import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.apache.rocketmq.client.exception.MQClientException;

/**
 * Receives everything of a run's topics from their beginning, and writes each message down before it says that it has it.
 *
 * <p>Two files in the ledger's folder speak with the outside: {@code ready} appears once all queues are assigned;
 * {@code stop} asks it to end, once no producer works in the folder, it has caught up and nothing has come for a while.
 */
final class Consuming {
    private static final long POLL_MS = 200;

    private final Path folder;
    private final Inbox inbox;
    private final List<Receiver> receivers = new ArrayList<>();
    private final long deadline;
    private final long quiet;
    /** The quiet that it takes while acknowledged messages are missing: a delay, a retry or a restart may hold them up. */
    private final long patience;

    private Consuming(Options options, Inbox inbox) throws MQClientException {
        this.folder = options.folder("ledger");
        this.inbox = inbox;
        this.deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(options.number("timeout", 900));
        this.quiet = TimeUnit.SECONDS.toNanos(options.number("until-quiet", 5));
        this.patience = Math.max(quiet, TimeUnit.SECONDS.toNanos(options.number("patience", 60)));
        Mix mix = Mix.of(options);
        for (String group : mix.groups(options.text("group"))) {
            Set<Kind> kinds = mix.kinds().stream().filter(kind -> kind.group(options.text("group")).equals(group))
                .collect(Collectors.toSet());
            receivers.add(new Receiver(options.text("namesrv"), options.text("topic"), group, kinds, inbox));
        }
    }

    static int main(Options options, PrintStream out, PrintStream err) throws Exception {
        try (Inbox inbox = new Inbox(options.folder("ledger"))) {
            Consuming consuming = new Consuming(options, inbox);
            try {
                for (Receiver receiver : consuming.receivers) {
                    receiver.start();
                }
                boolean ended = consuming.untilReady(err) && consuming.untilQuiet();
                out.printf("{\"topic\":\"%s\",\"received\":%d,\"refused\":%d,\"deadLetters\":%s,\"timedOut\":%b}%n",
                    options.text("topic"), inbox.received.get(), inbox.refused.get(), consuming.deadLetters(), !ended);
                return ended ? Main.OK : Main.TIMED_OUT;
            } finally {
                consuming.receivers.forEach(Receiver::shutdown);
            }
        }
    }

    private boolean untilReady(PrintStream err) throws Exception {
        while (System.nanoTime() < deadline) {
            List<Integer> queues = receivers.stream().map(Receiver::ready).collect(Collectors.toList());
            if (!queues.contains(0)) {
                Files.createFile(folder.resolve("ready"));
                err.println("ready: " + queues.stream().mapToInt(Integer::intValue).sum() + " queues");
                return true;
            }
            Thread.sleep(POLL_MS);
        }
        return false;
    }

    private boolean untilQuiet() throws Exception {
        while (System.nanoTime() < deadline) {
            inbox.failIfBroken();
            if (Files.exists(folder.resolve("stop")) && inbox.quietFor() > quiet && !inbox.producersRun()
                    && receivers.stream().allMatch(Receiver::caughtUp)
                    && (inbox.quietFor() > patience || inbox.complete())) {
                return true;
            }
            Thread.sleep(POLL_MS);
        }
        return false;
    }

    private Long deadLetters() {
        long all = 0;
        for (Receiver receiver : receivers) {
            Long letters = receiver.deadLetters();
            if (letters == null) {
                return null;
            }
            all += letters;
        }
        return all;
    }
}
