"""Resources that tests apply: as small as brokers can be, otherwise as users write them."""

from typing import Any

Json = dict[str, Any]

API = "rocketmq.huanwei.io/v1alpha1"
IMAGE = "rocketmq-operator/rocketmq:5.4.0"
QUIET_TIMERS = "10000"
"""Each broker of 5.x compares 38 MB of its timer wheel byte by byte so often (TimerWheel.flush): at its default of a second that
is a fifth of a processor for a broker that does nothing."""
SMALL: Json = {
    "brokerImage": IMAGE,
    "requests": {"cpu": "50m", "memory": "300Mi", "storeStorage": "300Mi", "logStorage": "300Mi"},
    "limits": {"memory": "700Mi"},
    "properties": {
        "mappedFileSizeCommitLog": "16777216",
        "mappedFileSizeConsumeQueue": "600000",
        "timerFlushIntervalMs": QUIET_TIMERS,
    },
}


def cluster(name: str, namespace: str, **spec: Any) -> Json:
    """A BrokerCluster: fields of ``SMALL`` unless given otherwise."""
    merged = {**SMALL, **spec}
    return {
        "apiVersion": API,
        "kind": "BrokerCluster",
        "metadata": {"name": name, "namespace": namespace},
        "spec": merged,
    }


def name_server(name: str, namespace: str, replicas: int = 1, image: str = IMAGE) -> Json:
    """A NameServer."""
    spec = {"image": image, "replicas": replicas, "requests": {"cpu": "50m"}}
    return {"apiVersion": API, "kind": "NameServer", "metadata": {"name": name, "namespace": namespace}, "spec": spec}
