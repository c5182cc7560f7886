"""The little of each watched object that decisions need: one small Struct a kind, every field there for a reason.

Decoded straight from the API server's bytes; what is not named here is never kept.
"""

from datetime import datetime

import msgspec

from rocketmq_operator.core import names, pods
from rocketmq_operator.core.facts import ClaimFact, ObjectFact, PodFact
from rocketmq_operator.kube.types import Meta


class View(msgspec.Struct, frozen=True, rename="camel"):
    """A watched object."""

    metadata: Meta


class Made(View, frozen=True, dict=True):
    """Anything of ours that is compared with what it should be; content stays undecoded until then."""

    spec: msgspec.Raw = msgspec.Raw(b"")
    data: msgspec.Raw = msgspec.Raw(b"")
    revision: int = 0

    def __post_init__(self) -> None:
        """Keep copies: a Raw fresh from the decoder holds on to the whole page that it came in."""
        for name in ("spec", "data"):
            msgspec.structs.force_setattr(self, name, getattr(self, name).copy())


class Waiting(msgspec.Struct, frozen=True):
    """Why a container waits."""

    reason: str = ""
    message: str = ""


class Terminated(msgspec.Struct, frozen=True, rename="camel"):
    """How a container ended."""

    reason: str = ""
    message: str = ""
    exit_code: int = 0


class State(msgspec.Struct, frozen=True):
    """One of: waiting, running, terminated."""

    waiting: Waiting | None = None
    running: dict[str, str] | None = None
    terminated: Terminated | None = None


class ContainerStatus(
    msgspec.Struct,
    frozen=True,
    rename={"container_id": "containerID", "last_state": "lastState", "restart_count": "restartCount"},
):
    """A container of a pod."""

    image: str = ""
    container_id: str = ""
    restart_count: int = 0
    state: State = State()
    last_state: State = State()


class PodCondition(msgspec.Struct, frozen=True):
    """A condition of a pod."""

    type: str
    status: str
    reason: str = ""
    message: str = ""


class PodStatus(msgspec.Struct, frozen=True, rename={"pod_ip": "podIP", "container_statuses": "containerStatuses"}):
    """Status of a pod."""

    pod_ip: str = ""
    conditions: list[PodCondition] = []
    container_statuses: list[ContainerStatus] = []


class PodSpec(msgspec.Struct, frozen=True, rename="camel"):
    """Spec of a pod."""

    node_name: str = ""


class PodView(View, frozen=True, dict=True):
    """A pod of ours."""

    spec: PodSpec = PodSpec()
    status: PodStatus = PodStatus()


class NodeAddress(msgspec.Struct, frozen=True):
    """An address of a node."""

    address: str
    type: str = ""


class NodeSpec(msgspec.Struct, frozen=True):
    """Whether a node takes new pods."""

    unschedulable: bool = False


class NodeStatus(msgspec.Struct, frozen=True):
    """Addresses of a node."""

    addresses: list[NodeAddress] = []


class NodeView(View, frozen=True):
    """A node: how many there are decides how hard a group is spread; its addresses show NodePorts for what they are."""

    spec: NodeSpec = NodeSpec()
    status: NodeStatus = NodeStatus()


class ClaimRequests(msgspec.Struct, frozen=True):
    """What a claim asks for."""

    storage: str = ""


class ClaimResources(msgspec.Struct, frozen=True):
    """Resources of a claim."""

    requests: ClaimRequests = ClaimRequests()


class ClaimSpec(msgspec.Struct, frozen=True, rename="camel"):
    """Size, class and volume of a claim."""

    resources: ClaimResources = ClaimResources()
    storage_class_name: str = ""
    volume_name: str = ""


class ClaimStatus(msgspec.Struct, frozen=True, rename="camel"):
    """Whether a claim has its volume, how big that is, and how its growth goes."""

    phase: str = ""
    capacity: ClaimRequests = ClaimRequests()
    conditions: list[PodCondition] = []
    allocated_resource_statuses: ClaimRequests = ClaimRequests()


class ClaimView(View, frozen=True):
    """A claim of ours."""

    spec: ClaimSpec = ClaimSpec()
    status: ClaimStatus = ClaimStatus()


