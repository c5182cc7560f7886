"""What a look at the world found: the input of every plan. Nothing here knows where it came from."""

from collections.abc import Callable, Hashable, Mapping
from functools import cached_property, lru_cache
from typing import Any, TypeVar

import msgspec

from rocketmq_operator.api import BrokerCluster, NameServer

from .addresses import NameServers
from .groups.data import BrokerData
from .release import THIS, Release

Json = dict[str, Any]
T = TypeVar("T")


class Problem(msgspec.Struct, frozen=True, order=True):
    """Something a user should know: one CamelCase word, and a sentence that names the object and the way out."""

    reason: str
    message: str


@lru_cache(maxsize=256)
def _decoded(raw: bytes) -> Any:
    """A plan asks for the same few objects again and again; a cluster of 256 groups has more, and is decoded more often."""
    return msgspec.json.decode(raw)


class Remembering(msgspec.Struct, frozen=True, dict=True):
    """A fact that remembers what was found out about it, so that each question is answered once."""

    def known(self, question: Hashable, answer: Callable[[], T]) -> T:
        """The answer, which must follow from this fact and the question alone."""
        answers: dict[Hashable, Any] = self.__dict__.setdefault("answers", {})
        if question not in answers:
            answers[question] = answer()
        found: T = answers[question]
        return found


class Size(msgspec.Struct, frozen=True):
    """As much of a workload's spec as says how many pods it has."""

    replicas: int = 1


class ObjectFact(Remembering, frozen=True):
    """An object that carries our label: identity, owner, the hash we left on it, and what it says now.

    ``notes`` are its annotations in our name; ``number`` is the revision number of a ControllerRevision.
    """

    kind: str
    name: str
    uid: str = ""
    owner_uid: str = ""
    hash: str = ""
    spec: msgspec.Raw = msgspec.Raw(b"")
    data: msgspec.Raw = msgspec.Raw(b"")
    resource_version: str = ""
    notes: Mapping[str, str] = {}
    number: int = 0
    deleting: bool = False

    @cached_property
    def settings(self) -> dict[str, str]:
        """``data`` of a ConfigMap that is read again and again; to be read, not to be changed."""
        found: dict[str, str] = msgspec.json.decode(self.data) if bytes(self.data) else {}
        return found

    @cached_property
    def replicas(self) -> int:
        """Of a workload: how many pods it has by its spec."""
        return msgspec.json.decode(self.spec, type=Size).replicas if bytes(self.spec) else 1

    def content(self) -> Json:
        """``spec`` and ``data`` decoded; to be read, not to be changed, since others are given the same."""
        pairs = (("spec", bytes(self.spec)), ("data", bytes(self.data)))
        return {name: _decoded(raw) for name, raw in pairs if raw}


class PodFact(msgspec.Struct, frozen=True):
    """A pod of ours. ``container`` is the id of the container that runs now, empty while none does.

    ``listening``: its own probe reaches it, registered or not, also while the operator cannot. ``revision`` is what it was started for, ``format`` how it was built, ``created`` and ``started`` (the container that runs) in ms since 1970, ``restart`` the annotation that asks for its
    restart, ``restarts`` how often its container was started again, ``image`` what that runs, or waits for (empty if not known),
    ``silent_since`` when its probe reached it last, if it does not (ms since 1970, 0 if not known).

    Of a name server's pod: ``listed`` is the label by which Services select it ("true", "false", "" before it had one),
    ``unlisted_since`` when it became "false", in ms since 1970, 0 where nothing says so.
    """

    name: str
    uid: str
    member: int
    group: int = 0
    ip: str = ""
    node: str = ""
    container: str = ""
    ready: bool = False
    listening: bool = False
    deleting: bool = False
    gate: str = ""
    gate_container: str = ""
    problem: Problem | None = None
    listed: str = ""
    unlisted_since: int = 0
    revision: str = ""
    format: int = 1
    created: int = 0
    started: int = 0
    restart: str = ""
    restarts: int = 0
    image: str = ""
    silent_since: int = 0

    @property
    def runs(self) -> bool:
        """Whether a container runs in it that may be asked, and that nobody stops."""
        return bool(self.container and self.ip) and not self.deleting

    @property
    def opened(self) -> bool:
        """Whether its readiness gate was opened for the container that runs now."""
        return self.gate == "True" and bool(self.container) and self.gate_container == self.container


class ClaimFact(msgspec.Struct, frozen=True):
    """A claim of ours. ``capacity``: what its volume has, empty while that is not known; ``on_node``: the storage has grown
    it, the file system in it has not; ``failed``: why it cannot grow, empty if nothing is known."""

    name: str
    uid: str
    resource_version: str
    requested: str
    capacity: str = ""
    phase: str = "Bound"
    storage_class: str = ""
    volume: str = ""
    on_node: bool = False
    failed: str = ""
    deleting: bool = False

    @property
    def lost(self) -> bool:
        """Whether what is in it is lost, or will be with the next stop of its pod."""
        return self.phase == "Lost" or self.deleting


