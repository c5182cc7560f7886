package io.huanwei.rocketmq.clients;

import java.io.PrintStream;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import org.apache.rocketmq.common.TopicConfig;
import org.apache.rocketmq.remoting.protocol.body.ClusterInfo;
import org.apache.rocketmq.remoting.protocol.route.BrokerData;
import org.apache.rocketmq.remoting.protocol.route.QueueData;
import org.apache.rocketmq.remoting.protocol.subscription.SubscriptionGroupConfig;
import org.apache.rocketmq.tools.admin.DefaultMQAdminExt;

/** Makes a topic on every master of a cluster and waits until each name server tells the way to all of them. */
final class TopicMaker {
    private static final long POLL_MS = 300;
    private static final long MASTER = 0;

    private TopicMaker() {
    }

    static int main(Options options, PrintStream err) throws Exception {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(options.number("timeout", 60));
        String topic = options.text("topic");
        int queues = options.number("queues", 4);
        Set<String> groups = create(options, topic, queues);
        for (String address : addresses(options.text("namesrv"))) {
            if (!known(address, topic, queues, groups, deadline)) {
                err.println("the name server " + address + " does not tell the way to " + topic + " on all of " + groups);
                return Main.TIMED_OUT;
            }
        }
        err.println("topic " + topic + ": " + queues + " queues on each of " + groups);
        return Main.OK;
    }

    private static Set<String> create(Options options, String topic, int queues) throws Exception {
        DefaultMQAdminExt admin = admin(options.text("namesrv"));
        try {
            ClusterInfo info = admin.examineBrokerClusterInfo();
            Set<String> groups = info.getClusterAddrTable().getOrDefault(options.text("cluster"), Set.of());
            if (groups.isEmpty()) {
                throw new IllegalStateException("no broker of cluster " + options.text("cluster") + " is registered");
            }
            for (String group : groups) {
                BrokerData broker = info.getBrokerAddrTable().get(group);
                String master = broker.getBrokerAddrs().get(MASTER);
                if (master == null) {
                    throw new IllegalStateException(group + " has no master");
                }
                admin.createAndUpdateTopicConfig(master, new TopicConfig(topic, queues, queues));
                createGroup(admin, master, options.text("group", ""));
            }
            return new TreeSet<>(groups);
        } finally {
            admin.shutdown();
        }
    }

    private static void createGroup(DefaultMQAdminExt admin, String master, String name) throws Exception {
        if (!name.isEmpty()) {
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

    private static boolean known(String address, String topic, int queues, Set<String> groups, long deadline) throws Exception {
        DefaultMQAdminExt admin = admin(address);
        try {
            while (System.nanoTime() < deadline) {
                if (writable(admin, topic, queues).containsAll(groups)) {
                    return true;
                }
                Thread.sleep(POLL_MS);
            }
            return false;
        } finally {
            admin.shutdown();
        }
    }

    private static Set<String> writable(DefaultMQAdminExt admin, String topic, int queues) {
        Set<String> groups = new TreeSet<>();
        try {
            for (QueueData data : admin.examineTopicRouteInfo(topic).getQueueDatas()) {
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
