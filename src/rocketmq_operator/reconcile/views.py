"""The little of each watched object that decisions need: one small Struct a kind, every field there for a reason.

Decoded straight from the API server's bytes; what is not named here is never kept.
"""

import msgspec

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


class PodCondition(msgspec.Struct, frozen=True, rename="camel"):
    """A condition of a pod."""

    type: str
    status: str
    reason: str = ""
    message: str = ""
    last_transition_time: str | None = None


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


class ClaimView(View, frozen=True, dict=True):
    """A claim of ours."""

    spec: ClaimSpec = ClaimSpec()
    status: ClaimStatus = ClaimStatus()
