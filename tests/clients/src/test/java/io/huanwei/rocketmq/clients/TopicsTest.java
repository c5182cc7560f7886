package io.huanwei.rocketmq.clients;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.Set;
import org.apache.rocketmq.client.exception.MQClientException;
import org.apache.rocketmq.common.message.MessageQueue;
import org.apache.rocketmq.remoting.protocol.ResponseCode;
import org.junit.jupiter.api.Test;

class TopicsTest {
    @Test
    void aTopicThatIsNotThereHasNoQueuesAndAnyOtherTroubleIsTold() throws MQClientException {
        Set<MessageQueue> queues = Set.of(new MessageQueue("t", "broker-0", 0));
        assertEquals(queues, Topics.queues(topic -> queues, "t"));
        assertEquals(Set.of(), Topics.queues(topic -> {
            throw new MQClientException("cannot find " + topic, new MQClientException(ResponseCode.TOPIC_NOT_EXIST, "no route"));
        }, "t"));
        assertThrows(MQClientException.class, () -> Topics.queues(topic -> {
            throw new MQClientException("cannot find " + topic, new MQClientException(ResponseCode.SYSTEM_BUSY, "busy"));
        }, "t"));
        assertThrows(MQClientException.class, () -> Topics.queues(topic -> {
            throw new MQClientException("cannot find " + topic, null);
        }, "t"));
    }
}
