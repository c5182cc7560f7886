import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.rocketmq.client.producer.DefaultMQProducer;
import org.apache.rocketmq.client.producer.SendStatus;
import org.apache.rocketmq.common.message.Message;

/**
 * Sends a fixed number of messages each time it is told to: "TOPIC COUNT" a line on standard input, answered by
 * "DONE NANOSECONDS REFUSED LOST". A message that a busy broker refuses is sent again, so that the work is always the same;
 * LOST are those that it never took. One process sends to all brokers in turns, so its own warm-up favours none of them.
 *
 * Arguments: name servers, threads, bytes of a message.
 */
public final class SteadyProducer {
    private static final int TRIES = 100;

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
        AtomicInteger refused = new AtomicInteger();
        AtomicInteger lost = new AtomicInteger();
        CountDownLatch done = new CountDownLatch(threads);
        long began = System.nanoTime();
        for (int index = 0; index < threads; index++) {
            new Thread(() -> {
                while (left.getAndDecrement() > 0) {
                    if (!stored(producer, new Message(topic, body), refused)) {
                        lost.incrementAndGet();
                    }
                }
                done.countDown();
            }).start();
        }
        done.await();
        return (System.nanoTime() - began) + " " + refused.get() + " " + lost.get();
    }

    private static boolean stored(DefaultMQProducer producer, Message message, AtomicInteger refused) {
        for (int attempt = 0; attempt < TRIES; attempt++) {
            try {
                if (producer.send(message).getSendStatus() == SendStatus.SEND_OK) {
                    return true;
                }
            } catch (Exception error) {
                if (refused.get() == 0) {
                    System.err.println(error);
                }
            }
            refused.incrementAndGet();
        }
        return false;
    }
}
