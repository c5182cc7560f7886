package io.huanwei.rocketmq.clients;

import org.apache.rocketmq.client.ClientConfig;

/** What all clients here have in common. */
final class Connection {
    /** For look-ups, 3 s by default. On a machine so busy that it is exceeded a client would not even start. */
    static final int LOOK_UP_TIMEOUT_MS = 20_000;

    private Connection() {
    }

    /** Sets where the name servers are ({@code host:port}, several with ';') and how long to wait for their answers. */
    static <T extends ClientConfig> T to(String nameServers, T client) {
        client.setNamesrvAddr(nameServers);
        client.setMqClientApiTimeout(LOOK_UP_TIMEOUT_MS);
        return client;
    }
}
