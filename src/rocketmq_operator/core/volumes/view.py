"""The volumes of a broker group: what its StatefulSet asks for, what the spec asks for, and the claims there are."""

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from .. import names, quantity
from ..build import storage
from ..build.storage import Wish
from ..facts import ClaimFact, ClusterSnapshot, ObjectFact
from ..members import broker_name, existing

Json = dict[str, Any]


class Template(msgspec.Struct, frozen=True):
    """A claim template as it stands in a StatefulSet; an empty class is the cluster's default."""

    size: str
    storage_class: str


class Volume(msgspec.Struct, frozen=True):
    """A member's claim, the name of the template it was made from, and what the spec wants."""

    template: str
    pod: str
    claim: ClaimFact
    wish: Wish

    @property
    def asks_less(self) -> bool:
        """Whether it was asked for less than the spec wants."""
        return less(self.claim.requested, self.wish.size)

    @property
    def small(self) -> bool:
        """Whether it is known to have less than the spec wants."""
        return less(self.claim.capacity, self.wish.size)

    @property
    def grown(self) -> bool:
        """Whether it is known to have what the spec wants."""
        return bool(self.claim.capacity) and not self.small

    @property
    def accepted(self) -> bool:
        """Whether the storage has done its part, or nothing says that it must."""
        return not self.asks_less and (not self.small or self.claim.on_node)


class Group(msgspec.Struct, frozen=True):
    """A group that has a StatefulSet of ours. ``volumes``: the claims of members that exist, lowest member first; claims that
    members left behind are not among them. ``complete``: whether each of these members has all its claims."""

    index: int
    name: str
    workload: ObjectFact
    templates: Mapping[str, Template]
    volumes: tuple[Volume, ...]
    complete: bool

    def outgrown(self) -> dict[str, str]:
        """Sizes that the spec wants bigger than the templates say, by template."""
        found = {each.template: each.wish.size for each in self.volumes}
        return {name: size for name, size in found.items() if less(self.templates[name].size, size)}


def less(size: str, than: str) -> bool:
    """Whether a size is known to be smaller than another."""
    if size == than:
        return False
    left, right = quantity.parse(size), quantity.parse(than)
    return left is not None and right is not None and left < right


def groups(snapshot: ClusterSnapshot) -> list[Group]:
    """All groups, lowest first."""
    found = (group(snapshot, index) for index in existing(snapshot))
    return [each for each in found if each]


def group(snapshot: ClusterSnapshot, index: int) -> Group | None:
    """One group; None without a StatefulSet of ours."""
    return snapshot.known(("volumes", index), lambda: _group(snapshot, index))


def _group(snapshot: ClusterSnapshot, index: int) -> Group | None:
    workload = snapshot.objects.get(("StatefulSet", names.workload(snapshot.cluster.metadata.name, index)))
    if workload is None or workload.owner_uid != snapshot.cluster.metadata.uid:
        return None
    spec = workload.content().get("spec", {})
    known = templates(spec)
    wishes = storage.wishes(snapshot.cluster.spec)
    wanted = {name: wish for name, wish in wishes.items() if name in known}
    members = int(spec.get("replicas", 1))
    found = tuple(_volumes(snapshot.claims or {}, workload.name, members, wanted))
    complete = len(found) == members * len(wanted)
    return Group(index, broker_name(snapshot.cluster.spec, index), workload, known, found, complete)


def _volumes(
    claims: Mapping[str, ClaimFact], workload: str, members: int, wanted: Mapping[str, Wish]
) -> Iterator[Volume]:
    for pod in (f"{workload}-{member}" for member in range(members)):
        for name, wish in wanted.items():
            claim = claims.get(f"{name}-{pod}")
            if claim is not None:
                yield Volume(name, pod, claim, wish)


def templates(spec: Json) -> dict[str, Template]:
    """The claim templates in a StatefulSet's spec, by name."""
    return {each["metadata"]["name"]: _template(each["spec"]) for each in spec.get("volumeClaimTemplates") or ()}


def _template(spec: Json) -> Template:
    return Template(spec["resources"]["requests"]["storage"], spec.get("storageClassName") or "")


def as_they_are(wanted: Json, there: ObjectFact) -> Json:
    """A wanted StatefulSet with the claim templates of the one there: Kubernetes changes none, a set is made anew for that."""
    kept = there.content().get("spec", {}).get("volumeClaimTemplates")
    spec = {key: value for key, value in wanted["spec"].items() if key != "volumeClaimTemplates"}
    return {**wanted, "spec": {**spec, **({"volumeClaimTemplates": kept} if kept else {})}}
