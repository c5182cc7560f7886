"""The StatefulSet of one broker group."""

from typing import Any

from rocketmq_operator.api import BrokerCluster
from rocketmq_operator.api.common import PodTemplate

from .. import names
from ..memo import Memo
from ..release import FORMAT
from . import pod, storage

Json = dict[str, Any]

_made: Memo[Json] = Memo(512)

RESOURCES = pod.Defaults(cpu="250m", memory="1Gi", memory_limit="2Gi")

START_SECONDS = 1800
"""Recovery after a crash reads back through the commit log; a large store on a slow disk takes minutes."""


HELD_PARTITION = 1_000
"""More than there can be members: every pod, new ones included, gets the template that runs. It does not follow the number
of members, so that another number is no other template."""


def stateful_set(
    cluster: BrokerCluster,
    group: int,
    config: str,
    hard_spread: bool,
    replicas: int,
    started: str = "",
    partition: int = HELD_PARTITION,
    form: int = FORMAT,
) -> Json:
    """The StatefulSet of a group; nothing but ``replicas`` follows the number of members. ``started`` is the revision that
    its pods are started for, kept in their annotations, with ``form``, the format in which they are built.

    Pods start in parallel. ``partition`` holds every pod back: a pod that comes back by itself comes back as it was, and
    only a rollout, member by member, lowers it.
    """
    meta = cluster.metadata
    inputs = (meta.name, cluster.spec, config, hard_spread, replicas, started, partition, form)
    return _made.get(
        (meta.uid, group),
        inputs,
        lambda: _stateful_set(cluster, group, config, hard_spread, replicas, started, partition, form),
    )


def _stateful_set(
    cluster: BrokerCluster,
    group: int,
    config: str,
    hard_spread: bool,
    replicas: int,
    started: str,
    partition: int,
    form: int,
) -> Json:
    spec, name = cluster.spec, cluster.metadata.name
    labels = names.group_labels(name, group)
    volumes = storage.volumes(spec, labels)
    return {
        "apiVersion": "apps/v1",
        "kind": "StatefulSet",
        "metadata": {"name": names.workload(name, group), "labels": labels},
        "spec": {
            "serviceName": names.broker_service(name),
            "replicas": replicas,
            "podManagementPolicy": "Parallel",
            "selector": {"matchLabels": {names.CLUSTER_LABEL: name, names.GROUP_LABEL: str(group)}},
            "updateStrategy": {"type": "RollingUpdate", "rollingUpdate": {"partition": partition}},
            "persistentVolumeClaimRetentionPolicy": storage.retention(spec),
            "template": _template(cluster, group, config, volumes, hard_spread, started, form),
            **({"volumeClaimTemplates": list(volumes.claims)} if volumes.claims else {}),
        },
    }


def template(cluster: BrokerCluster, group: int, config: str, *, hard_spread: bool) -> Json:
    """The template of a group's pods alone: to compare it with another, so it is not kept."""
    volumes = storage.volumes(cluster.spec, names.group_labels(cluster.metadata.name, group))
    return _template(cluster, group, config, volumes, hard_spread, "", FORMAT)


def _template(
    cluster: BrokerCluster,
    group: int,
    config: str,
    volumes: storage.Volumes,
    hard_spread: bool,
    started: str,
    form: int,
) -> Json:
    spec, name = cluster.spec, cluster.metadata.name
    template = spec.pod_template or PodTemplate()
    labels = names.group_labels(name, group)
    together = {names.CLUSTER_LABEL: name, names.GROUP_LABEL: str(group)}
    default = pod.spread({names.CLUSTER_LABEL: name}, together, hard_spread)
    return {
        "metadata": {
            "labels": {**template.labels, **labels},
            **pod.annotations(template, started, form),
        },
        "spec": {
            **pod.extras(template),
            **pod.placement(template, spec.affinity, spec.node_selector, default),
            "securityContext": pod.security(),
            "readinessGates": [{"conditionType": names.REGISTERED_GATE}],
            "containers": [_container(cluster, group, template, volumes)],
            "volumes": [
                {"name": "config", "configMap": {"name": config}},
                {"name": "intent", "configMap": {"name": names.intent(name, group), "optional": True}},
                {"name": "run", "emptyDir": {}},
                *volumes.volumes,
            ],
        },
    }


def _container(cluster: BrokerCluster, group: int, template: PodTemplate, volumes: storage.Volumes) -> Json:
    spec = cluster.spec
    return {
        "name": "broker",
        "image": spec.broker_image,
        **({"imagePullPolicy": template.image_pull_policy} if template.image_pull_policy else {}),
        "command": ["bash", f"{pod.CONFIG_PATH}/broker.sh"],
        "env": pod.environment({"GROUP": str(group)}, template.env),
        "ports": [
            {"name": "broker", "containerPort": names.BROKER_PORT},
            {"name": "broker-fast", "containerPort": names.BROKER_FAST_PORT},
            {"name": "ha", "containerPort": names.HA_PORT},
        ],
        "resources": pod.resources(spec.requests, spec.limits, RESOURCES),
        "securityContext": pod.container_security(),
        "terminationMessagePolicy": "FallbackToLogsOnError",
        **pod.probes(names.BROKER_PORT, START_SECONDS),
        "volumeMounts": [
            {"name": "config", "mountPath": pod.CONFIG_PATH, "readOnly": True},
            {"name": "intent", "mountPath": "/etc/rocketmq-operator/intent", "readOnly": True},
            {"name": "run", "mountPath": f"{pod.DATA_PATH}/run"},
            {"name": volumes.store, "mountPath": f"{pod.DATA_PATH}/store"},
            {"name": volumes.logs, "mountPath": f"{pod.DATA_PATH}/logs"},
        ],
    }
