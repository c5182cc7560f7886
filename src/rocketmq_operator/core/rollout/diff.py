"""Two contents of a spec against each other: nothing, a live change, or a restart, each with its typed reason.

What is compared is what would be built, so that another spelling of the same is no change.
"""

from collections.abc import Callable, Mapping
from enum import Enum
from typing import Any

import msgspec

from rocketmq_operator.api import BrokerCluster, NameServer
from rocketmq_operator.api.properties import normalise

from ..build import config, nameserver, pod, workload
from ..drift import holds
from .content import Content, into

Json = dict[str, Any]
Live = Callable[[str, str], bool]
"""Whether a setting can be given this value in the running brokers (``live_keys``)."""


class Reason(Enum):
    """Why pods restart, or what is changed live."""

    IMAGE = "ImageChanged"
    CONFIG = "ConfigNeedsRestart"
    LIVE = "ConfigChangedLive"
    MODE = "ReplicationModeChanged"
    RESOURCES = "ResourcesChanged"
    JAVA = "JavaOptionsChanged"
    POD = "PodTemplateChanged"
    REQUESTED = "RestartRequested"
    OPERATOR = "OperatorUpgraded"


class Change(msgspec.Struct, frozen=True):
    """One difference: what it is called, before and after, and whether pods must restart for it."""

    reason: Reason
    what: str
    before: str = ""
    after: str = ""

    @property
    def restarts(self) -> bool:
        return self.reason is not Reason.LIVE

    def words(self) -> str:
        """In a sentence."""
        if not (self.before or self.after):
            return self.what
        return f"{self.what} {self.before or '(unset)'} -> {self.after or '(unset)'}"


class Built(msgspec.Struct, frozen=True):
    """What is made of a content, cut by reason."""

    image: str
    settings: Mapping[str, str]
    resources: Json
    java: Mapping[str, Any]
    rest: Json
    mode: str = ""


def of_cluster(cluster: BrokerCluster, content: Content) -> Built:
    """What a BrokerCluster's pods would be with a content."""
    spec = into(cluster.spec, content)
    made = msgspec.structs.replace(cluster, spec=spec)
    template = workload.template(made, 0, "config", hard_spread=False)
    settings = config.user_properties(spec, content.config)
    return _cut(template, settings, pod.java_settings(spec.jvm), spec.replication_mode.value)


def of_server(server: NameServer, content: Content) -> Built:
    """What a NameServer's pods would be with a content."""
    spec = into(server.spec, content)
    made = msgspec.structs.replace(server, spec=spec)
    template = nameserver.stateful_set(made, "config")["spec"]["template"]
    return _cut(template, normalise(spec.properties), pod.java_settings(spec.jvm))


def _cut(template: Json, settings: Mapping[str, str], java: Mapping[str, Any], mode: str = "") -> Built:
    (container,) = template["spec"]["containers"]
    rest = {key: value for key, value in container.items() if key not in {"image", "resources"}}
    spec = {**template["spec"], "containers": [rest]}
    return Built(container["image"], settings, container["resources"], java, {**template, "spec": spec}, mode)


def changes(before: Built, after: Built, live: Live) -> list[Change]:
    """Every difference; empty if there is none."""
    found: list[Change] = []
    if before.image != after.image:
        found.append(Change(Reason.IMAGE, "image", before.image, after.image))
    if before.mode != after.mode:
        found.append(Change(Reason.MODE, "replicationMode", before.mode, after.mode))
    found += _settings(before.settings, after.settings, live)
    if not (holds(before.resources, after.resources) and holds(after.resources, before.resources)):
        found.append(Change(Reason.RESOURCES, "resources", _text(before.resources), _text(after.resources)))
    if before.java != after.java:
        found.append(Change(Reason.JAVA, "jvm", _text(before.java), _text(after.java)))
    if not (holds(before.rest, after.rest) and holds(after.rest, before.rest)):
        found.append(Change(Reason.POD, _places(before.rest, after.rest)))
    return found


def _settings(before: Mapping[str, str], after: Mapping[str, str], live: Live) -> list[Change]:
    found = []
    for key in sorted(before.keys() | after.keys()):
        old, new = before.get(key), after.get(key)
        if old == new:
            continue
        # A setting that is taken away falls back to a default that only the broker knows.
        reason = Reason.LIVE if new is not None and live(key, new) else Reason.CONFIG
        found.append(Change(reason, key, old or "", new or ""))
    return found


def _text(value: Mapping[str, Any]) -> str:
    parts = []
    for key, each in sorted(value.items()):
        parts.append(f"{key}({_text(each)})" if isinstance(each, Mapping) else f"{key}={each}")
    return " ".join(parts)


def _places(before: Any, after: Any, path: str = "pod") -> str:
    """Where two templates differ, in the paths that ``kubectl explain`` knows; three at most."""
    return ", ".join(list(_paths(before, after, path))[:3]) or path


def _paths(before: Any, after: Any, path: str) -> list[str]:
    if isinstance(before, dict) and isinstance(after, dict):
        keys = sorted(before.keys() | after.keys())
        pairs = ((key, before.get(key), after.get(key)) for key in keys)
        return [each for key, old, new in pairs if old != new for each in _paths(old, new, f"{path}.{key}")]
    if isinstance(before, list) and isinstance(after, list) and len(before) == len(after) == 1:
        return _paths(before[0], after[0], path)
    return [path]
