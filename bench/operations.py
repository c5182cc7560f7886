"""The operations that are measured, and what each of them adds or takes away. Pure."""

from collections.abc import Iterator

import msgspec

from rocketmq_operator.core import names
from rocketmq_operator.core.members import broker_name

from . import manifests
from .fixtures import Registered

NAME_SERVER = "names"
CLUSTER = "bench"


class Size(msgspec.Struct, frozen=True):
    """How many of each there are."""

    name_servers: int = 1
    groups: int = 2
    members: int = 2

    def servers(self) -> list[str]:
        """Pods of the name servers."""
        return [names.name_server_pod(NAME_SERVER, ordinal) for ordinal in range(self.name_servers)]

    def brokers(self) -> dict[str, tuple[str, int]]:
        """Pods of the brokers, with the name and id under which each registers."""
        spec = manifests.scaled_cluster("-").spec
        return {
            names.broker_pod(CLUSTER, group, member): (broker_name(spec, group), member)
            for group in range(self.groups)
            for member in range(self.members)
        }

    def pods(self) -> frozenset[str]:
        """All pods."""
        return frozenset(self.servers()) | frozenset(self.brokers())

    def listed(self) -> Registered:
        """What each name server lists."""
        return frozenset(self.brokers().values())


class Operation(msgspec.Struct, frozen=True):
    """A change of one number of one resource."""

    what: str
    resource: str
    field: str
    before: Size
    after: Size

    @property
    def title(self) -> str:
        """Such as `groups 2 -> 3`."""
        before, after = self._numbers()
        return f"{self.what} {before} -> {after}"

    @property
    def number(self) -> int:
        """What the field is set to."""
        return self._numbers()[1]

    @property
    def grows(self) -> bool:
        """Whether something is added."""
        before, after = self._numbers()
        return after > before

    def come(self) -> list[str]:
        """Pods that are added."""
        return sorted(self.after.pods() - self.before.pods())

    def go(self) -> list[str]:
        """Pods that are taken away."""
        return sorted(self.before.pods() - self.after.pods())

    def registrations(self) -> list[tuple[str, str, int]]:
        """What is to be seen that was not before: a name server's pod lists a broker."""
        return sorted(set(_pairs(self.after)) - set(_pairs(self.before)))

    def _numbers(self) -> tuple[int, int]:
        index = {"name servers": 0, "groups": 1, "members": 2}[self.what]
        return msgspec.structs.astuple(self.before)[index], msgspec.structs.astuple(self.after)[index]


def _pairs(size: Size) -> Iterator[tuple[str, str, int]]:
    return ((server, name, number) for server in size.servers() for name, number in size.listed())


def _operations() -> tuple[Operation, ...]:
    servers, cluster = f"nameserver/{NAME_SERVER}", f"brokercluster/{CLUSTER}"
    steps = [
        ("name servers", servers, "replicas", "name_servers", 3),
        ("name servers", servers, "replicas", "name_servers", 2),
        ("groups", cluster, "groupReplica", "groups", 3),
        ("groups", cluster, "groupReplica", "groups", 2),
        ("members", cluster, "membersPerGroup", "members", 3),
        ("members", cluster, "membersPerGroup", "members", 2),
    ]
    made, size = [], Size()
    for what, resource, field, key, number in steps:
        after = msgspec.structs.replace(size, **{key: number})
        made.append(Operation(what, resource, field, size, after))
        size = after
    return tuple(made)


OPERATIONS = _operations()
