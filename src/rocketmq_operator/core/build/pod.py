"""The parts of a pod that brokers and name servers share: Pod Security ``restricted``, resources, placement, probes."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Protocol

import msgspec

from rocketmq_operator.api.common import Jvm, PodTemplate

from .. import names, quantity

Json = dict[str, Any]

CONFIG_PATH = "/etc/rocketmq-operator/config"
DATA_PATH = "/var/lib/rocketmq"
USER = 3000
"""The user of the official images, which they give by name only; a number is what ``runAsNonRoot`` can check."""


def security() -> Json:
    """Pod security context that the ``restricted`` profile accepts; volumes belong to the official images' user."""
    return {
        "runAsNonRoot": True,
        "runAsUser": USER,
        "runAsGroup": USER,
        "fsGroup": USER,
        "fsGroupChangePolicy": "OnRootMismatch",
        "seccompProfile": {"type": "RuntimeDefault"},
    }


def container_security() -> Json:
    """Container security context that the ``restricted`` profile accepts."""
    return {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}}


class Defaults(msgspec.Struct, frozen=True):
    """Resources of a container whose spec gives none; CPU has no limit, because throttling shows as latency."""

    cpu: str
    memory: str
    memory_limit: str


class Wishes(Protocol):
    """What a spec says of CPU and memory."""

    @property
    def cpu(self) -> str | None: ...

    @property
    def memory(self) -> str | None: ...


def resources(requests: Wishes | None, limits: Wishes | None, defaults: Defaults) -> Json:
    """Resources of a container: the spec's values, and defaults that never put a request above its limit."""
    cpu, memory = (requests and requests.cpu, requests and requests.memory)
    cpu_limit, memory_limit = (limits and limits.cpu, limits and limits.memory)
    memory_limit = memory_limit or max(defaults.memory_limit, memory or "0", key=_size)
    return {
        "requests": {
            "cpu": cpu or min(defaults.cpu, cpu_limit or defaults.cpu, key=_size),
            "memory": memory or min(defaults.memory, memory_limit, key=_size),
        },
        "limits": {"memory": memory_limit, **({"cpu": cpu_limit} if cpu_limit else {})},
    }


def _size(text: str) -> Decimal:
    return quantity.parse(text) or Decimal(0)


def environment(values: Mapping[str, str], user: Mapping[str, str]) -> list[Json]:
    """What the entry scripts read, then the user's own variables, which cannot hide ours."""
    fields = {"POD_NAME": "metadata.name", "POD_NAMESPACE": "metadata.namespace", "POD_IP": "status.podIP"}
    ours: list[Json] = [{"name": name, "valueFrom": {"fieldRef": {"fieldPath": path}}} for name, path in fields.items()]
    ours.append(
        {"name": "MEMORY_LIMIT_MIB", "valueFrom": {"resourceFieldRef": {"resource": "limits.memory", "divisor": "1Mi"}}}
    )
    ours += [{"name": name, "value": value} for name, value in values.items()]
    taken = {each["name"] for each in ours}
    return ours + [{"name": name, "value": value} for name, value in sorted(user.items()) if name not in taken]


def probes(port: int, start_seconds: int) -> Json:
    """TCP probes: start is looked at each second so that nothing waits for a probe; recovery of a large store may take long.

    A TCP connection proves only that the process listens; that it serves is what the readiness gate says.
    """
    check: Json = {"tcpSocket": {"port": port}}
    return {
        "startupProbe": {**check, "periodSeconds": 1, "failureThreshold": start_seconds},
        "readinessProbe": {**check, "periodSeconds": 5, "failureThreshold": 3, "timeoutSeconds": 3},
        "livenessProbe": {**check, "periodSeconds": 10, "failureThreshold": 6, "timeoutSeconds": 3},
    }


def spread(labels: Mapping[str, str], together: Mapping[str, str] | None, hard: bool) -> Json:
    """Default placement: ``together`` (a broker group) never shares a node where nodes suffice; all spread over nodes and zones."""
    placement: Json = {
        "topologySpreadConstraints": [
            {
                "maxSkew": 1,
                "topologyKey": key,
                "whenUnsatisfiable": "ScheduleAnyway",
                "labelSelector": {"matchLabels": dict(labels)},
            }
            for key in ("kubernetes.io/hostname", "topology.kubernetes.io/zone")
        ]
    }
    if together:
        term: Json = {"labelSelector": {"matchLabels": dict(together)}, "topologyKey": "kubernetes.io/hostname"}
        rule: Json = (
            {"requiredDuringSchedulingIgnoredDuringExecution": [term]}
            if hard
            else {"preferredDuringSchedulingIgnoredDuringExecution": [{"weight": 100, "podAffinityTerm": term}]}
        )
        placement["affinity"] = {"podAntiAffinity": rule}
    return placement


def placement(template: PodTemplate, affinity: Json | None, selector: Mapping[str, str], default: Json) -> Json:
    """Where pods may run: the user's words replace the defaults, each on its own."""
    body = dict(default)
    if affinity is not None:
        body["affinity"] = affinity
    if template.topology_spread_constraints:
        body["topologySpreadConstraints"] = list(template.topology_spread_constraints)
    if selector:
        body["nodeSelector"] = dict(selector)
    if template.tolerations:
        body["tolerations"] = [msgspec.to_builtins(toleration) for toleration in template.tolerations]
    return body


def annotations(template: PodTemplate, started: str, form: int) -> Json:
    """The user's annotations, the revision that a pod is started for, and the format in which it was built."""
    ours = {names.REVISION_LABEL: started, names.FORMAT_ANNOTATION: str(form)} if started else {}
    every = {**template.annotations, **ours}
    return {"annotations": every} if every else {}


def extras(template: PodTemplate) -> Json:
    """Pod fields taken from the template as they are."""
    body: Json = {
        "terminationGracePeriodSeconds": template.termination_grace_period_seconds,
        "automountServiceAccountToken": False,
        "enableServiceLinks": False,
    }
    if template.priority_class_name:
        body["priorityClassName"] = template.priority_class_name
    if template.service_account_name:
        body["serviceAccountName"] = template.service_account_name
    if template.image_pull_secrets:
        body["imagePullSecrets"] = [{"name": secret.name} for secret in template.image_pull_secrets]
    return body


def java_settings(jvm: Jvm | None) -> dict[str, str | list[str]]:
    """The script settings that stand for the spec's ``jvm``."""
    return {"JVM_HEAP": (jvm.heap if jvm and jvm.heap else ""), "JVM_OPTIONS": list(jvm.options) if jvm else []}
