package io.huanwei.rocketmq.clients;

import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.stream.Collectors;

/** An account for people and for programs. */
final class Report {
    private static final int KEYS_SHOWN = 20;
    private static final int KEYS_LISTED = 1000;
    /** What the table tells of each kind. */
    private static final List<Figure> SHORT = List.of(Figure.ACKNOWLEDGED, Figure.CONSUMED, Figure.LOST, Figure.REDELIVERED,
        Figure.STORED_TWICE, Figure.UNKNOWN);

    private Report() {
    }

    static String table(String run, Figures figures, Collection<String> lost, int exitCode) {
        StringBuilder table = new StringBuilder("run " + run + "\n");
        for (Figure figure : Figure.values()) {
            table.append(String.format("  %-16s %9s  %s%n", figure.label, shown(figures.of(null, figure)), figure.meaning));
        }
        if (figures.kinds().size() > 1) {
            table.append(String.format("  %-16s", "of these"));
            SHORT.forEach(figure -> table.append(String.format(" %12s", figure.label)));
            figures.kinds().forEach(kind -> {
                table.append(String.format("%n    %-14s", kind.label()));
                SHORT.forEach(figure -> table.append(String.format(" %12s", shown(figures.of(kind, figure)))));
            });
            table.append("\n");
        }
        if (!lost.isEmpty()) {
            table.append("  lost keys: ").append(lost.stream().limit(KEYS_SHOWN).collect(Collectors.joining(" ")));
            table.append(lost.size() > KEYS_SHOWN ? " ...\n" : "\n");
        }
        return table.append(exitCode == Main.OK ? "GOOD: every acknowledged message arrived, intact\n" : "BAD\n").toString();
    }

    private static String shown(Integer value) {
        return value == null ? "-" : value.toString();
    }

    /** One line; names and values need no escapes, for runs and keys hold plain characters only. */
    static String json(String run, Figures figures, Collection<String> lost, int exitCode) {
        String keys = lost.stream().limit(KEYS_LISTED).map(key -> "\"" + key + "\"").collect(Collectors.joining(","));
        String kinds = figures.kinds().stream().map(kind -> "\"" + kind.label() + "\":{" + fields(figures, kind) + "}")
            .collect(Collectors.joining(","));
        return "{\"run\":\"" + run + "\"," + fields(figures, null) + ",\"lostKeys\":[" + keys + "],\"good\":" + (exitCode == Main.OK)
            + ",\"byKind\":{" + kinds + "}}";
    }

    private static String fields(Figures figures, Kind kind) {
        return Arrays.stream(Figure.values()).map(figure -> "\"" + figure.label + "\":" + figures.of(kind, figure))
            .collect(Collectors.joining(","));
    }
}
