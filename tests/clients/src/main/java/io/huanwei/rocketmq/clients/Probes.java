package io.huanwei.rocketmq.clients;

import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.rocketmq.client.producer.DefaultMQProducer;
import org.apache.rocketmq.client.producer.SendResult;
import org.apache.rocketmq.client.producer.SendStatus;
import org.apache.rocketmq.common.constant.PermName;
import org.apache.rocketmq.common.message.Message;
import org.apache.rocketmq.common.message.MessageQueue;
import org.apache.rocketmq.remoting.protocol.route.QueueData;

/**
 * Each second one message to every broker group by a fixed queue: the client's routing, which hides a group that is down,
 * has no part in it. No retries. A producer of its own follows the route each second, unlike that of the run's traffic.
 */
final class Probes implements Closeable {
    private static final int PERIOD_MS = 1_000;
    private static final int TIMEOUT_MS = 3_000;
    private static final int ROUTE_TIMEOUT_MS = 2_000;

    private final ProbedGroups groups = new ProbedGroups();
    private final AtomicInteger numbers = new AtomicInteger();
    private final ScheduledExecutorService clock = Executors.newSingleThreadScheduledExecutor();
    private final ExecutorService senders = Executors.newCachedThreadPool();
    private final DefaultMQProducer producer;
    private final Ledger ledger;
    private final Traffic.Run run;
    private volatile Map<String, Integer> route = Map.of();

    private Probes(DefaultMQProducer producer, Ledger ledger, Traffic.Run run) {
        this.producer = producer;
        this.ledger = ledger;
        this.run = run;
    }

    static Probes start(String nameServers, Path folder, Traffic.Run run) throws Exception {
        DefaultMQProducer producer = Connection.to(nameServers, new DefaultMQProducer(Producing.group(run.name) + "-probes"));
        producer.setPollNameServerInterval(PERIOD_MS);
        producer.start();
        Probes probes = new Probes(producer, Ledger.create(folder, Names.of(Names.PROBES, run.name)), run);
        probes.clock.scheduleAtFixedRate(probes::round, 0, PERIOD_MS, TimeUnit.MILLISECONDS);
        return probes;
    }

    private void round() {
        Collection<String> before = new HashSet<>(groups.here());
        route = look(route);
        List<String> due = groups.look(route.keySet(), System.nanoTime());
        before.removeAll(route.keySet());
        before.forEach(name -> run.sends.written(() -> ledger.append(System.currentTimeMillis(), name, "GONE", 0)));
        due.forEach(name -> senders.execute(() -> probe(name, route.getOrDefault(name, 1))));
    }

    /** How many queues each group has to write to; what was known before if the name server cannot be asked now. */
    private Map<String, Integer> look(Map<String, Integer> before) {
        Map<String, Integer> queues = new TreeMap<>();
        try {
            for (QueueData data : producer.getDefaultMQProducerImpl().getMqClientFactory().getMQClientAPIImpl()
                    .getTopicRouteInfoFromNameServer(Kind.PROBE.topic(run.topic), ROUTE_TIMEOUT_MS).getQueueDatas()) {
                if (PermName.isWriteable(data.getPerm()) && data.getWriteQueueNums() > 0) {
                    queues.put(data.getBrokerName(), data.getWriteQueueNums());
                }
            }
            return queues;
        } catch (Exception notNow) {
            return before;
        }
    }

    private void probe(String group, int queues) {
        int number = numbers.getAndIncrement();
        String key = run.probeKey(number);
        Message message = run.message(Kind.PROBE, key);
        if (!run.sends.written(() -> run.sends.begin(Kind.PROBE, key, Order.NONE))) {
            return;
        }
        long time = System.currentTimeMillis();
        long start = System.nanoTime();
        boolean good = false;
        String told;
        try {
            SendResult result = producer.send(message, new MessageQueue(message.getTopic(), group, number % queues), TIMEOUT_MS);
            good = result.getSendStatus() == SendStatus.SEND_OK;
            told = result.getSendStatus().name();
            run.sends.written(() -> run.sends.answered(Kind.PROBE, key, result));
        } catch (Exception failure) {
            told = failure.getClass().getSimpleName() + ": " + failure.getMessage();
            run.sends.written(() -> run.sends.failed(Kind.PROBE, key, failure));
        }
        long end = System.nanoTime();
        groups.answered(group, good, end);
        String result = told;
        run.sends.written(() -> ledger.append(time, group, result, TimeUnit.NANOSECONDS.toMillis(end - start)));
    }

    /** Ends probing, and gives its figures as a JSON object. */
    String end() throws InterruptedException {
        clock.shutdown();
        clock.awaitTermination(2 * TIMEOUT_MS, TimeUnit.MILLISECONDS);
        senders.shutdown();
        senders.awaitTermination(2 * TIMEOUT_MS, TimeUnit.MILLISECONDS);
        groups.end(System.nanoTime());
        return groups.json();
    }

    @Override
    public void close() throws IOException {
        clock.shutdownNow();
        senders.shutdownNow();
        producer.shutdown();
        ledger.close();
    }
}
