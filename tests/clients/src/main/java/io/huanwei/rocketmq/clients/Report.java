package io.huanwei.rocketmq.clients;

import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.stream.Collectors;

/** An account for people and for programs. */
final class Report {
    private static final int KEYS_SHOWN = 20;
    private static final int KEYS_LISTED = 1000;

    private Report() {
    }

    /** Name of each figure, its value (null: not known) and what it means, in the order of reading. */
    static Map<String, Object[]> rows(Account account) {
        Map<String, Object[]> rows = new LinkedHashMap<>();
        Integer notDelivered = account.notDelivered();
        rows.put("intents", row(account.intents.size(), "sends begun"));
        rows.put("acknowledged", row(account.acknowledged.size(), "answered SEND_OK"));
        rows.put("consumed", row(account.consumed.size(), "keys that arrived"));
        rows.put("lost", row(account.lost.size(), "acknowledged, never arrived"));
        rows.put("lostInStore", row(notDelivered == null ? null : account.lost.size() - notDelivered, "of these, not in the store"));
        rows.put("notDelivered", row(notDelivered, "of these, in the store"));
        rows.put("redelivered", row(account.redelivered, "the same stored message again"));
        rows.put("storedTwice", row(account.storedTwice, "the same key at another offset"));
        rows.put("elsewhere", row(account.elsewhere, "arrived, but not from the acknowledged offset"));
        rows.put("badCrc", row(account.damaged, "arrived with another body"));
        rows.put("notOk", row(account.notOk, "answered with another status"));
        rows.put("failed", row(account.failed, "ended with an exception, after retries"));
        rows.put("unknown", row(account.unknown, "begun, never answered SEND_OK"));
        rows.put("unknownConsumed", row(account.unknownConsumed, "of these, arrived"));
        rows.put("withoutIntent", row(account.withoutIntent, "arrived or acknowledged, never sent"));
        return rows;
    }

    private static Object[] row(Integer value, String meaning) {
        return new Object[] {value, meaning};
    }

    static String table(String run, Map<String, Object[]> rows, Collection<String> lost, int exitCode) {
        StringBuilder table = new StringBuilder("run " + run + "\n");
        rows.forEach((name, row) -> table.append(String.format("  %-16s %9s  %s%n", name, row[0] == null ? "-" : row[0], row[1])));
        if (!lost.isEmpty()) {
            table.append("  lost keys: ").append(lost.stream().limit(KEYS_SHOWN).collect(Collectors.joining(" ")));
            table.append(lost.size() > KEYS_SHOWN ? " ...\n" : "\n");
        }
        return table.append(exitCode == Main.OK ? "GOOD: every acknowledged message arrived, intact\n" : "BAD\n").toString();
    }

    /** One line; names and values need no escapes, for runs and keys hold plain characters only. */
    static String json(String run, Map<String, Object[]> rows, Collection<String> lost, int exitCode) {
        String figures = rows.entrySet().stream().map(row -> "\"" + row.getKey() + "\":" + row.getValue()[0])
            .collect(Collectors.joining(","));
        String keys = lost.stream().limit(KEYS_LISTED).map(key -> "\"" + key + "\"").collect(Collectors.joining(","));
        return "{\"run\":\"" + run + "\"," + figures + ",\"lostKeys\":[" + keys + "],\"good\":" + (exitCode == Main.OK) + "}";
    }
}
