package io.huanwei.rocketmq.clients;

import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;

/**
 * A file of lines, each durable when {@link #append} returns.
 *
 * <p>Threads that append at the same time share one fsync: whoever comes first flushes what all have written so far.
 * A line cut short by a crash has no line end and was never durable; {@link Lines} leaves it out.
 */
final class Ledger implements Closeable {
    private final FileChannel channel;
    private final Object syncing = new Object();
    private volatile long written;
    private volatile long durable;
    private IOException broken;

    private Ledger(FileChannel channel) {
        this.channel = channel;
    }

    /** Makes the file, and its folders; fails with FileAlreadyExistsException if it is there, for runs never mix. */
    static Ledger create(Path folder, String name) throws IOException {
        Files.createDirectories(folder);
        FileChannel channel = FileChannel.open(folder.resolve(name), StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
        channel.lock(); // until it is closed, or the process has ended, however that ends
        try (FileChannel entries = FileChannel.open(folder, StandardOpenOption.READ)) {
            entries.force(true); // the file's name must survive, too
        }
        return new Ledger(channel);
    }

    /** Whether a process still has the ledger open for writing. */
    static boolean isOpen(Path file) throws IOException {
        try (FileChannel look = FileChannel.open(file, StandardOpenOption.WRITE); FileLock lock = look.tryLock()) {
            return lock == null;
        } catch (OverlappingFileLockException ownProcess) {
            return true;
        }
    }

    void append(Object... fields) throws IOException {
        append(List.of(line(fields)));
    }

    /** Appends lines (made by {@link #line}) with one fsync. */
    void append(List<String> lines) throws IOException {
        sync(write(String.join("", lines)));
    }

    /** One line: the fields, separated by tabs, with tabs and line ends inside them made spaces. */
    static String line(Object... fields) {
        StringBuilder line = new StringBuilder();
        for (Object field : fields) {
            line.append(line.length() == 0 ? "" : "\t").append(String.valueOf(field).replaceAll("[\t\r\n]+", " "));
        }
        return line.append('\n').toString();
    }

    private synchronized long write(String lines) throws IOException {
        if (broken != null) {
            throw new IOException("the ledger could not be written before", broken);
        }
        try {
            ByteBuffer bytes = ByteBuffer.wrap(lines.getBytes(StandardCharsets.UTF_8));
            while (bytes.hasRemaining()) {
                written += channel.write(bytes);
            }
            return written;
        } catch (IOException failure) {
            broken = failure; // half a line may stand there: nothing may follow it
            throw failure;
        }
    }

    private void sync(long position) throws IOException {
        synchronized (syncing) {
            if (durable < position) {
                long covered = written;
                channel.force(false);
                durable = covered;
            }
        }
    }

    @Override
    public void close() throws IOException {
        channel.close();
    }
}
