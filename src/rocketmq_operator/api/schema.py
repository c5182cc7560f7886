"""Words with which the kinds describe themselves; the CRD writer (``crd``) reads them.

A field is ``Annotated[type, doc("...")]``; what Kubernetes wants beyond msgspec's own constraints
(list types, CEL rules, preserved objects) travels in ``Meta.extra`` under the names of the OpenAPI extensions.
"""

from typing import Any

import msgspec

GROUP = "rocketmq.huanwei.io"
VERSION = "v1alpha1"
API_VERSION = f"{GROUP}/{VERSION}"

QUANTITY = (
    r"^(\+|-)?(([0-9]+(\.[0-9]*)?)|(\.[0-9]+))(([KMGTPE]i)|[numkMGTPE]|([eE](\+|-)?(([0-9]+(\.[0-9]*)?)|(\.[0-9]+))))?$"
)
DNS_LABEL = r"^[a-z]([-a-z0-9]*[a-z0-9])?$"
DNS_SUBDOMAIN = r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$"


class Rule(msgspec.Struct, frozen=True):
    """A CEL rule (``x-kubernetes-validations``): ``rule`` must hold, or the API server answers ``message``."""

    rule: str
    message: str
    field_path: str = ""


IMMUTABLE = Rule("self == oldSelf", "cannot be changed after creation; create a new resource instead")


def doc(
    description: str = "",
    *,
    rules: tuple[Rule, ...] = (),
    list_type: str = "",
    list_keys: tuple[str, ...] = (),
    preserve: bool = False,
    max_properties: int | None = None,
    **bounds: Any,
) -> msgspec.Meta:
    """Describe a field.

    ``bounds`` (``ge``, ``le``, ``min_length``, ``max_length``, ``pattern``) go into the schema only, where the API server
    enforces them: an object that was stored under an older schema must still be readable. They are not decoration either:
    CEL cost estimates need them.
    """
    extra: dict[str, Any] = {"bounds": bounds} if bounds else {}
    if rules:
        extra["rules"] = rules
    if list_type:
        extra["x-kubernetes-list-type"] = list_type
    if list_keys:
        extra["x-kubernetes-list-map-keys"] = list(list_keys)
    if preserve:
        extra["x-kubernetes-preserve-unknown-fields"] = True
    if max_properties is not None:
        extra["maxProperties"] = max_properties
    return msgspec.Meta(description=description or None, extra=extra or None)


class Column(msgspec.Struct, frozen=True):
    """A printer column of ``kubectl get``; ``priority`` 1 shows only with ``-o wide``."""

    name: str
    path: str
    type: str = "string"
    description: str = ""
    priority: int = 0


class Scale(msgspec.Struct, frozen=True):
    """The ``scale`` subresource: JSON paths of the wanted number, the reported number and the selector."""

    spec: str
    status: str
    selector: str


class Kind(msgspec.Struct, frozen=True):
    """Everything a CustomResourceDefinition says about one kind."""

    kind: str
    plural: str
    singular: str
    short_names: tuple[str, ...]
    type: type[msgspec.Struct]
    description: str
    columns: tuple[Column, ...]
    scale: Scale
    categories: tuple[str, ...] = ("rocketmq",)
