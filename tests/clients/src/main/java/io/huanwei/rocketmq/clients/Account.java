package io.huanwei.rocketmq.clients;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.HashSet;
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
    /** The outcome of a delivery that the consumer sent back on purpose: the message has not arrived by it. */
    static final String REFUSED = "refused";

    private final Set<String> lost = new TreeSet<>();
    private final String run;
    private final Map<String, Kind> intents = new HashMap<>();
    private final Map<String, String> orders = new HashMap<>();
    private final Map<String, String> acknowledged = new HashMap<>();
    private final Map<String, Arrivals> arrivals = new HashMap<>();
    /** Keys of the store, and of the dead letters; null if nobody has read them. */
    private Set<String> stored;
    private Set<String> dead;
    private final Order order = new Order();
    private final Figures figures = new Figures();

    /** All deliveries of one key. */
    private static final class Arrivals {
        /** Those not refused. */
        private int accepted;
        /** Places (broker, queue, offset) of first deliveries: a retried one comes from the retry topic's own queue. */
        private final Set<String> places = new HashSet<>();
    }

    private Account(String run) {
        this.run = run;
    }

    /** Reads the ledgers; fails with NoSuchFileException if one is missing, that is, if a part never ran. */
    static Account of(Path folder, String run) throws IOException {
        Account account = new Account(run);
        Lines.read(folder.resolve(Names.of(Names.INTENTS, run)), 4, account::intended);
        Lines.read(folder.resolve(Names.of(Names.ACKNOWLEDGED, run)), 4, fields -> account.acknowledged.put(fields[0], place(fields)));
        Lines.read(folder.resolve(Names.of(Names.NOT_OK, run)), 5, fields -> account.add(fields[0], Figure.NOT_OK, 1));
        Lines.read(folder.resolve(Names.of(Names.FAILED, run)), 3, fields -> account.add(fields[0], Figure.FAILED, 1));
        Lines.read(folder.resolve(Names.CONSUMED), 6, account::arrived);
        account.stored = keys(folder.resolve(Names.STORED));
        account.dead = keys(folder.resolve(Names.DEAD_LETTERS));
        account.figures.known(account.stored != null, account.dead != null);
        account.compare();
        return account;
    }

    private static String place(String[] fields) {
        return fields[1] + " " + fields[2] + " " + fields[3];
    }

    private static Set<String> keys(Path file) throws IOException {
        if (!Files.exists(file)) {
            return null;
        }
        Set<String> keys = new HashSet<>();
        Lines.read(file, 5, fields -> keys.add(fields[0]));
        return keys;
    }

    private void intended(String[] fields) throws IOException {
        try {
            intents.put(fields[0], Kind.of(fields[2]));
        } catch (IllegalArgumentException unknown) {
            throw new IOException("no kind " + fields[2] + ": " + fields[0], unknown);
        }
        if (!fields[3].equals(Order.NONE)) {
            orders.put(fields[0], fields[3]);
        }
    }

    private boolean isOfRun(String key) {
        int dash = key.lastIndexOf('-');
        return dash >= 0 && key.substring(0, dash).equals(run);
    }

    private void arrived(String[] fields) {
        String key = fields[0];
        if (!isOfRun(key)) {
            return; // of another run on the same topic
        }
        Arrivals known = arrivals.computeIfAbsent(key, unused -> new Arrivals());
        if (known.accepted == 0 && acknowledged.containsKey(key) && orders.containsKey(key)) {
            // A message whose send failed has no place in the order: it may be stored at any time.
            int before = order.violations();
            order.arrived(orders.get(key), fields[1] + " " + fields[2]);
            add(key, Figure.ORDER_VIOLATIONS, order.violations() - before);
        }
        if (fields[4].equals("0")) {
            known.places.add(place(fields));
        }
        boolean refused = fields[5].equals(REFUSED);
        known.accepted += refused ? 0 : 1;
        add(key, Figure.REFUSED, refused ? 1 : 0);
        add(key, Figure.BAD_CRC, refused || fields[5].equals("ok") ? 0 : 1);
    }

    private void compare() {
        Set<String> keys = new HashSet<>(intents.keySet());
        keys.addAll(acknowledged.keySet());
        keys.addAll(arrivals.keySet());
        keys.forEach(this::account);
        if (dead != null) {
            dead.stream().filter(this::isOfRun).forEach(key -> add(key, Figure.DEAD_LETTERS, 1));
        }
    }

    private void account(String key) {
        Arrivals known = arrivals.getOrDefault(key, new Arrivals());
        boolean intended = intents.containsKey(key);
        boolean good = acknowledged.containsKey(key);
        boolean consumed = known.accepted > 0;
        add(key, Figure.INTENTS, intended);
        add(key, Figure.ACKNOWLEDGED, good);
        add(key, Figure.CONSUMED, consumed);
        add(key, Figure.UNKNOWN, intended && !good);
        add(key, Figure.UNKNOWN_CONSUMED, intended && !good && consumed);
        add(key, Figure.WITHOUT_INTENT, !intended);
        int twice = Math.max(0, known.places.size() - 1);
        add(key, Figure.STORED_TWICE, twice);
        add(key, Figure.REDELIVERED, Math.max(0, known.accepted - 1 - twice));
        if (good && consumed) {
            boolean told = intended && intents.get(key).answersPlace() && !known.places.isEmpty();
            add(key, Figure.ELSEWHERE, told && !known.places.contains(acknowledged.get(key)));
        } else if (good) {
            lost.add(key);
            boolean there = stored != null && stored.contains(key) || dead != null && dead.contains(key);
            add(key, Figure.LOST, 1);
            add(key, Figure.NOT_DELIVERED, there);
            add(key, Figure.LOST_IN_STORE, !there);
        }
    }

    private void add(String key, Figure figure, boolean one) {
        add(key, figure, one ? 1 : 0);
    }

    private void add(String key, Figure figure, int number) {
        figures.add(intents.get(key), figure, number);
    }

    int exitCode() {
        if (!lost.isEmpty()) {
            return Main.LOST;
        }
        boolean sound = figures.of(null, Figure.BAD_CRC) == 0 && figures.of(null, Figure.WITHOUT_INTENT) == 0;
        return sound && !acknowledged.isEmpty() ? Main.OK : Main.FAILED;
    }

    String table() {
        return Report.table(run, figures, lost, exitCode());
    }

    String json() {
        return Report.json(run, figures, lost, exitCode());
    }
}
