package io.huanwei.rocketmq.clients;

import java.util.EnumMap;
import java.util.Map;
import java.util.Set;

/** The figures of a run, and of each kind of its messages. */
final class Figures {
    private final Map<Figure, Integer> total = new EnumMap<>(Figure.class);
    private final Map<Kind, Map<Figure, Integer>> byKind = new EnumMap<>(Kind.class);
    private boolean storeRead;
    private boolean deadLettersRead;

    /** Adds to the whole and to the kind, which is null for a key that nobody meant to send. */
    void add(Kind kind, Figure figure, int number) {
        total.merge(figure, number, Integer::sum);
        if (kind != null) {
            byKind.computeIfAbsent(kind, unused -> new EnumMap<>(Figure.class)).merge(figure, number, Integer::sum);
        }
    }

    /** Without being told so, figures that need the store or the dead letters are not known. */
    void known(boolean store, boolean deadLetters) {
        storeRead = store;
        deadLettersRead = deadLetters;
    }

    Set<Kind> kinds() {
        return byKind.keySet();
    }

    /** A figure of one kind, or of the whole run for null; null if what it takes was not read. */
    Integer of(Kind kind, Figure figure) {
        boolean known = figure == Figure.DEAD_LETTERS ? deadLettersRead
            : storeRead || figure != Figure.LOST_IN_STORE && figure != Figure.NOT_DELIVERED;
        return known ? (kind == null ? total : byKind.get(kind)).getOrDefault(figure, 0) : null;
    }
}
