package io.huanwei.rocketmq.clients;

import java.util.Collections;
import java.util.EnumMap;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/** Which kinds of messages a run has, by weights: {@code plain=6,order=2,delay=1}. */
final class Mix {
    private final Map<Kind, Integer> weights = new EnumMap<>(Kind.class);
    private final int total;

    private Mix(String text) {
        for (String part : text.split(",")) {
            String[] pair = part.split("=", -1);
            if (pair.length != 2 || !pair[1].matches("[0-9]{1,4}")) {
                throw new IllegalArgumentException(part);
            }
            Kind kind = Kind.of(pair[0]);
            if (kind == Kind.PROBE || weights.put(kind, Integer.parseInt(pair[1])) != null) {
                throw new IllegalArgumentException(part);
            }
        }
        weights.values().removeIf(weight -> weight == 0);
        total = weights.values().stream().mapToInt(Integer::intValue).sum();
    }

    static Mix of(Options options) {
        return parse(options.text("mix", "plain=1"));
    }

    static Mix parse(String text) {
        try {
            Mix mix = new Mix(text);
            if (mix.total > 0) {
                return mix;
            }
        } catch (IllegalArgumentException wrong) {
            // told below, as for a mix of nothing
        }
        throw new Options.WrongUse("--mix: plain=N,order=N,delay=N,transaction=N,retry=N, each at most once, not all 0");
    }

    Set<Kind> kinds() {
        return Collections.unmodifiableSet(weights.keySet());
    }

    boolean has(Kind kind) {
        return weights.containsKey(kind);
    }

    /** The consumer groups that the kinds need. */
    Set<String> groups(String base) {
        Set<String> groups = new TreeSet<>();
        weights.keySet().forEach(kind -> groups.add(kind.group(base)));
        return groups;
    }

    /** The part of all messages that is of this kind, above 0 and at most 1. */
    double share(Kind kind) {
        return (double) weights.get(kind) / total;
    }

    /** Threads for this kind, at least one: a kind that hangs must not hold up the others. */
    int threads(Kind kind, int all) {
        return (int) Math.max(1, Math.round(all * share(kind)));
    }

    /** How many of {@code count} messages are of each kind; what rounding leaves goes to the first kinds. */
    Map<Kind, Integer> split(int count) {
        Map<Kind, Integer> parts = new EnumMap<>(Kind.class);
        weights.forEach((kind, weight) -> parts.put(kind, (int) ((long) count * weight / total)));
        int left = count - parts.values().stream().mapToInt(Integer::intValue).sum();
        for (Kind kind : weights.keySet()) {
            if (left-- > 0) {
                parts.merge(kind, 1, Integer::sum);
            }
        }
        return parts;
    }
}
