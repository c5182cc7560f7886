import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.rocketmq.client.producer.DefaultMQProducer;
import org.apache.rocketmq.client.producer.SendStatus;
import org.apache.rocketmq.common.message.Message;

/**
 * Sends a fixed number of messages each time it is told to: "TOPIC COUNT" a line on standard input, answered by
 * "NANOSECONDS FAILED". One process sends to all brokers in turns, so its own warm-up favours none of them.
 *
 * Arguments: name servers, threads, bytes of a message.
 */
public final class SteadyProducer {
    private SteadyProducer() {
    }

    public static void main(String[] arguments) throws Exception {
        int threads = Integer.parseInt(arguments[1]);
        byte[] body = new byte[Integer.parseInt(arguments[2])];
        DefaultMQProducer producer = new DefaultMQProducer("bench-steady");
        producer.setNamesrvAddr(arguments[0]);
        producer.setRetryTimesWhenSendFailed(0);
        producer.setSendMsgTimeout(15_000);
        producer.start();
        try (BufferedReader orders = new BufferedReader(new InputStreamReader(System.in, "UTF-8"))) {
            for (String line = orders.readLine(); line != null; line = orders.readLine()) {
                String[] words = line.split(" ");
                System.out.println("DONE " + send(producer, words[0], Integer.parseInt(words[1]), threads, body));
            }
        } finally {
            producer.shutdown();
        }
        System.exit(0);
    }

    private static String send(DefaultMQProducer producer, String topic, int count, int threads, byte[] body)
            throws InterruptedException {
        AtomicInteger left = new AtomicInteger(count);
        AtomicInteger failed = new AtomicInteger();
        CountDownLatch done = new CountDownLatch(threads);
        long began = System.nanoTime();
        for (int index = 0; index < threads; index++) {
            new Thread(() -> {
                while (left.getAndDecrement() > 0) {
                    if (!sent(producer, new Message(topic, body))) {
                        failed.incrementAndGet();
                    }
                }
                done.countDown();
            }).start();
        }
        done.await();
        return (System.nanoTime() - began) + " " + failed.get();
    }

    private static boolean sent(DefaultMQProducer producer, Message message) {
        try {
            return producer.send(message).getSendStatus() == SendStatus.SEND_OK;
        } catch (Exception error) {
            System.err.println(error);
            return false;
        }
    }
}
