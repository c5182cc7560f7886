"""Names and labels of everything the operator makes; the one place where they are put together.

Names never collide between kinds: a NameServer's objects carry the suffix ``-ns``, a BrokerCluster's StatefulSets end in
the number of their group and its other objects start with ``<name>-broker``.
"""

from rocketmq_operator.api.schema import GROUP

Labels = dict[str, str]

FIELD_MANAGER = "rocketmq-operator"
MANAGED_BY = {"app.kubernetes.io/managed-by": FIELD_MANAGER}
MANAGED_SELECTOR = f"app.kubernetes.io/managed-by={FIELD_MANAGER}"

CLUSTER_LABEL = f"{GROUP}/cluster"
GROUP_LABEL = f"{GROUP}/group"
NAME_SERVER_LABEL = f"{GROUP}/name-server"
POD_INDEX_LABEL = "apps.kubernetes.io/pod-index"

HASH_ANNOTATION = f"{GROUP}/hash"
DELETE_UNCONSUMED = f"{GROUP}/delete-unconsumed"
"""Annotation: the cluster may be deleted although it holds messages that nobody has read."""
REVISION_LABEL = f"{GROUP}/revision"
"""Label of our ControllerRevisions ("true"); annotation of a workload and of its pods: the revision it is at."""
FORMAT_ANNOTATION = f"{GROUP}/format"
TOLD_ANNOTATION = f"{GROUP}/told"
"""On a workload: the revision to which running pods were brought live, and the one that they were started for."""
COMPLETE_ANNOTATION = f"{GROUP}/complete"
"""Annotation of a ControllerRevision: it ran everywhere once."""
RUN_REVISION = f"{GROUP}/run-revision"
"""Annotation of a resource: "FROM TO": while its spec is revision FROM, TO runs instead (undo, automatic rollback)."""
ROLLOUT_PAUSED = f"{GROUP}/rollout-paused"
PROMOTED = f"{GROUP}/promoted"
"""Annotation of a cluster: the revision whose canary was accepted."""
RESTART = f"{GROUP}/restart"
"""Annotation of a resource, a group's StatefulSet or a pod: pods that are older than this time (RFC 3339) are restarted."""
OURS = f"{GROUP}/"

MESSAGES_FINALIZER = f"{GROUP}/messages"
REGISTERED_GATE = f"{GROUP}/registered"
COMPLETE_GATE = f"{GROUP}/complete"
LISTED_LABEL = f"{GROUP}/listed"
UNLISTED_SINCE = f"{GROUP}/unlisted-since"

BROKER_PORT = 10911
BROKER_FAST_PORT = 10909
HA_PORT = 10912
NAME_SERVER_PORT = 9876


def cluster_labels(cluster: str) -> Labels:
    """Labels of everything that belongs to a BrokerCluster."""
    return {
        **MANAGED_BY,
        "app.kubernetes.io/name": "rocketmq-broker",
        "app.kubernetes.io/instance": cluster,
        CLUSTER_LABEL: cluster,
    }


def group_labels(cluster: str, group: int) -> Labels:
    """Labels of one broker group's StatefulSet, pods and claims."""
    return {**cluster_labels(cluster), GROUP_LABEL: str(group)}


def name_server_labels(name: str) -> Labels:
    """Labels of everything that belongs to a NameServer."""
    return {
        **MANAGED_BY,
        "app.kubernetes.io/name": "rocketmq-name-server",
        "app.kubernetes.io/instance": name,
        NAME_SERVER_LABEL: name,
    }


def workload(cluster: str, group: int) -> str:
    """StatefulSet of a broker group."""
    return f"{cluster}-{group}"


def broker_pod(cluster: str, group: int, member: int) -> str:
    """Pod of a broker, as in the seed: ``<cluster>-<group>-<member>``."""
    return f"{cluster}-{group}-{member}"


def broker_service(cluster: str) -> str:
    """Headless Service that gives every broker its stable name, ready or not."""
    return f"{cluster}-broker"


def broker_config(cluster: str, digest: str) -> str:
    """Immutable ConfigMap with the entry script and broker.conf; its name is the hash of its content."""
    return f"{cluster}-broker-config-{digest}"


def intent(cluster: str, group: int) -> str:
    """ConfigMap with what a restarting broker of the group must know now: permission, name servers, whether it was opened."""
    return f"{cluster}-broker-intent-{group}"


def budget(cluster: str, role: str) -> str:
    """PodDisruptionBudget of the masters or of the slaves."""
    return f"{cluster}-broker-{role}"


def revision(workloads: str, digest: str) -> str:
    """ControllerRevision with what a spec asked of running pods; ``workloads`` as in ``broker_workloads``."""
    return f"{workloads}-{digest}"


def broker_workloads(cluster: str) -> str:
    """What the revisions of a BrokerCluster begin with."""
    return f"{cluster}-broker"


def name_server_workload(name: str) -> str:
    """StatefulSet and ready-only Service (for clients) of a NameServer."""
    return f"{name}-ns"


def name_server_peers(name: str) -> str:
    """Headless Service of a NameServer for brokers; it lists name servers ready or not, so that no answer is partial."""
    return f"{name}-ns-all"


def name_server_pod(name: str, ordinal: int) -> str:
    """Pod of a name server."""
    return f"{name_server_workload(name)}-{ordinal}"


def name_server_dns(namespace: str, name: str) -> str:
    """The one name with port that stands for all listed name servers, ready or not: for brokers."""
    return f"{name_server_peers(name)}.{namespace}.svc:{NAME_SERVER_PORT}"


def name_server_address(namespace: str, name: str, ordinal: int) -> str:
    """The stable name with port of one name server."""
    return f"{name_server_pod(name, ordinal)}.{name_server_dns(namespace, name)}"


def name_server_config(name: str, digest: str) -> str:
    """Immutable ConfigMap with the name servers' entry script and namesrv.conf."""
    return f"{name}-ns-config-{digest}"


def name_server_orders(name: str) -> str:
    """ConfigMap with the order configuration that a NameServer's pods hold, for when none of them is left."""
    return f"{name}-ns-orders"