class BrokerFact(msgspec.Struct, frozen=True):
    """What a broker says of itself (codes 26 and 28). Offsets in bytes of the commit log, times in ms since 1970.

    ``before``: a master's ``max_offset`` as it was before its slaves were asked, -1 if it was not asked then. A slave that
    keeps up has reached it, while it may lag behind ``max_offset``, which is asked last. ``in_sync``: inSyncReplicas, 0
    where there is none (4.x). ``dispatch_behind``: bytes that are not in the queues yet. ``file_reserved``: hours.
    ``followers``: slaves that are connected to a master that is still fenced (907), -1 where that was not asked or is not known.
    ``settings``: values in force of the settings that can be changed live.
    """

    cluster: str
    name: str
    broker_id: int
    role: str
    version: str = ""
    permission: int = 6
    accepts_from: int = 0
    min_offset: int = 0
    max_offset: int = 0
    name_servers: str = ""
    boot: int = 0
    in_sync: int = 0
    dispatch_behind: int = 0
    file_reserved: int = 0
    before: int = -1
    followers: int = -1
    settings: Mapping[str, str] = {}

    @property
    def held_before(self) -> int:
        """What a master held before its slaves were asked."""
        return self.max_offset if self.before < 0 else self.before


class Tail(msgspec.Struct, frozen=True):
    """What came of comparing messages at the end of a slave's log with its master's. ``differs_at``: where in the log (bytes) one
    lies that its master does not have there, -1 if all are the same."""

    differs_at: int = -1


class Registered(msgspec.Struct, frozen=True):
    """A broker group as one name server lists it: RocketMQ cluster, and address for each broker id."""

    cluster: str
    addresses: Mapping[int, str]


Registrations = Mapping[str, Mapping[str, Registered] | None]
"""For each name server its groups by name, or None if it did not answer."""


class ClusterSnapshot(Remembering, frozen=True):
    """Everything that decides about a BrokerCluster. ``data`` (by pod) and ``order`` (by name server, then topic) are there only as
    far as ``groups.decide.demand`` asked for them, ``tails`` (by slave's pod) as ``groups.decide.doubts`` did; ``cordoned`` names nodes that take no new pods. ``last_words`` are last log
    lines of pods that fail in a rollout; ``servers_rolling``: its NameServer restarts pods, or will. ``others_rolling`` other clusters restart after an upgrade of the operator, and
    ``most_rolling`` may at a time. ``claims`` by name, None where they may not be read; ``expandable`` by storage class, as far as
    ``volumes.growth.demand`` asked: whether its volumes can grow, None where it may not be read. ``now_ms``: when it was looked.
    ``release``: who looks."""

    cluster: BrokerCluster
    objects: Mapping[tuple[str, str], ObjectFact] = {}
    pods: tuple[PodFact, ...] = ()
    brokers: Mapping[str, BrokerFact] = {}
    name_servers: NameServers = NameServers()
    registrations: Registrations = {}
    config: str = ""
    problems: tuple[Problem, ...] = ()
    nodes: int | None = None
    cordoned: frozenset[str] = frozenset()
    data: Mapping[str, BrokerData] = {}
    tails: Mapping[str, Tail] = {}
    order: Mapping[str, Mapping[str, str]] = {}
    claims: Mapping[str, ClaimFact] | None = None
    expandable: Mapping[str, bool | None] = {}
    last_words: Mapping[str, str] = {}
    servers_rolling: bool = False
    others_rolling: int = 0
    most_rolling: int = 1
    now_ms: int = 0
    release: Release = THIS

    def later(self, **found: Any) -> "ClusterSnapshot":
        """With what was looked at last (``LATER``). What was found out about it before stays: no answer depends on these."""
        assert LATER.issuperset(found)
        changed = msgspec.structs.replace(self, **found)
        changed.__dict__["answers"] = self.__dict__.setdefault("answers", {})
        return changed


LATER = frozenset({"data", "tails", "order", "expandable", "others_rolling", "most_rolling"})
"""Fields on which nothing that is asked by ``known`` may depend."""


class Referring(msgspec.Struct, frozen=True):
    """A BrokerCluster that refers to a NameServer: its pods, and what the brokers in them said, where they were asked."""

    cluster: BrokerCluster
    pods: tuple[PodFact, ...] = ()
    brokers: Mapping[str, BrokerFact] = {}


Settings = Mapping[str, Mapping[str, str] | None]
"""For each name server the order configuration that it holds, by topic, or None if it did not answer."""


class NameServerSnapshot(msgspec.Struct, frozen=True):
    """Everything that decides about a NameServer. ``registrations`` and ``orders`` are by the name servers' pods; a pod
    that was not asked is not in them."""

    server: NameServer
    objects: Mapping[tuple[str, str], ObjectFact] = {}
    pods: tuple[PodFact, ...] = ()
    clusters: tuple[Referring, ...] = ()
    registrations: Registrations = {}
    orders: Settings = {}
    last_words: Mapping[str, str] = {}
    release: Release = THIS
