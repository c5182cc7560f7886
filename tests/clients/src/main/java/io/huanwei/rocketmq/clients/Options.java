package io.huanwei.rocketmq.clients;

import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Options of one subcommand: {@code --name value} (or {@code -o value}), or {@code --flag}, each at most once, unknown ones refused. */
final class Options {
    /** The command line is wrong; the message says where. */
    static final class WrongUse extends RuntimeException {
        private static final long serialVersionUID = 1;

        WrongUse(String message) {
            super(message);
        }
    }

    /** Options that are there or not, without a value. */
    private static final Set<String> FLAGS = Set.of("probe-groups");

    private final Map<String, String> values = new HashMap<>();

    private Options() {
    }

    static Options parse(String[] arguments, String... known) {
        Options options = new Options();
        for (int at = 0; at < arguments.length; at++) {
            String option = arguments[at];
            String name = option.replaceFirst("^--?", "");
            if (name.equals(option) || !List.of(known).contains(name)) {
                throw new WrongUse("no option " + option);
            }
            boolean flag = FLAGS.contains(name);
            if (!flag && ++at == arguments.length || options.values.put(name, flag ? "" : arguments[at]) != null) {
                throw new WrongUse(option + (flag ? " is there twice" : " needs one value"));
            }
        }
        return options;
    }

    boolean has(String name) {
        return values.containsKey(name);
    }

    String text(String name) {
        String value = values.get(name);
        if (value == null || value.isEmpty()) {
            throw new WrongUse("--" + name + " is needed");
        }
        return value;
    }

    String text(String name, String otherwise) {
        return values.getOrDefault(name, otherwise);
    }

    /** A run's name is a part of keys and file names, so only plain characters may be in it. */
    String run() {
        String run = text("run");
        if (!run.matches("[A-Za-z0-9._-]+")) {
            throw new WrongUse("--run: letters, digits, dot, dash and underscore only");
        }
        return run;
    }

    Path folder(String name) {
        return Path.of(text(name));
    }

    /** A whole number of at least 1; all bounds are. */
    int number(String name) {
        try {
            int number = Integer.parseInt(text(name));
            if (number > 0) {
                return number;
            }
        } catch (NumberFormatException notOne) {
            // told below, as for a number that is too small
        }
        throw new WrongUse("--" + name + " must be a whole number above 0");
    }

    int number(String name, int otherwise) {
        return has(name) ? number(name) : otherwise;
    }
}
