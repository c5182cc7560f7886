"""Nobody restarts without a reason: bigger volumes are none, nor is another version of the operator by itself.

A resource at rest is noted: everything runs what its spec asks for, and nothing is left to do. From then on, until somebody
changes what its pods are to be, or asks for a restart, no group is closed for one, no template changes, and no pod is let through to one.
"""

from collections.abc import Iterator
from functools import partial
from typing import Any

import msgspec

from rocketmq_operator.api import BrokerClusterSpec, NameServerSpec
from rocketmq_operator.core import names
from rocketmq_operator.core.release import Release
from rocketmq_operator.core.rollout import content, target
from rocketmq_operator.reconcile.resources import CLUSTERS, NAME_SERVERS

from ..world import World
from ..world.readiness import healthy, revision_of
from ..world.revisions import name_of
from .rollouts import CLOSED, let_through

Key = tuple[str, str]
Item = tuple[str, str, str]
KINDS = {CLUSTERS.plural: names.CLUSTER_LABEL, NAME_SERVERS.plural: names.NAME_SERVER_LABEL}
REST_SECONDS = 30.0
"""At rest for so long: an operator with an older view has seen it, too."""
SIZES = {
    "storage": ("size", "logSize"),
    "requests": ("storeStorage", "logStorage"),
    "limits": ("storeStorage", "logStorage"),
    "volumeClaimTemplate": ("spec",),
}
GROWTH, UPGRADE, NOTHING = "growth-restarts-nobody", "upgrade-restarts-nobody", "restarts-for-a-reason"


class Reasons:
    """``_rests`` says since when a resource is at rest, ``_causes`` what has happened to it since that is no reason to restart."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._rests: dict[Item, float] = {}
        self._noted: set[Item] = set()
        self._causes: dict[Item, str] = {}
        for plural in KINDS:
            world.api.listen(plural, partial(self._changed, plural))
        for plural in ("statefulsets", "pods"):
            world.api.listen(plural, self._asked)

    # --- what is a reason

    def upgraded(self) -> None:
        """An operator that lets every pod be as it is takes over."""
        self._causes |= dict.fromkeys(self._noted, UPGRADE)

    def outdated(self, release: Release) -> None:
        """From now on whatever is older than a version allows has a reason."""
        self._world.oldest = release.oldest
        self._noted.clear()
        self._rests.clear()

    def _changed(self, plural: str, key: Key, old: Any, new: Any) -> None:
        item = (plural, *key)
        if old is None or new is None or _wish(old) != _wish(new):
            self._noted.discard(item)
            self._rests.pop(item, None)
        elif old["spec"] != new["spec"] and item in self._noted:
            self._causes[item] = GROWTH

    def _asked(self, key: Key, old: Any, new: Any) -> None:
        """Restarts are asked for on workloads and pods, too."""
        if new is not None and _restart(new) != (_restart(old) if old is not None else ""):
            item = _owner(new)
            self._noted.discard(item)
            self._rests.pop(item, None)

    # --- what rests

    def look(self) -> None:
        """Note what is at rest."""
        now = self._world.kernel.now()
        for plural, label in KINDS.items():
            for key, stored in self._world.api.all(plural).items():
                item = (plural, *key)
                if item in self._noted:
                    self._world.kernel.count(f"rest/{plural}/{self._causes.get(item, 'nothing')}")
                elif not self._at_rest(stored.obj, label):
                    self._rests.pop(item, None)
                elif self._rests.setdefault(item, now) <= now - REST_SECONDS:
                    self._noted.add(item)
                    self._causes.pop(item, None)

    def everything_rests(self) -> bool:
        """Whether all resources are noted."""
        there = {(plural, *key) for plural in KINDS for key in self._world.api.all(plural)}
        return there <= self._noted

    def _at_rest(self, obj: Any, label: str) -> bool:
        """By what is true: every set is at the revision that is to run, every pod at its set's template, none asked to restart."""
        status, meta = obj.get("status", {}), obj["metadata"]
        rolling: Any = next((each for each in status.get("conditions", ()) if each["type"] == "RollingOut"), {})
        if status.get("observedGeneration") != meta["generation"] or rolling.get("status") != "False":
            return False
        # Annotations change no generation: a status may be of the time before an undo was taken back.
        if status.get("revision") != self._asked_for(obj):
            return False
        sets = [each for each in self._world.api.objects("statefulsets") if _labelled(each, label, meta["name"])]
        return bool(sets) and all(self._done(each, label, obj) for each in sets)

    def _asked_for(self, obj: Any) -> str:
        """The revision that is to run: what the spec asks for, or what an undo of that names."""
        meta = obj["metadata"]
        asked = _named(obj)
        instead = target.run_instead(meta.get("annotations", {}), asked)
        there = instead and self._world.api.find("controllerrevisions", (meta["namespace"], instead))
        return instead if there else asked

    def _done(self, workload: Any, label: str, obj: Any) -> bool:
        meta, spec = workload["metadata"], workload["spec"]
        if meta.get("annotations", {}).get(names.REVISION_LABEL) != obj["status"].get("revision"):
            return False
        newest = name_of(meta["name"], spec["template"])
        asked = max(_restart(obj), _restart(workload))
        found = [each for each in self._world.api.objects("pods") if _owned(each, meta["uid"])]
        return len(found) == spec["replicas"] and all(
            healthy(pod) and revision_of(pod) == newest and _fresh(pod, asked) and _format(pod) >= self._world.oldest
            for pod in found
        )

    # --- what would need one

    def object_write(self, verb: str, plural: str, key: Key, body: Any) -> Iterator[tuple[str, str | None]]:
        """What is wrong with a write, by rule."""
        there = self._world.api.find(plural, key)
        if there is None or plural not in ("statefulsets", "configmaps") or not isinstance(body, dict):
            return
        item = _owner(there)
        version = body.get("metadata", {}).get("resourceVersion")
        if item not in self._noted or (version and version != there["metadata"]["resourceVersion"]):
            return
        yield self._causes.get(item, NOTHING), self._restarts(verb, plural, key, body, there)

    def _restarts(self, verb: str, plural: str, key: Key, body: Any, there: Any) -> str | None:
        if plural == "configmaps":
            before, after = there.get("data", {}).get("phase"), body.get("data", {}).get("phase")
            closes = verb == "apply" and after in CLOSED and before not in CLOSED
            return f"{key[1]} says {after}, and nobody asked for a restart" if closes else None
        template = body.get("spec", {}).get("template")
        if template and name_of(key[1], template) != name_of(key[1], there["spec"]["template"]):
            return f"{key[1]} gets another template, and nobody asked for one"
        taken = let_through(self._world, verb, plural, key, body)
        return f"{taken} are let through, and nobody asked for a restart" if taken else None


