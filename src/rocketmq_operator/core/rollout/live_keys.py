"""Broker settings that a running broker takes by a live update (code 25), by version.

A key is here for a version only if a test showed its *effect* on a broker of that version: reading a setting back proves
nothing. Values are checked too, since a broker answers success to ``inSyncReplicas=abc`` and changes nothing. Everything
else needs a restart. How effects are shown and how a key gets here: docs/live-settings.md; the tests:
tests/integration/live_keys, held together with this table by tests/unit/core/rollout.
"""

import re
from collections.abc import Callable

import msgspec

Check = Callable[[str], bool]
"""Whether a running broker may be given this value."""

MIB = 1 << 20
_INT, _LONG = 2**31 - 1, 2**63 - 1


class LiveKey(msgspec.Struct, frozen=True):
    """The values that may be given to a running broker, and the versions in which they were shown to work."""

    allows: Check
    versions: frozenset[str]


def live(key: str, value: str, version: str) -> bool:
    """Whether a running broker of this version ("5.4.0") does as the new value says, without a restart."""
    known = LIVE_KEYS.get(key)
    return known is not None and version in known.versions and known.allows(value)


def boolean(value: str) -> bool:
    """Java takes every other word as false; whoever writes it means something else."""
    return value in ("true", "false")


def only_off(value: str) -> bool:
    """Switched on live it would have no effect until the next start."""
    return value == "false"


def whole(least: int, most: int) -> Check:
    """A whole number, as Java reads one and as we write it: no sign, no space."""

    def allows(value: str) -> bool:
        return re.fullmatch("0|[1-9][0-9]{0,18}", value) is not None and least <= int(value) <= most

    return allows


def hours(value: str) -> bool:
    """Hours of the day, such as ``04`` or ``04;16``. Source: UtilAll.isItTimeToDo."""
    return all(re.fullmatch("[01]?[0-9]|2[0-3]", hour) for hour in value.split(";"))


def word(value: str) -> bool:
    """A name without anything that a properties file or a message's properties could read otherwise."""
    return re.fullmatch("[A-Za-z0-9][A-Za-z0-9._-]{0,62}", value) is not None


_V5 = frozenset({"5.3.3", "5.4.0", "5.5.0"})
_ALL = _V5 | {"4.9.7"}
_BATCH_BYTES = whole(1024, 8 * MIB)
_BATCH_COUNT = whole(1, 1024)

LIVE_KEYS = {
    "accessMessageInMemoryMaxRatio": LiveKey(whole(0, 100), _ALL),
    "autoCreateSubscriptionGroup": LiveKey(boolean, _ALL),
    # A message for an unknown topic, sent while it was off, takes the right to be inherited from TBW102 until the next start.
    "autoCreateTopicEnable": LiveKey(only_off, _ALL),
    "brokerPermission": LiveKey(whole(2, 6), _ALL),
    "cleanFileForciblyEnable": LiveKey(boolean, _ALL),
    "deleteWhen": LiveKey(hours, _ALL),
    # A broker takes less than 10 as 10, more than 95 as 95.
    "diskMaxUsedSpaceRatio": LiveKey(whole(10, 95), _ALL),
    "enablePropertyFilter": LiveKey(boolean, _ALL),
    "fileReservedTime": LiveKey(whole(1, 24 * 3650), _ALL),
    "haSendHeartbeatInterval": LiveKey(whole(100, 20_000), _ALL),
    "haTransferBatchSize": LiveKey(whole(4096, 8 * MIB), _ALL),
    "inSyncReplicas": LiveKey(whole(1, 16), _V5),
    "longPollingEnable": LiveKey(boolean, _ALL),
    # Every thread that stores messages keeps a buffer of this size in direct memory, of which pods have for the default of 4 MiB:
    # a restart, one broker at a time, shows whether there is more.
    "maxMessageSize": LiveKey(whole(1024, 4 * MIB), _ALL),
    "maxTransferBytesOnMessageInDisk": LiveKey(_BATCH_BYTES, _ALL),
    "maxTransferBytesOnMessageInMemory": LiveKey(_BATCH_BYTES, _ALL),
    "maxTransferCountOnMessageInDisk": LiveKey(_BATCH_COUNT, _ALL),
    "maxTransferCountOnMessageInMemory": LiveKey(_BATCH_COUNT, _ALL),
    "messageIndexEnable": LiveKey(boolean, _ALL),
    "regionId": LiveKey(word, _ALL),
    "rejectPullConsumerEnable": LiveKey(boolean, _V5),
    "rejectTransactionMessage": LiveKey(boolean, _ALL),
    "shortPollingTimeMills": LiveKey(whole(100, 60_000), _ALL),
    "slaveReadEnable": LiveKey(boolean, _ALL),
    "slaveTimeout": LiveKey(whole(100, 60_000), _ALL),
    "startAcceptSendRequestTimeStamp": LiveKey(whole(0, _LONG), _ALL),
    "timerMaxDelaySec": LiveKey(whole(1, 366 * 86_400), _V5),
    "traceOn": LiveKey(boolean, _ALL),
    "transactionCheckInterval": LiveKey(whole(500, 86_400_000), _V5),
    "transactionCheckMax": LiveKey(whole(1, 10_000), _ALL),
    "transactionTimeOut": LiveKey(whole(100, _INT), _ALL),
}
"""By key. 4.9.7 has no ``inSyncReplicas``, ``rejectPullConsumerEnable`` and ``timerMaxDelaySec``, and reads
``transactionCheckInterval`` at start only."""
