package io.huanwei.rocketmq.clients;

import java.io.PrintStream;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.apache.rocketmq.common.TopicConfig;
import org.apache.rocketmq.common.namesrv.NamesrvUtil;
import org.apache.rocketmq.remoting.protocol.body.ClusterInfo;
import org.apache.rocketmq.remoting.protocol.route.QueueData;
import org.apache.rocketmq.remoting.protocol.subscription.SubscriptionGroupConfig;
import org.apache.rocketmq.tools.admin.DefaultMQAdminExt;

/** Makes a mix's topics on every master of a cluster and waits until each name server tells the way to all of them. */
final class TopicMaker {
    private static final long POLL_MS = 300;
    private static final long MASTER = 0;

    private final Mix mix;
    private final String topic;
    private final int queues;
    private final long deadline;
    private final Set<String> brokers = new TreeSet<>();

    private TopicMaker(Options options) {
        mix = Mix.of(options);
        topic = options.text("topic");
        queues = options.number("queues", 4);
        deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(options.number("timeout", 60));
    }

    static int main(Options options, PrintStream err) throws Exception {
        TopicMaker maker = new TopicMaker(options);
        maker.create(options);
        for (String address : addresses(options.text("namesrv"))) {
            if (!maker.announced(address)) {
                err.println("the name server " + address + " does not tell the way to " + maker.topic + " on all of " + maker.brokers);
                return Main.TIMED_OUT;
            }
        }
        err.println("topic " + maker.topic + ": " + maker.queues + " queues on each of " + maker.brokers);
        return Main.OK;
    }

    private void create(Options options) throws Exception {
        DefaultMQAdminExt admin = admin(options.text("namesrv"));
        try {
            ClusterInfo info = admin.examineBrokerClusterInfo();
            brokers.addAll(info.getClusterAddrTable().getOrDefault(options.text("cluster"), Set.of()));
            if (brokers.isEmpty()) {
                throw new IllegalStateException("no broker of cluster " + options.text("cluster") + " is registered");
            }
            for (String broker : brokers) {
                String master = info.getBrokerAddrTable().get(broker).getBrokerAddrs().get(MASTER);
                if (master == null) {
                    throw new IllegalStateException(broker + " has no master");
                }
                create(admin, master, options);
            }
        } finally {
            admin.shutdown();
        }
    }

    private void create(DefaultMQAdminExt admin, String master, Options options) throws Exception {
        for (Kind kind : mix.kinds()) {
            TopicConfig config = new TopicConfig(kind.topic(topic), queues, queues);
            config.setOrder(kind == Kind.ORDER);
            if (!kind.messageType.equals("NORMAL")) {
                config.setAttributes(Map.of("+message.type", kind.messageType));
            }
            admin.createAndUpdateTopicConfig(master, config);
        }
        for (String name : options.has("group") ? mix.groups(options.text("group")) : Set.<String>of()) {
            SubscriptionGroupConfig group = new SubscriptionGroupConfig();
            group.setGroupName(name);
            admin.createAndUpdateSubscriptionGroupConfig(master, group);
        }
    }

    /** Each name server by itself: a name may stand for several, and a client later meets any of them. */
    private static List<String> addresses(String names) throws Exception {
        List<String> addresses = new ArrayList<>();
        for (String name : names.split("[;,]")) {
            int colon = name.lastIndexOf(':');
            for (InetAddress address : InetAddress.getAllByName(name.substring(0, colon))) {
                addresses.add(address.getHostAddress() + name.substring(colon));
            }
        }
        return addresses;
    }

    /** Tells the name server the order topic's queues, as RocketMQ's own tool does, and waits for all routes. */
    private boolean announced(String address) throws Exception {
        DefaultMQAdminExt admin = admin(address);
        try {
            if (mix.has(Kind.ORDER)) {
                String layout = brokers.stream().map(broker -> broker + ":" + queues).collect(Collectors.joining(";"));
                admin.createAndUpdateKvConfig(NamesrvUtil.NAMESPACE_ORDER_TOPIC_CONFIG, Kind.ORDER.topic(topic), layout);
            }
            while (System.nanoTime() < deadline) {
                if (mix.kinds().stream().allMatch(kind -> writable(admin, kind.topic(topic)).containsAll(brokers))) {
                    return true;
                }
                Thread.sleep(POLL_MS);
            }
            return false;
        } finally {
            admin.shutdown();
        }
    }

    private Set<String> writable(DefaultMQAdminExt admin, String name) {
        Set<String> groups = new TreeSet<>();
        try {
            for (QueueData data : admin.examineTopicRouteInfo(name).getQueueDatas()) {
                if (data.getWriteQueueNums() == queues && data.getReadQueueNums() == queues) {
                    groups.add(data.getBrokerName());
                }
            }
        } catch (Exception notYet) {
            groups.clear(); // unknown topic, or a name server that does not answer now: asked again until time is up
        }
        return groups;
    }

    private static DefaultMQAdminExt admin(String nameServers) throws Exception {
        DefaultMQAdminExt admin = Connection.to(nameServers, new DefaultMQAdminExt(Connection.LOOK_UP_TIMEOUT_MS));
        admin.setInstanceName("topic-" + nameServers.replaceAll("[^0-9A-Za-z]", "-"));
        admin.start();
        return admin;
    }
}