def _wish(obj: Any) -> Any:
    """What a resource says of its pods, and who may hold or ask for what: everything but the sizes of volumes."""
    spec = {
        name: {key: each for key, each in value.items() if key not in SIZES[name]} if name in SIZES else value
        for name, value in obj["spec"].items()
    }
    meta = obj["metadata"]
    kept = {name: value for name, value in spec.items() if value or name not in SIZES}
    return kept, meta.get("annotations", {}), meta.get("deletionTimestamp")


def _named(obj: Any) -> str:
    """The name of the revision that a spec asks for."""
    name = obj["metadata"]["name"]
    if obj["kind"] == NAME_SERVERS.kind:
        servers = msgspec.convert(obj["spec"], NameServerSpec)
        return content.name_of(content.of_spec(servers), names.name_server_workload(name))
    brokers = msgspec.convert(obj["spec"], BrokerClusterSpec)
    return content.name_of(content.of_spec(brokers), names.broker_workloads(name))


def _restart(obj: Any) -> str:
    return str(obj["metadata"].get("annotations", {}).get(names.RESTART, ""))


def _fresh(pod: Any, asked: str) -> bool:
    """Whether a pod is younger than each restart that is asked for; stamps of one format are in the order of their times."""
    return bool(pod["metadata"]["creationTimestamp"] > max(asked, _restart(pod)))


def _format(pod: Any) -> int:
    return int(pod["metadata"]["annotations"][names.FORMAT_ANNOTATION])


def _owner(obj: Any) -> Item:
    meta = obj["metadata"]
    labels = meta.get("labels", {})
    for plural, label in KINDS.items():
        if label in labels:
            return plural, meta.get("namespace", ""), labels[label]
    return "", "", ""


def _labelled(obj: Any, label: str, name: str) -> bool:
    return bool(obj["metadata"].get("labels", {}).get(label) == name)


def _owned(pod: Any, uid: str) -> bool:
    return any(each["uid"] == uid for each in pod["metadata"].get("ownerReferences", ()))
