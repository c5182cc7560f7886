package io.huanwei.rocketmq.clients;

import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;

/**
 * What is known of each broker group by probes. Times are nanoseconds of one monotonic clock.
 *
 * <p>A group that is not in the route (closed, or nobody there) is not probed: it is <i>gone</i>, not failed. Its gap counts up to
 * then; only if it comes back, the time without it is part of the gap, too.
 */
final class ProbedGroups {
    private final Map<String, Group> groups = new TreeMap<>();

    private static final class Group {
        private final Gap gap;
        private boolean here;
        private boolean busy;
        private int probes;
        private int failed;
        private int gone;

        Group(long start) {
            gap = new Gap(start);
        }
    }

    /** A new look at the route: gives the groups to be probed now, which are those there that no probe is under way to. */
    synchronized List<String> look(Collection<String> there, long now) {
        there.forEach(name -> groups.computeIfAbsent(name, unused -> new Group(now)));
        List<String> due = new ArrayList<>();
        groups.forEach((name, group) -> {
            if (group.here || there.contains(name)) {
                group.gap.look(now);
            }
            group.here = there.contains(name);
            group.gone += group.here ? 0 : 1;
            if (group.here && !group.busy) {
                group.busy = true;
                due.add(name);
            }
        });
        return due;
    }

    /** The groups that were there at the last look. */
    synchronized List<String> here() {
        return groups.keySet().stream().filter(name -> groups.get(name).here).collect(Collectors.toList());
    }

    synchronized void answered(String name, boolean good, long now) {
        Group group = groups.get(name);
        group.busy = false;
        group.probes++;
        if (good) {
            group.gap.success(now);
        } else {
            group.failed++;
        }
    }

    /** After the last probe: for groups that are there, the time since their last success counts. */
    synchronized void end(long now) {
        groups.values().stream().filter(group -> group.here).forEach(group -> group.gap.look(now));
    }

    synchronized String json() {
        return groups.entrySet().stream().map(entry -> {
            Group group = entry.getValue();
            return String.format("\"%s\":{\"probes\":%d,\"failed\":%d,\"gone\":%d,\"longestGapMs\":%d}",
                entry.getKey(), group.probes, group.failed, group.gone, group.gap.longestMs());
        }).collect(Collectors.joining(",", "{", "}"));
    }
}
