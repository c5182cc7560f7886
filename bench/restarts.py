"""Rolling restarts: what they restart, and which pods came anew. Pure."""

from collections.abc import Mapping

import msgspec

from rocketmq_operator.api.scaling import ScaleDown
from rocketmq_operator.core.groups.closing import ADDRESS_SECONDS

from .kubectl import Json
from .operations import CLUSTER, NAME_SERVER, Size

SIZE = Size(name_servers=2)
"""The cluster: two groups of two, two name servers."""
CLOSING_SECONDS = float(ScaleDown().close_seconds)
"""Stated: a group that is closed for writing waits so long before its first member goes, until every client has learned it."""


class Rolling(msgspec.Struct, frozen=True):
    """A rolling restart of all pods of one resource. `stated` are seconds that are waited for clients' sake, whoever does it; so is what
    `least` says of pods: the seconds from their restart until they may serve."""

    title: str
    resource: str
    pods: tuple[str, ...]
    stated: float = 0.0
    least: Mapping[str, float] = {}

    def floor(self, bare: Mapping[str, float]) -> float:
        """Bare restarts of all its pods, and every stated wait."""
        return self.stated + sum(max(bare[pod], self.least.get(pod, 0.0)) for pod in self.pods)


def of_brokers(size: Size = SIZE) -> Rolling:
    """Each group is closed once: with two members in SYNC no slave can be spared, and the master never."""
    pods = sorted(size.brokers(), key=lambda pod: (pod.rsplit("-", 1)[0], -size.brokers()[pod][1]))
    masters = {pod: ADDRESS_SECONDS for pod in pods if size.brokers()[pod][1] == 0}
    return Rolling("brokers", f"brokercluster/{CLUSTER}", tuple(pods), size.groups * CLOSING_SECONDS, masters)


def of_name_servers(size: Size = SIZE) -> Rolling:
    """Nothing is stated: brokers register by themselves, and clients have the other ones."""
    return Rolling("name servers", f"nameserver/{NAME_SERVER}", tuple(reversed(size.servers())))


class Pods:
    """Which pods there were, by uid: each new one of the same name was a restart, and so is each new start of a container."""

    def __init__(self, pods: Mapping[str, Json]) -> None:
        self._first = {name: pod["metadata"]["uid"] for name, pod in pods.items()}
        self._uids: dict[str, set[str]] = {}
        self._starts: dict[str, int] = {}
        self._before = {pod["metadata"]["uid"]: _starts(pod) for pod in pods.values()}
        self.note(pods)

    def note(self, pods: Mapping[str, Json]) -> None:
        """What there is now."""
        for name, pod in pods.items():
            uid = pod["metadata"]["uid"]
            self._uids.setdefault(name, set()).add(uid)
            self._starts[uid] = max(self._starts.get(uid, 0), _starts(pod))

    def replaced(self, pods: Mapping[str, Json]) -> frozenset[str]:
        """The names whose pods are other ones than at the beginning, and stay."""
        return frozenset(
            name
            for name, pod in pods.items()
            if pod["metadata"]["uid"] != self._first.get(name) and "deletionTimestamp" not in pod["metadata"]
        )

    def done(self) -> dict[str, int]:
        """Restarts of each pod that restarted at all."""
        again = {uid: starts - self._before.get(uid, 0) for uid, starts in self._starts.items()}
        sums = {
            name: len(uids) - (name in self._first) + sum(again[uid] for uid in uids)
            for name, uids in self._uids.items()
        }
        return {name: number for name, number in sums.items() if number}


def _starts(pod: Json) -> int:
    """How often its containers were started again."""
    return sum(each["restartCount"] for each in pod["status"].get("containerStatuses", []))
