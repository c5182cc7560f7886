package io.huanwei.rocketmq.clients;

/** Names of ledgers: those of a producer are followed by its run. */
final class Names {
    static final String INTENTS = "intents";
    static final String ACKNOWLEDGED = "acknowledged";
    static final String NOT_OK = "not-ok";
    static final String FAILED = "failed";
    static final String PROBES = "probes";
    static final String CONSUMED = "consumed";
    static final String STORED = "stored";
    static final String DEAD_LETTERS = "dead-letters";

    private Names() {
    }

    /** The file's name of a producer's ledger. */
    static String of(String ledger, String run) {
        return ledger + "-" + run;
    }
}
