package io.huanwei.rocketmq.clients;

import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.apache.rocketmq.client.producer.DefaultMQProducer;

/** Sends a run's messages. What it means to send, and what came of it, is on disk before and after each send. */
final class Producing {
    private static final int SEND_TIMEOUT_MS = 15_000;
    /** Below the whole time-out, or one hanging broker would leave no time for another one. */
    private static final int REQUEST_TIMEOUT_MS = 4_000;
    private static final long PROGRESS_MS = 2_000;
    private static final long POLL_MS = 100;

    private final Options options;
    private final Mix mix;
    private final Path folder;
    private final boolean timed;
    private final int count;
    private final Pace pace;
    private final Sends sends;
    private final Traffic.Run run;
    private final Ways ways;
    private double seconds;

    private Producing(Options options, Mix mix, Pace pace, Sends sends, Ways ways) {
        this.options = options;
        this.mix = mix;
        this.folder = options.folder("ledger");
        this.timed = options.has("duration");
        this.count = timed ? options.number("count", Integer.MAX_VALUE) : options.number("count");
        this.pace = pace;
        this.sends = sends;
        this.run = new Traffic.Run(options, pace, sends);
        this.ways = ways;
    }

    static int main(Options options, PrintStream out, PrintStream err) throws Exception {
        Mix mix = Mix.of(options);
        Pace pace = new Pace(Math.min(options.number("duration", Integer.MAX_VALUE),
            options.number("timeout", options.has("duration") ? Integer.MAX_VALUE : 600)));
        try (Sends sends = new Sends(options.folder("ledger"), options.run(), pace.started)) {
            Transactions transactions = new Transactions(sends);
            Ways ways = new Ways(sends, transactions, options.text("namesrv"), group(options.run()), mix);
            Producing producing = new Producing(options, mix, pace, sends, ways);
            ways.start();
            try {
                String probes = producing.all(err);
                if (mix.has(Kind.TRANSACTION)) {
                    transactions.linger(options.number("linger", 60), err);
                }
                sends.failIfBroken();
                out.println(producing.json(probes));
                return producing.exitCode();
            } finally {
                ways.close();
            }
        }
    }

    /** The producer group of a run: groups take no dots. */
    static String group(String run) {
        return "clients-" + run.replace('.', '_');
    }

    /** The library's own retries, and time in them for a second broker. */
    static <T extends DefaultMQProducer> T configured(T producer) {
        producer.setSendMsgTimeout(SEND_TIMEOUT_MS);
        producer.setSendMsgMaxTimeoutPerRequest(REQUEST_TIMEOUT_MS);
        producer.setRetryTimesWhenSendFailed(5);
        producer.setRetryAnotherBrokerWhenNotStoreOK(false);
        return producer;
    }

    /** Sends everything; gives the figures of the probes, or null without. */
    private String all(PrintStream err) throws Exception {
        if (!options.has("probe-groups")) {
            sendAll(err);
            return null;
        }
        try (Probes probes = Probes.start(options.text("namesrv"), folder, run)) {
            sendAll(err);
            return probes.end();
        }
    }

    private void sendAll(PrintStream err) throws Exception {
        List<Thread> senders = new ArrayList<>();
        double rate = options.number("rate", Integer.MAX_VALUE);
        int threads = options.number("threads", 8);
        Map<Kind, Integer> counts = count == Integer.MAX_VALUE ? new EnumMap<>(Kind.class) : mix.split(count);
        for (Kind kind : mix.kinds()) {
            int part = counts.getOrDefault(kind, Integer.MAX_VALUE);
            senders.addAll(new Traffic(run, kind, ways.of(kind), part, rate * mix.share(kind)).start(mix.threads(kind, threads)));
        }
        Path stop = folder.resolve("stop");
        long told = System.nanoTime();
        while (senders.stream().anyMatch(Thread::isAlive)) {
            Thread.sleep(POLL_MS);
            if (timed && Files.exists(stop)) {
                pace.stop();
            }
            if (System.nanoTime() - told > TimeUnit.MILLISECONDS.toNanos(PROGRESS_MS)) {
                told = System.nanoTime();
                err.println(progress());
            }
        }
        long end = System.nanoTime();
        seconds = (end - pace.started) / 1e9;
        sends.all.gap.look(end);
        mix.kinds().forEach(kind -> sends.byKind.get(kind).gap.look(end));
        err.println(progress());
    }

    private String progress() {
        String whole = count == Integer.MAX_VALUE ? "" : " of " + count;
        return "sent " + sends.all.begun + whole + ", acknowledged " + sends.all.acknowledged;
    }

    private int wanted() {
        return timed ? sends.all.begun.get() : count;
    }

    private int exitCode() {
        return wanted() > 0 && sends.all.acknowledged.get() == wanted() ? Main.OK : Main.FAILED;
    }

    private String json(String probes) {
        StringBuilder kinds = new StringBuilder();
        for (Kind kind : Kind.values()) {
            Tally tally = sends.byKind.get(kind);
            if (mix.has(kind) || kind == Kind.PROBE && probes != null) {
                kinds.append(kinds.length() == 0 ? "" : ",");
                kinds.append(String.format("\"%s\":{\"sent\":%d,%s}", kind.label(), tally.begun.get(), tally.json()));
            }
        }
        return String.format("{\"run\":\"%s\",\"count\":%d,%s,\"unsent\":%d,\"seconds\":%.2f,\"perSecond\":%.0f,\"byKind\":{%s}%s}",
            run.name, wanted(), sends.all.json(), wanted() - sends.all.begun.get(), seconds, sends.all.begun.get() / seconds, kinds,
            probes == null ? "" : ",\"probes\":" + probes);
    }
}
