"""What of a spec reaches running pods: the content of a revision (ControllerRevision), and its name.

Fields that are read anew by a running pod, or that are no matter of pods (numbers, volume sizes, rules), are not part of it.
"""

from typing import Any, TypeVar

import msgspec

from rocketmq_operator.api import BrokerClusterSpec
from rocketmq_operator.api.nameserver import NameServerSpec

from ..drift import digest
from ..facts import ObjectFact

Json = dict[str, Any]
Spec = TypeVar("Spec", BrokerClusterSpec, NameServerSpec)

SHARED = ("properties", "nodeSelector", "affinity", "requests", "limits", "jvm", "podTemplate")
BROKER_FIELDS = ("brokerImage", "replicationMode", *SHARED)
NAME_SERVER_FIELDS = ("image", *SHARED)
NOT_PODS = {"requests": ("logStorage", "storeStorage"), "limits": ("logStorage", "storeStorage")}
"""Parts of those fields that no pod sees: sizes of volumes."""

FORMAT = 1
"""How this version builds pods from a content. A new number restarts nobody: a workload that says another keeps its pods
until something else restarts them. A test fails when what is built changes and this number does not."""

OLDEST_FORMAT = 1
"""Workloads of an older format are restarted (reason OperatorUpgraded). Raised only when an old pod would do harm."""


class Content(msgspec.Struct, frozen=True):
    """Fields of a spec as they travel, and the text of the ConfigMap that the spec names."""

    spec: Json
    config: str = ""


def of_spec(spec: BrokerClusterSpec | NameServerSpec, config: str = "") -> Content:
    """The content of a spec."""
    whole: Json = msgspec.to_builtins(spec)
    fields = BROKER_FIELDS if isinstance(spec, BrokerClusterSpec) else NAME_SERVER_FIELDS
    kept = {name: _pods_part(name, whole[name]) for name in fields if name in whole}
    # Never left to a default, which another version of the operator may choose differently.
    if isinstance(spec, BrokerClusterSpec):
        kept |= {"brokerImage": spec.broker_image, "replicationMode": spec.replication_mode.value}
    else:
        kept |= {"image": spec.image}
    return Content({name: value for name, value in kept.items() if value not in ({}, None)}, config)


def _pods_part(name: str, value: Any) -> Any:
    left_out = NOT_PODS.get(name, ())
    return {key: each for key, each in value.items() if key not in left_out} if left_out else value


def into(spec: Spec, content: Content) -> Spec:
    """The spec with another content; what is no part of a content stays."""
    whole: Json = msgspec.to_builtins(spec)
    fields = BROKER_FIELDS if isinstance(spec, BrokerClusterSpec) else NAME_SERVER_FIELDS
    for name in fields:
        own = whole.pop(name, None)
        kept = {key: own[key] for key in NOT_PODS.get(name, ()) if own and key in own}
        if name in content.spec or kept:
            value = content.spec.get(name, {})
            whole[name] = {**value, **kept} if isinstance(value, dict) else value
    return msgspec.convert(whole, type(spec))


def name_of(content: Content, workloads: str) -> str:
    """The revision's name: equal content, equal name."""
    return f"{workloads}-{digest(msgspec.to_builtins(content))}"


def read(fact: ObjectFact) -> Content | None:
    """The content that a revision holds; None if it is not one of ours."""
    try:
        return msgspec.convert(fact.content().get("data"), Content)
    except msgspec.ValidationError:
        return None
