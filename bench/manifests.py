"""What the benchmarks put into their namespace. Pure.

The bare pods are made by the operator's own builders, without an operator: so scheduling, resources, volumes, probes and
security are the very same, and what differs is only what is named here.
"""

from collections.abc import Mapping, Sequence
from copy import deepcopy
from pathlib import Path
from typing import Any

import msgspec
import yaml

from rocketmq_operator.api import BrokerCluster
from rocketmq_operator.api.schema import API_VERSION, GROUP
from rocketmq_operator.core import names
from rocketmq_operator.core.build import config, network, workload
from rocketmq_operator.core.members import member_count

Json = dict[str, Any]

DEPLOY = Path(__file__).parents[1] / "deploy"
IMAGE = "rocketmq-operator/rocketmq:5.4.0"
NAME_SERVERS = "rocketmq-namesrv"
NAME_SERVER_DNS = f"{NAME_SERVERS}-headless:{names.NAME_SERVER_PORT}"
BROKERS = {"app.kubernetes.io/name": "rocketmq-broker"}
"""Label of all broker pods, with and without an operator."""
TOOLS = "rocketmq-tools"

MEMORY_MIB = 2048
HEAP_MIB = MEMORY_MIB * 40 // 100
DIRECT_MIB = MEMORY_MIB // 4
"""What the operator's entry script gives for the default limit; the bare pods get the same."""

_SIZES = ["-Xms{heap}m", "-Xmx{heap}m", "-XX:MaxDirectMemorySize={direct}m"]
_MODULES = ["--add-opens=java.base/java.nio=ALL-UNNAMED", "--add-opens=java.base/sun.nio.ch=ALL-UNNAMED"]
JAVA_FLAGS: dict[str, list[str]] = {
    "default": [],
    "distribution": [
        "-Xmn{young}m", "-XX:+UseG1GC", "-XX:G1HeapRegionSize=16m", "-XX:G1ReservePercent=25",
        "-XX:InitiatingHeapOccupancyPercent=30", "-XX:SoftRefLRUPolicyMSPerMB=0", "-XX:+AlwaysPreTouch",
        "-XX:-OmitStackTraceInFastThrow", "-XX:-UseLargePages",
    ],
}  # fmt: skip
"""`default`: nothing but sizes. `distribution`: what runbroker.sh of the release sets, its 8 GiB scaled to the pod."""


def name_servers(namespace: str) -> list[Json]:
    """Two name servers as in the tutorial, without the NodePort."""
    objects = [each for each in yaml.safe_load_all((DEPLOY / "00-namesrv.yaml").read_text()) if each]
    for each in objects:
        each["metadata"]["namespace"] = namespace
    return [each for each in objects if each["spec"].get("type") != "NodePort"]


def cluster(namespace: str, name: str = "bench", **spec: Any) -> BrokerCluster:
    """The tutorial's cluster of two masters with a slave each, on volumes of the pods; `spec` changes single fields."""
    fields = {
        "brokerImage": IMAGE,
        "nameServers": NAME_SERVER_DNS,
        "allMaster": False,
        "replicationMode": "SYNC",
        "groupReplica": 2,
        "membersPerGroup": 2,
        "emptyDir": True,
        **spec,
    }
    metadata = {"name": name, "namespace": namespace, "uid": f"bare-{name}"}
    body = {"apiVersion": API_VERSION, "kind": "BrokerCluster", "metadata": metadata, "spec": fields}
    return msgspec.convert(body, BrokerCluster)


def scaled_cluster(namespace: str, **spec: Any) -> BrokerCluster:
    """The same with name servers by reference, in small pods, of which three go onto two nodes."""
    term = {"labelSelector": {"matchLabels": BROKERS}, "topologyKey": "kubernetes.io/hostname"}
    prefer = {"preferredDuringSchedulingIgnoredDuringExecution": [{"weight": 100, "podAffinityTerm": term}]}
    fields = {
        "nameServers": None,
        "nameServerRef": {"name": "names"},
        "affinity": {"podAntiAffinity": prefer},
        "requests": {"cpu": "100m", "memory": "512Mi"},
        "limits": {"memory": "1Gi"},
    }
    return cluster(namespace, **{**fields, **spec})


def restarted_cluster(namespace: str) -> BrokerCluster:
    """The same on volumes, without which no master is ever restarted. Files are small, so that a start does not make large ones;
    and no broker turns a message away because the few processors here let it wait (by default for 200 ms)."""
    sizes = {"storeStorage": "2Gi", "logStorage": "300Mi"}
    properties = {
        "mappedFileSizeCommitLog": str(16 << 20),
        "mappedFileSizeConsumeQueue": "600000",
        "waitTimeMillsInSendQueue": "5000",
    }
    requests = {"cpu": "100m", "memory": "512Mi", **sizes}
    return scaled_cluster(namespace, emptyDir=False, requests=requests, properties=properties)


def name_server(namespace: str, name: str = "names", replicas: int = 1) -> Json:
    """A NameServer for the operator."""
    spec = {"image": IMAGE, "replicas": replicas, "requests": {"cpu": "50m"}}
    metadata = {"name": name, "namespace": namespace}
    return {"apiVersion": API_VERSION, "kind": "NameServer", "metadata": metadata, "spec": spec}


