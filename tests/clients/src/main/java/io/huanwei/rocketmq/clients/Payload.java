package io.huanwei.rocketmq.clients;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.zip.CRC32;

/**
 * A message's body: 8 hexadecimal digits, the CRC-32 of all that follows the space after them; then the key, a space and
 * filler up to the size asked for. The key inside ties the body to its key.
 */
final class Payload {
    private static final int DIGITS = 8;

    private Payload() {
    }

    static byte[] of(String key, int size) {
        String content = key + " ";
        String filled = content + "x".repeat(Math.max(0, size - DIGITS - 1 - content.length()));
        byte[] bytes = filled.getBytes(StandardCharsets.UTF_8);
        return (sum(bytes, 0) + " " + filled).getBytes(StandardCharsets.UTF_8);
    }

    /** Whether the body is one that was made for this key, bit for bit. */
    static boolean intact(String key, byte[] body) {
        byte[] start = (" " + key + " ").getBytes(StandardCharsets.UTF_8);
        int end = DIGITS + start.length;
        return body.length >= end
            && Arrays.equals(Arrays.copyOfRange(body, DIGITS, end), start)
            && sum(body, DIGITS + 1).equals(new String(body, 0, DIGITS, StandardCharsets.US_ASCII));
    }

    private static String sum(byte[] bytes, int from) {
        CRC32 crc = new CRC32();
        crc.update(bytes, from, bytes.length - from);
        return String.format("%08x", crc.getValue());
    }
}
