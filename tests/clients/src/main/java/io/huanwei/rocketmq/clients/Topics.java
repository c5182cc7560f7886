package io.huanwei.rocketmq.clients;

import java.util.Set;
import org.apache.rocketmq.client.exception.MQClientException;
import org.apache.rocketmq.common.message.MessageQueue;
import org.apache.rocketmq.remoting.protocol.ResponseCode;

/** Looks topics up that need not exist, such as that of dead letters. */
final class Topics {
    /** Asks a name server for a topic's queues. */
    interface LookUp {
        Set<MessageQueue> queues(String topic) throws MQClientException;
    }

    private Topics() {
    }

    /** The topic's queues, none if the name server says that there is no such topic; any other trouble is thrown. */
    static Set<MessageQueue> queues(LookUp lookUp, String topic) throws MQClientException {
        try {
            return lookUp.queues(topic);
        } catch (MQClientException failure) {
            for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
                if (cause instanceof MQClientException && ((MQClientException) cause).getResponseCode() == ResponseCode.TOPIC_NOT_EXIST) {
                    return Set.of();
                }
            }
            throw failure;
        }
    }
}