def by_operator(wanted: BrokerCluster) -> list[Json]:
    """One resource; the rest is the operator's."""
    metadata = {"name": wanted.metadata.name, "namespace": wanted.metadata.namespace}
    spec = msgspec.to_builtins(wanted.spec)
    return [{"apiVersion": API_VERSION, "kind": "BrokerCluster", "metadata": metadata, "spec": spec}]


def same_pods(wanted: BrokerCluster, servers: Sequence[str], nodes: int) -> list[Json]:
    """The operator's pods, script and flags, made by hand."""
    name = wanted.metadata.name
    settings = config.config_map(wanted, "")
    told = {
        "brokerPermission": "6",
        "initialized": "false",
        "members": str(member_count(wanted.spec)),
        "inSyncReplicas": "2",
        "nameServers": ";".join(servers),
        "nameServersDns": wanted.spec.name_servers or "",
    }
    groups = range(wanted.spec.group_replica)
    intents = [config.intent_map(name, group, told) for group in groups]
    sets = [_stateful_set(wanted, group, settings["metadata"]["name"], nodes) for group in groups]
    return _bare(wanted, [settings, *intents, network.broker_service(name), *sets])


def plain_pods(wanted: BrokerCluster, servers: Sequence[str], nodes: int, flags: Sequence[str]) -> list[Json]:
    """The same pods with a plain broker.conf each and java called as the distribution does, with `flags`."""
    name, groups = wanted.metadata.name, range(wanted.spec.group_replica)
    files = {
        f"{names.broker_pod(name, group, member)}.conf": _plain_conf(wanted, group, member, servers)
        for group in groups
        for member in range(member_count(wanted.spec))
    }
    settings: Json = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": f"{name}-conf"}, "data": files}
    sets = [_stateful_set(wanted, group, f"{name}-conf", nodes) for group in groups]
    for each in sets:
        pod = each["spec"]["template"]["spec"]
        pod["volumes"] = [volume for volume in pod["volumes"] if volume["name"] != "intent"]
        container = pod["containers"][0]
        container["volumeMounts"] = [mount for mount in container["volumeMounts"] if mount["name"] != "intent"]
        container["command"] = ["sh", "-c", _java_command(flags)]
        del container["env"]
    return _bare(wanted, [settings, network.broker_service(name), *sets])


def tools(namespace: str, **pod: Any) -> Json:
    """A pod to run Java tools in; `pod` changes fields of its spec."""
    body: Json = yaml.safe_load((DEPLOY.parent / "examples" / "tools.yaml").read_text())
    body["metadata"]["namespace"] = namespace
    body["spec"].update(pod)
    return body


def _stateful_set(wanted: BrokerCluster, group: int, settings: str, nodes: int) -> Json:
    count = member_count(wanted.spec)
    # What the builder gives is kept and given to others, too.
    made = deepcopy(workload.stateful_set(wanted, group, settings, hard_spread=nodes >= count, replicas=count))
    del made["spec"]["template"]["spec"]["readinessGates"]  # only an operator would open them
    return made


def _plain_conf(wanted: BrokerCluster, group: int, member: int, servers: Sequence[str]) -> str:
    """What an experienced user would write; the same replication as the operator's."""
    spec = wanted.spec
    slaves = member_count(spec) > 1
    role = "SLAVE" if member else "SYNC_MASTER" if slaves else "ASYNC_MASTER"
    lines = {
        "brokerClusterName": spec.cluster_name,
        "brokerName": f"{spec.broker_name_prefix}-{group}",
        "brokerId": str(member),
        "brokerRole": role,
        "flushDiskType": "ASYNC_FLUSH",
        "deleteWhen": "04",
        "fileReservedTime": "48",
        "namesrvAddr": ";".join(servers),
        **({"inSyncReplicas": "2"} if role == "SYNC_MASTER" else {}),
        **spec.properties,
    }
    return "".join(f"{key}={value}\n" for key, value in lines.items())


def _java_command(flags: Sequence[str]) -> str:
    sizes = {"heap": HEAP_MIB, "young": HEAP_MIB // 2, "direct": DIRECT_MIB}
    words = [flag.format(**sizes) for flag in (*_SIZES, *_MODULES, *flags)]
    home = "$ROCKETMQ_HOME"
    return " ".join(
        [
            "exec java",
            *words,
            "-Duser.home=/var/lib/rocketmq",
            f"-Drmq.logback.configurationFile={home}/conf/rmq.broker.logback.xml",
            f'-cp "{home}/conf:{home}/lib/*"',
            "org.apache.rocketmq.broker.BrokerStartup",
            '-c "/etc/rocketmq-operator/config/$HOSTNAME.conf"',
        ]
    )


def _bare(wanted: BrokerCluster, objects: Sequence[Json]) -> list[Json]:
    made: list[Json] = [_disowned(each) for each in objects]
    for each in made:
        each["metadata"]["namespace"] = wanted.metadata.namespace
    return made


def _disowned(value: Any) -> Any:
    """The same without the labels by which the operator knows what it made: it must not see these objects."""
    if isinstance(value, list):
        return [_disowned(each) for each in value]
    if not isinstance(value, Mapping):
        return value.replace(f"{GROUP}/", "bench/") if isinstance(value, str) and value.startswith(GROUP) else value
    kept = {key: each for key, each in value.items() if key not in names.MANAGED_BY}
    return {_disowned(key): _disowned(each) for key, each in kept.items()}
