package io.huanwei.rocketmq.clients;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/**
 * What became of one run's messages, by key, from the ledgers alone. Needs no class of RocketMQ.
 *
 * <p>Only SEND_OK counts as acknowledged. A message whose send ended otherwise is <i>unknown</i>: it may appear or not, and
 * is never lost.
 */
final class Account {
    static final String INTENTS = "intents";
    static final String ACKNOWLEDGED = "acknowledged";
    static final String NOT_OK = "not-ok";
    static final String FAILED = "failed";
    static final String CONSUMED = "consumed";
    static final String STORED = "stored";

    final Set<String> intents = new HashSet<>();
    final Map<String, String> acknowledged = new HashMap<>();
    final Map<String, Arrivals> consumed = new HashMap<>();
    final Set<String> lost = new TreeSet<>();
    /** Keys of the store, or null if nobody has read it. */
    Set<String> stored;
    int notOk;
    int failed;
    int redelivered;
    int storedTwice;
    int elsewhere;
    int damaged;
    int unknown;
    int unknownConsumed;
    int withoutIntent;
    private final String run;

    /** All arrivals of one key. */
    static final class Arrivals {
        final List<String> all = new ArrayList<>();
        /** Places (broker, queue, offset) of first deliveries: a retried one comes from the retry topic's own queue. */
        final Set<String> places = new HashSet<>();
    }

    private Account(String run) {
        this.run = run;
    }

    /** Reads the ledgers; fails with NoSuchFileException if one is missing, that is, if a part never ran. */
    static Account of(Path folder, String run) throws IOException {
        Account account = new Account(run);
        Lines.read(folder.resolve(name(INTENTS, run)), 2, fields -> account.intents.add(fields[0]));
        Lines.read(folder.resolve(name(ACKNOWLEDGED, run)), 4,
            fields -> account.acknowledged.put(fields[0], place(fields)));
        Lines.read(folder.resolve(name(NOT_OK, run)), 5, fields -> account.notOk++);
        Lines.read(folder.resolve(name(FAILED, run)), 3, fields -> account.failed++);
        Lines.read(folder.resolve(CONSUMED), 6, account::arrived);
        if (Files.exists(folder.resolve(STORED))) {
            account.stored = new HashSet<>();
            Lines.read(folder.resolve(STORED), 5, fields -> account.stored.add(fields[0]));
        }
        account.compare();
        return account;
    }

    /** The file's name of a producer's ledger. */
    static String name(String ledger, String run) {
        return ledger + "-" + run;
    }

    private static String place(String[] fields) {
        return fields[1] + " " + fields[2] + " " + fields[3];
    }

    private void arrived(String[] fields) {
        String key = fields[0];
        int dash = key.lastIndexOf('-');
        if (dash < 0 || !key.substring(0, dash).equals(run)) {
            return; // of another run on the same topic
        }
        Arrivals arrivals = consumed.computeIfAbsent(key, unused -> new Arrivals());
        arrivals.all.add(place(fields));
        if (fields[4].equals("0")) {
            arrivals.places.add(place(fields));
        }
        damaged += fields[5].equals("ok") ? 0 : 1;
    }

    private void compare() {
        lost.addAll(acknowledged.keySet());
        lost.removeAll(consumed.keySet());
        consumed.forEach((key, arrivals) -> {
            int twice = Math.max(0, arrivals.places.size() - 1);
            storedTwice += twice;
            redelivered += arrivals.all.size() - 1 - twice;
            String place = acknowledged.get(key);
            elsewhere += place == null || arrivals.places.isEmpty() || arrivals.places.contains(place) ? 0 : 1;
        });
        Set<String> open = new HashSet<>(intents);
        open.removeAll(acknowledged.keySet());
        unknown = open.size();
        open.retainAll(consumed.keySet());
        unknownConsumed = open.size();
        Set<String> seen = new HashSet<>(consumed.keySet());
        seen.addAll(acknowledged.keySet());
        seen.removeAll(intents);
        withoutIntent = seen.size();
    }

    /** How many of the lost keys are in the store, so that only their delivery is missing; null if unknown. */
    Integer notDelivered() {
        return stored == null ? null : (int) lost.stream().filter(stored::contains).count();
    }

    int exitCode() {
        if (!lost.isEmpty()) {
            return Main.LOST;
        }
        return damaged == 0 && withoutIntent == 0 && !acknowledged.isEmpty() ? Main.OK : Main.FAILED;
    }

    String table() {
        return Report.table(run, Report.rows(this), lost, exitCode());
    }

    String json() {
        return Report.json(run, Report.rows(this), lost, exitCode());
    }
}
