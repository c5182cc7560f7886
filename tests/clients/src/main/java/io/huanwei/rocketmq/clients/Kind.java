package io.huanwei.rocketmq.clients;

import java.util.Locale;

/** What a message is for RocketMQ. Each kind that needs it has a topic of its own, so that its consumer can fit it. */
enum Kind {
    PLAIN("NORMAL"),
    /** Messages of one shard go to one queue, one after the other, and are consumed orderly. */
    ORDER("FIFO"),
    /** Delivered some seconds later, by a delay level. */
    DELAY("DELAY"),
    /** Half messages that are committed: most at once, some when the broker checks back. */
    TRANSACTION("TRANSACTION"),
    /** Refused once on purpose by the consumer, so that they come again through the retry topic. */
    RETRY("NORMAL"),
    /** Not of the mix: one each second to every broker group. On the topic of plain messages. */
    PROBE("NORMAL");

    /** What 5.x calls the messages of such a topic; a broker of 4.9 passes over it. */
    final String messageType;

    Kind(String messageType) {
        this.messageType = messageType;
    }

    String label() {
        return name().toLowerCase(Locale.ROOT);
    }

    /** The kind of that label; IllegalArgumentException if there is none. */
    static Kind of(String label) {
        return valueOf(label.toUpperCase(Locale.ROOT));
    }

    String topic(String base) {
        return this == PLAIN || this == PROBE ? base : base + "-" + label();
    }

    /** The consumer group of this kind: orderly consumers cannot share one with others. */
    String group(String base) {
        return this == ORDER ? base + "-order" : base;
    }

    /** Whether a send's answer tells the offset that consumers see; delayed and half messages are first stored elsewhere. */
    boolean answersPlace() {
        return this != DELAY && this != TRANSACTION;
    }
}
