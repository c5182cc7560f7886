"""Classes the settings of BrokerConfig and MessageStoreConfig by who reads them.

A setting that only start-up code reads needs a restart. One that is read at use *may* be live: what was made of it before
may stay, and a value may break what relies on the old one. So this gives candidates; tests give effects.
"""

import re
import zipfile
from collections.abc import Iterable, Iterator
from enum import Enum
from pathlib import Path

import msgspec
from tools.broker_keys.classfile import ClassFile

CONFIGS = {
    "org/apache/rocketmq/common/BrokerConfig": "BrokerConfig",
    "org/apache/rocketmq/store/config/MessageStoreConfig": "MessageStoreConfig",
    "org/apache/rocketmq/tieredstore/MessageStoreConfig": "tieredstore.MessageStoreConfig",
}
_PARENTS = {"org/apache/rocketmq/common/BrokerIdentity": "BrokerConfig"}
"""Hold settings of the class that extends them; a call of theirs may be one on something else."""

_GETTER = re.compile(r"(?:get|is)([A-Za-z]\w*)")
_SETTER = re.compile(r"set([A-Za-z]\w*)")
_TYPES = {"I": "int", "J": "long", "D": "double", "F": "float", "Z": "boolean", "Ljava/lang/String;": "String"}
"""What a setting can be. Source: MixAll.properties2Object, which leaves all others."""
_START = re.compile(r"<init>|<clinit>|(?:start|init|load|recover|prepareFor)\w*|parseDelayLevel")
_START_CLASSES = {"BrokerStartup"}
_LAMBDA = re.compile(r"lambda\$(.+)\$\d+")


class Use(Enum):
    """When a setting is read."""

    LIVE = "live"
    START = "start"
    MIXED = "mixed"
    UNREAD = "unread"


class Setting(msgspec.Struct, frozen=True):
    """A key, its type as Java writes it, and the methods ("Class.method") that read it at start and at use."""

    key: str
    config: str
    type: str
    at_start: tuple[str, ...]
    at_use: tuple[str, ...]

    @property
    def use(self) -> Use:
        if self.at_start:
            return Use.MIXED if self.at_use else Use.START
        return Use.LIVE if self.at_use else Use.UNREAD


def settings(jars: Path) -> list[Setting]:
    """All settings of a version, sorted; `jars` is the folder with its jars."""
    paths = sorted(jars.glob("rocketmq-*.jar"))
    if not paths:
        raise FileNotFoundError(f"no RocketMQ jars in {jars}")
    return classed(ClassFile(data) for path in paths for data in _classes(path))


def classed(classes: Iterable[ClassFile]) -> list[Setting]:
    """The settings of the configurations that are among the classes, by the calls in all of them."""
    types: dict[tuple[str, str], str] = {}
    readers: dict[tuple[str, str], set[str]] = {}
    for each in classes:
        config = CONFIGS.get(each.name) or _PARENTS.get(each.name)
        if config:
            types |= {(config, key): kind for key, kind in _keys(each)}
            continue
        for call in each.calls():
            getter = _GETTER.fullmatch(call.target)
            if getter and call.owner in CONFIGS:
                key = (CONFIGS[call.owner], _decapitalised(getter[1]))
                readers.setdefault(key, set()).add(f"{_short(each.name)}.{call.caller}")
    return [
        _setting(config, key, kind, readers.get((config, key), set())) for (config, key), kind in sorted(types.items())
    ]


def is_start(caller: str) -> bool:
    """Whether a method ("Class.method") runs while the broker starts, by its name; a lambda is its method's."""
    owner, _, method = caller.rpartition(".")
    inner = _LAMBDA.fullmatch(method)
    return owner in _START_CLASSES or _START.fullmatch(inner[1] if inner else method) is not None


def _setting(config: str, key: str, kind: str, readers: set[str]) -> Setting:
    start = tuple(sorted(filter(is_start, readers)))
    return Setting(key, config, kind, start, tuple(sorted(readers - set(start))))


def _keys(config: ClassFile) -> Iterator[tuple[str, str]]:
    """Keys and types by the setters, as the broker finds them."""
    for name, descriptor in config.methods():
        setter, kind = _SETTER.fullmatch(name), _TYPES.get(descriptor[1:].partition(")")[0])
        if setter and kind:
            yield _decapitalised(setter[1]), kind


def _decapitalised(name: str) -> str:
    return name[:1].lower() + name[1:]


def _short(name: str) -> str:
    return name.rpartition("/")[2]


def _classes(jar: Path) -> Iterator[bytes]:
    with zipfile.ZipFile(jar) as archive:
        for name in archive.namelist():
            if name.endswith(".class") and not name.startswith("META-INF/") and name != "module-info.class":
                yield archive.read(name)
