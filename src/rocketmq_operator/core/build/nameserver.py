"""Everything a ``NameServer`` is made of: ConfigMap, two Services, StatefulSet, budget."""

from typing import Any

from rocketmq_operator.api import NameServer
from rocketmq_operator.api.common import PodTemplate
from rocketmq_operator.api.properties import normalise

from .. import names
from ..drift import digest
from ..memo import Memo
from ..release import FORMAT
from . import network, pod, scripts

Json = dict[str, Any]

_made: Memo[list[Json]] = Memo(256)

HELD_PARTITION = 1_000
"""More than there can be name servers: every pod, new ones included, gets the template that runs. It does not follow
``replicas``, so that another size is no other template."""

RESOURCES = pod.Defaults(cpu="100m", memory="256Mi", memory_limit="512Mi")


def objects(server: NameServer, started: str = "", partition: int = HELD_PARTITION, form: int = FORMAT) -> list[Json]:
    """All objects of a NameServer, those first that others mention; the last is its StatefulSet."""
    meta = server.metadata
    inputs = (meta.name, server.spec, started, partition, form)
    return _made.get(meta.uid, inputs, lambda: _objects(server, started, partition, form))


def _objects(server: NameServer, started: str, partition: int, form: int) -> list[Json]:
    name = server.metadata.name
    labels, selector = names.name_server_labels(name), {names.NAME_SERVER_LABEL: name}
    listed = {**selector, names.LISTED_LABEL: "true"}
    ports = {"namesrv": names.NAME_SERVER_PORT}
    config = _config_map(server)
    return [
        config,
        network.headless(names.name_server_peers(name), labels, listed, ports, ready_only=False),
        network.headless(names.name_server_workload(name), labels, listed, ports, ready_only=True),
        network.budget(names.name_server_workload(name), labels, {"matchLabels": selector}, {"maxUnavailable": 1}),
        stateful_set(server, config["metadata"]["name"], started, partition, form),
    ]


def _config_map(server: NameServer) -> Json:
    lines = [f"{key}={value}" for key, value in sorted(normalise(server.spec.properties).items())]
    data = {
        "name-server.sh": scripts.NAME_SERVER,
        "common.sh": scripts.COMMON,
        "settings": scripts.settings(pod.java_settings(server.spec.jvm)),
        "namesrv.conf": "\n".join([*lines, f"listenPort={names.NAME_SERVER_PORT}", ""]),
    }
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {
            "name": names.name_server_config(server.metadata.name, digest(data)),
            "labels": names.name_server_labels(server.metadata.name),
        },
        "immutable": True,
        "data": data,
    }


def kept_orders(name: str, data: dict[str, str]) -> Json:
    """The mutable ConfigMap that keeps the order configuration; no pod reads it."""
    labels = names.name_server_labels(name)
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": names.name_server_orders(name), "labels": labels},
        "data": data,
    }


def stateful_set(
    server: NameServer, config: str, started: str = "", partition: int = HELD_PARTITION, form: int = FORMAT
) -> Json:
    """The StatefulSet; ``started`` is the revision that its pods are started for, kept in their annotations."""
    spec, name = server.spec, server.metadata.name
    template = spec.pod_template or PodTemplate()
    labels, selector = names.name_server_labels(name), {names.NAME_SERVER_LABEL: name}
    return {
        "apiVersion": "apps/v1",
        "kind": "StatefulSet",
        "metadata": {"name": names.name_server_workload(name), "labels": labels},
        "spec": {
            "serviceName": names.name_server_peers(name),
            "replicas": max(1, spec.replicas),
            "podManagementPolicy": "Parallel",
            "selector": {"matchLabels": selector},
            "updateStrategy": {"type": "RollingUpdate", "rollingUpdate": {"partition": partition}},
            "template": {
                "metadata": {
                    # A pod begins listed; the operator takes the label from one that is to go.
                    "labels": {**template.labels, **labels, names.LISTED_LABEL: "true"},
                    **pod.annotations(template, started, form),
                },
                "spec": {
                    **pod.extras(template),
                    **pod.placement(template, spec.affinity, spec.node_selector, pod.spread(selector, selector, False)),
                    "securityContext": pod.security(),
                    "readinessGates": [{"conditionType": names.COMPLETE_GATE}],
                    "containers": [_container(server, template)],
                    "volumes": [
                        {"name": "config", "configMap": {"name": config}},
                        {"name": "data", "emptyDir": {}},
                    ],
                },
            },
        },
    }


def _container(server: NameServer, template: PodTemplate) -> Json:
    spec = server.spec
    return {
        "name": "name-server",
        "image": spec.image,
        **({"imagePullPolicy": template.image_pull_policy} if template.image_pull_policy else {}),
        "command": ["bash", f"{pod.CONFIG_PATH}/name-server.sh"],
        "env": pod.environment({}, template.env),
        "ports": [{"name": "namesrv", "containerPort": names.NAME_SERVER_PORT}],
        "resources": pod.resources(spec.requests, spec.limits, RESOURCES),
        "securityContext": pod.container_security(),
        "terminationMessagePolicy": "FallbackToLogsOnError",
        **pod.probes(names.NAME_SERVER_PORT, 300),
        "volumeMounts": [
            {"name": "config", "mountPath": pod.CONFIG_PATH, "readOnly": True},
            {"name": "data", "mountPath": pod.DATA_PATH},
        ],
    }
