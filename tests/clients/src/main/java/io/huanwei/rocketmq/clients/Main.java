package io.huanwei.rocketmq.clients;

import java.io.IOException;
import java.io.PrintStream;
import java.util.Arrays;

/** The command line: one subcommand a process. Results go to standard output, progress to standard error. */
public final class Main {
    static final int OK = 0;
    static final int FAILED = 1;
    static final int USAGE = 2;
    static final int LOST = 3;
    static final int TIMED_OUT = 4;

    private static final String HELP = String.join("\n",
        "topic        --namesrv A --cluster C --topic T [--mix M] [--queues Q] [--group G] [--timeout S]",
        "produce      --namesrv A --topic T --run ID --count N|--duration S --ledger DIR [--mix M] [--probe-groups] [--rate R]",
        "             [--threads N] [--size B] [--timeout S] [--linger S]",
        "consume      --namesrv A --topic T --group G --ledger DIR [--mix M] [--until-quiet S] [--patience S] [--timeout S]",
        "verify-store --namesrv A --topic T --ledger DIR [--mix M] [--group G] [--timeout S]",
        "check        --run ID --ledger DIR [-o json]",
        "M: weights of kinds, plain=N,order=N,delay=N,transaction=N,retry=N; only plain without it",
        "exit codes: 0 good, 1 failed, 2 wrong use, 3 messages lost, 4 timed out");

    private Main() {
    }

    public static void main(String[] arguments) {
        // Before any class of the client library is loaded.
        System.setProperty("rmq.logback.configurationFile", "clients-logging.xml");
        // exit, not return: the client library leaves threads behind that would keep the process.
        System.exit(run(arguments, System.out, System.err));
    }

    /** Runs one subcommand and gives its exit code. */
    static int run(String[] arguments, PrintStream out, PrintStream err) {
        if (arguments.length == 0) {
            err.println(HELP);
            return USAGE;
        }
        try {
            return dispatch(arguments[0], Arrays.copyOfRange(arguments, 1, arguments.length), out, err);
        } catch (Options.WrongUse wrong) {
            err.println(wrong.getMessage() + "\n" + HELP);
            return USAGE;
        } catch (Exception failure) {
            err.println(arguments[0] + " failed: " + failure);
            return FAILED;
        }
    }

    private static int dispatch(String name, String[] rest, PrintStream out, PrintStream err) throws Exception {
        switch (name) {
            case "topic":
                return TopicMaker.main(Options.parse(rest, "namesrv", "cluster", "topic", "mix", "queues", "group", "timeout"), err);
            case "produce":
                return Producing.main(Options.parse(rest, "namesrv", "topic", "run", "count", "duration", "ledger", "mix", "probe-groups",
                    "rate", "threads", "size", "timeout", "linger"), out, err);
            case "consume":
                return Consuming.main(
                    Options.parse(rest, "namesrv", "topic", "group", "ledger", "mix", "until-quiet", "patience", "timeout"), out, err);
            case "verify-store":
                return StoreReading.main(Options.parse(rest, "namesrv", "topic", "ledger", "mix", "group", "timeout"), out);
            case "check":
                return check(Options.parse(rest, "run", "ledger", "o"), out);
            default:
                throw new Options.WrongUse("no subcommand " + name);
        }
    }

    private static int check(Options options, PrintStream out) throws IOException {
        Account account = Account.of(options.folder("ledger"), options.run());
        out.print("json".equals(options.text("o", "table")) ? account.json() + "\n" : account.table());
        return account.exitCode();
    }
}
