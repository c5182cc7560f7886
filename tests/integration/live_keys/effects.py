"""Every effect by its key: the one list that the table of live keys and the tests share."""

from collections.abc import Awaitable, Callable

from . import copies, files, pulls, sends, transactions
from .stage import Stage

Effect = Callable[[Stage], Awaitable[None]]
"""Shows that behaviour follows the setting, or raises NotShown."""

EFFECTS: dict[str, Effect] = {
    "maxMessageSize": sends.max_message_size,
    "brokerPermission": sends.broker_permission,
    "startAcceptSendRequestTimeStamp": sends.start_accept_send_request_time_stamp,
    "rejectTransactionMessage": sends.reject_transaction_message,
    "traceOn": sends.trace_on,
    "regionId": sends.region_id,
    "timerMaxDelaySec": sends.timer_max_delay_sec,
    "messageIndexEnable": sends.message_index_enable,
    "autoCreateTopicEnable": sends.auto_create_topic_enable,
    "maxTransferCountOnMessageInMemory": pulls.max_transfer_count_on_message_in_memory,
    "maxTransferBytesOnMessageInMemory": pulls.max_transfer_bytes_on_message_in_memory,
    "accessMessageInMemoryMaxRatio": pulls.access_message_in_memory_max_ratio,
    "maxTransferCountOnMessageInDisk": pulls.max_transfer_count_on_message_in_disk,
    "maxTransferBytesOnMessageInDisk": pulls.max_transfer_bytes_on_message_in_disk,
    "autoCreateSubscriptionGroup": pulls.auto_create_subscription_group,
    "rejectPullConsumerEnable": pulls.reject_pull_consumer_enable,
    "enablePropertyFilter": pulls.enable_property_filter,
    "longPollingEnable": pulls.long_polling_enable,
    "shortPollingTimeMills": pulls.short_polling_time_mills,
    "inSyncReplicas": copies.in_sync_replicas,
    "slaveTimeout": copies.slave_timeout,
    "haSendHeartbeatInterval": copies.ha_send_heartbeat_interval,
    "haTransferBatchSize": copies.ha_transfer_batch_size,
    "transactionTimeOut": transactions.transaction_time_out,
    "transactionCheckMax": transactions.transaction_check_max,
    "transactionCheckInterval": transactions.transaction_check_interval,
    "fileReservedTime": files.file_reserved_time,
    "deleteWhen": files.delete_when,
    "diskMaxUsedSpaceRatio": files.disk_max_used_space_ratio,
    "cleanFileForciblyEnable": files.clean_file_forcibly_enable,
    "slaveReadEnable": copies.slave_read_enable,
}
"""In the order in which they run. Last those that need brokers of more than a minute: before that none deletes files, and a
slave does not know its master's topics."""