def object_fact(kind: str, view: Made) -> ObjectFact:
    """An object of ours as plans see it; made once, so that what plans find out about it lasts as long as its view."""
    found: ObjectFact | None = view.__dict__.get("fact")
    if found is None:
        found = view.__dict__["fact"] = _object_fact(kind, view)
    return found


def _object_fact(kind: str, view: Made) -> ObjectFact:
    meta = view.metadata
    owner = next((each.uid for each in meta.owner_references if each.controller), "")
    return ObjectFact(
        kind,
        meta.name,
        meta.uid,
        owner,
        meta.annotations.get(names.HASH_ANNOTATION, ""),
        view.spec,
        view.data,
        meta.resource_version,
        {name: text for name, text in meta.annotations.items() if name.startswith(names.OURS)},
        view.revision,
        meta.deletion_timestamp is not None,
    )


def claim_fact(claim: ClaimView) -> ClaimFact:
    """A claim as plans see it (Kubernetes: *Expanding Persistent Volumes Claims*, *Recovering from Failure*)."""
    meta, spec, status = claim.metadata, claim.spec, claim.status
    conditions = {each.type: each for each in status.conditions if each.status == "True"}
    errors = (conditions.get("ControllerResizeError"), conditions.get("NodeResizeError"))
    infeasible = status.allocated_resource_statuses.storage.endswith("Infeasible")
    told = next((each.message for each in errors if each), "the storage says that it cannot")
    return ClaimFact(
        name=meta.name,
        uid=meta.uid,
        resource_version=meta.resource_version,
        requested=spec.resources.requests.storage,
        capacity=status.capacity.storage,
        phase=status.phase,
        storage_class=spec.storage_class_name,
        volume=spec.volume_name,
        on_node="FileSystemResizePending" in conditions,
        failed=told[:300] if infeasible else "",
        deleting=meta.deletion_timestamp is not None,
    )


def pod_fact(pod: PodView) -> PodFact:
    """A pod as plans see it; its number is the last part of its name (StatefulSet ordinal)."""
    found: PodFact | None = pod.__dict__.get("fact")
    if found is None:
        found = pod.__dict__["fact"] = _pod_fact(pod)
    return found


def _pod_fact(pod: PodView) -> PodFact:
    meta, status = pod.metadata, pod.status
    conditions = {each.type: each for each in status.conditions}
    container = status.container_statuses[0] if status.container_statuses else ContainerStatus()
    serves_names = names.NAME_SERVER_LABEL in meta.labels
    gate = conditions.get(names.COMPLETE_GATE if serves_names else names.REGISTERED_GATE)
    scheduled = conditions.get("PodScheduled")
    ready = conditions.get("Ready")
    return PodFact(
        name=meta.name,
        uid=meta.uid,
        member=int(meta.name.rpartition("-")[2]),
        group=int(meta.labels.get(names.GROUP_LABEL, "0")),
        ip=status.pod_ip,
        node=pod.spec.node_name,
        container=container.container_id if container.state.running is not None else "",
        ready=bool(ready and ready.status == "True"),
        deleting=meta.deletion_timestamp is not None,
        gate=gate.status if gate else "",
        gate_container=gate.message if gate else "",
        problem=pods.problem(
            meta.name,
            scheduled.message if scheduled and scheduled.reason == "Unschedulable" else "",
            _trouble(container),
        ),
        listed=meta.labels.get(names.LISTED_LABEL, ""),
        unlisted_since=_number(meta.annotations.get(names.UNLISTED_SINCE, "")),
        revision=meta.annotations.get(names.REVISION_LABEL, ""),
        format=_number(meta.annotations.get(names.FORMAT_ANNOTATION, "1")),
        created=_time(meta.creation_timestamp),
        restart=meta.annotations.get(names.RESTART, ""),
        restarts=container.restart_count,
    )


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdecimal() else 0


def _time(text: str | None) -> int:
    """Kubernetes' creationTimestamp in ms since 1970."""
    return int(datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp() * 1000) if text else 0


def _trouble(container: ContainerStatus) -> pods.ContainerTrouble:
    waiting = container.state.waiting or Waiting()
    ended = container.state.terminated or container.last_state.terminated or Terminated()
    if container.state.running is not None:
        return pods.ContainerTrouble()
    return pods.ContainerTrouble(
        container.image, waiting.reason, waiting.message, ended.message, ended.reason, ended.exit_code
    )
