package io.huanwei.rocketmq.clients;

import org.apache.rocketmq.client.exception.MQClientException;
import org.apache.rocketmq.client.producer.DefaultMQProducer;
import org.apache.rocketmq.client.producer.SendResult;
import org.apache.rocketmq.client.producer.TransactionMQProducer;
import org.apache.rocketmq.client.producer.selector.SelectMessageQueueByHash;
import org.apache.rocketmq.common.message.Message;

/** The producers of a run, and how each kind of message is sent with them. */
final class Ways {
    /** 1, 5 and 10 seconds, if the brokers' {@code messageDelayLevel} is not changed. */
    private static final int DELAY_LEVELS = 3;
    /** A broker checks back only with producers that it knows by their heartbeats; with the library's 30 s that takes as long. */
    private static final int HEARTBEAT_MS = 5_000;
    static final int TRIES = 6;
    private static final long PAUSE_MS = 500;

    private final Sends sends;
    private final Transactions transactions;
    private final DefaultMQProducer producer;
    /** Null without transactions in the mix. */
    private final TransactionMQProducer transactional;

    Ways(Sends sends, Transactions transactions, String nameServers, String group, Mix mix) {
        this.sends = sends;
        this.transactions = transactions;
        producer = Producing.configured(Connection.to(nameServers, new DefaultMQProducer(group)));
        transactional = !mix.has(Kind.TRANSACTION) ? null
            : Producing.configured(Connection.to(nameServers, new TransactionMQProducer(group + "-transactions")));
    }

    interface Send {
        SendResult send() throws Exception;
    }

    /** Tries as often as the library does with other messages; throws what the last try threw. */
    static SendResult repeated(Send send, long pauseMs) throws Exception {
        for (int left = TRIES; ; left--) {
            try {
                return send.send();
            } catch (Exception failure) {
                if (left == 1) {
                    throw failure;
                }
                Thread.sleep(pauseMs);
            }
        }
    }

    void start() throws MQClientException {
        producer.start();
        if (transactional != null) {
            transactional.setHeartbeatBrokerInterval(HEARTBEAT_MS);
            transactional.setTransactionListener(transactions);
            transactional.start();
        }
    }

    void close() {
        producer.shutdown();
        if (transactional != null) {
            transactional.shutdown();
        }
    }

    Traffic.Way of(Kind kind) {
        switch (kind) {
            case ORDER:
                // By hash of the shard's name, as applications do. The library tries such a send only once, so whoever needs
                // order tries it again before the next of the same shard.
                return (message, shard) -> send(kind, message,
                    () -> repeated(() -> producer.send(message, new SelectMessageQueueByHash(), "shard-" + shard), PAUSE_MS));
            case DELAY:
                return (message, shard) -> {
                    message.setDelayTimeLevel(1 + Math.floorMod(message.getKeys().hashCode(), DELAY_LEVELS));
                    send(kind, message, () -> producer.send(message));
                };
            case TRANSACTION:
                return (message, shard) -> transactions.send(transactional, message);
            default:
                return (message, shard) -> send(kind, message, () -> producer.send(message));
        }
    }

    private void send(Kind kind, Message message, Send send) {
        SendResult result;
        try {
            result = send.send();
        } catch (Exception failure) { // whatever it was: what became of the message is unknown
            sends.written(() -> sends.failed(kind, message.getKeys(), failure));
            return;
        }
        sends.written(() -> sends.answered(kind, message.getKeys(), result));
    }
}
