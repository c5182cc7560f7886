package io.huanwei.rocketmq.clients;

/** One figure of an account: its name for programs and its meaning for people, in the order of reading. */
enum Figure {
    INTENTS("intents", "sends begun"),
    ACKNOWLEDGED("acknowledged", "answered SEND_OK"),
    CONSUMED("consumed", "keys that arrived"),
    LOST("lost", "acknowledged, never arrived"),
    LOST_IN_STORE("lostInStore", "of these, not in the store"),
    NOT_DELIVERED("notDelivered", "of these, in the store"),
    REDELIVERED("redelivered", "the same stored message again"),
    STORED_TWICE("storedTwice", "the same key at another offset"),
    ELSEWHERE("elsewhere", "arrived, but not from the acknowledged offset"),
    BAD_CRC("badCrc", "arrived with another body"),
    NOT_OK("notOk", "answered with another status"),
    FAILED("failed", "ended with an exception, after retries"),
    UNKNOWN("unknown", "begun, never answered SEND_OK"),
    UNKNOWN_CONSUMED("unknownConsumed", "of these, arrived"),
    REFUSED("refused", "deliveries refused on purpose"),
    ORDER_VIOLATIONS("orderViolations", "arrived after a later one of their shard and queue"),
    DEAD_LETTERS("deadLetters", "keys that the consumer groups gave up"),
    WITHOUT_INTENT("withoutIntent", "arrived or acknowledged, never sent");

    final String label;
    final String meaning;

    Figure(String label, String meaning) {
        this.label = label;
        this.meaning = meaning;
    }
}
