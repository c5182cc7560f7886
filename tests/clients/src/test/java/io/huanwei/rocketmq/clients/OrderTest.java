package io.huanwei.rocketmq.clients;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;

class OrderTest {
    private final Order order = new Order();

    @Test
    void risingPositionsAreInOrderEvenWithHoles() {
        arrive("b 0", 3, 0, 1, 5, 6);
        assertEquals(0, order.violations());
    }

    @Test
    void eachMessageThatComesAfterALaterOneIsOne() {
        arrive("b 0", 3, 4, 2, 3, 5);
        assertEquals(2, order.violations());
    }

    @Test
    void shardsAndQueuesHaveOrdersOfTheirOwn() {
        arrive("b 0", 3, 4);
        arrive("b 0", 2, 1);
        arrive("b 1", 3, 0);
        assertEquals(0, order.violations());
    }

    @Test
    void unorderedMessagesHaveNone() {
        order.arrived(Order.NONE, "b 0");
        assertEquals(0, order.violations());
    }

    private void arrive(String queue, int shard, int... positions) {
        for (int position : positions) {
            order.arrived(Order.of(shard, position), queue);
        }
    }
}
