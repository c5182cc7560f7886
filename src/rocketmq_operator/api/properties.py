"""broker.conf and namesrv.conf keys: which ones the operator owns, and how the seed project spelled them."""

import re

from .schema import Rule

OWNED_BROKER_KEYS = (
    "brokerClusterName",
    "brokerName",
    "brokerId",
    "brokerRole",
    "brokerIP1",
    "brokerIP2",
    "brokerPermission",
    "brokerConfigPath",
    "startAcceptSendRequestTimeStamp",
    "listenPort",
    "haListenPort",
    "namesrvAddr",
    "fetchNameSrvAddrByDnsLookup",
    "fetchNamesrvAddrByAddressServer",
    "enableControllerMode",
    "controllerAddr",
    "enableDLegerCommitLog",
    "rocketmqHome",
    "storePathRootDir",
    "storePathCommitLog",
)
"""Keys that carry identity, addresses, fencing and places: a user's value would break what the operator promises."""

OWNED_NAME_SERVER_KEYS = (
    "listenPort",
    "rocketmqHome",
    "configStorePath",
    "kvConfigPath",
    "enableControllerInNamesrv",
)

IGNORED_SEED_KEYS = frozenset({"REPLICATION_MODE"})
"""Keys of the seed project's ``properties`` that repeat a field of the spec; it never read them either."""

_UPPER_SNAKE = re.compile(r"[A-Z][A-Z0-9]*(_[A-Z0-9]+)*")


def canonical_key(key: str) -> str:
    """``DELETE_WHEN`` (the seed project's spelling) becomes ``deleteWhen``; other keys stay as they are."""
    if not _UPPER_SNAKE.fullmatch(key):
        return key
    first, *rest = key.lower().split("_")
    return first + "".join(word.capitalize() for word in rest)


def upper_snake(key: str) -> str:
    """The seed project's spelling of a key: ``brokerIP1`` becomes ``BROKER_IP1``."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", key).upper()


def normalise(properties: dict[str, str]) -> dict[str, str]:
    """Properties under their RocketMQ names, without the seed project's repetitions of the spec."""
    return {canonical_key(key): value for key, value in properties.items() if key not in IGNORED_SEED_KEYS}


def owned_rule(keys: tuple[str, ...]) -> Rule:
    """The CEL rule that keeps owned keys out of ``properties``, in either spelling."""
    spelled = sorted({*keys, *(upper_snake(key) for key in keys)})
    listed = "[" + ", ".join(f"'{key}'" for key in spelled) + "]"
    return Rule(
        f"!{listed}.exists(k, k in self)",
        f"the operator sets these keys itself, in either spelling; remove them: {', '.join(keys)}",
    )


LINE_RULE = Rule(
    r"self.all(k, k.matches('^[A-Za-z][A-Za-z0-9_.]*$') && !self[k].matches('[\\n\\r]'))",
    "keys are RocketMQ property names (letters, digits, '_' and '.'), values are a single line",
)
