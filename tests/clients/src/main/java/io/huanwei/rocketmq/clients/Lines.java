package io.huanwei.rocketmq.clients;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/** Reads a ledger line by line. */
final class Lines {
    /** Takes the fields of one line. */
    interface Reader {
        void line(String[] fields) throws IOException;
    }

    private Lines() {
    }

    /** Gives each whole line's fields; a last line without its end is left out (see {@link Ledger}). */
    static void read(Path file, int fields, Reader reader) throws IOException {
        try (BufferedReader in = Files.newBufferedReader(file, StandardCharsets.UTF_8)) {
            StringBuilder line = new StringBuilder();
            for (int character = in.read(); character >= 0; character = in.read()) {
                if (character != '\n') {
                    line.append((char) character);
                    continue;
                }
                String[] found = line.toString().split("\t", -1);
                if (found.length != fields) {
                    throw new IOException(file + ": not " + fields + " fields: " + line);
                }
                reader.line(found);
                line.setLength(0);
            }
        }
    }
}
