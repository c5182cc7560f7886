"""Names, folders and addresses of one lab. Pure: everything follows from the lab's name, number and folders.

A lab owns one /16, `10.<number>.0.0/16`:

    10.N.0.0/24     machines: .1 control plane, .11 .12 .13 nodes, .254 the host
    10.N.1-3.0/24   pods of node1, node2, node3
    10.N.96.0/20    Services; .1 the API server, .10 the DNS
"""

import re
from dataclasses import dataclass, field
from ipaddress import IPv4Network
from pathlib import Path

from .errors import LabError

MAX_NODES = 3
CLUSTER_DOMAIN = "cluster.local"
NUMBERS = range(211, 243)
"""Second octets to choose from: high in 10/8, where few networks of companies and clouds lie."""

STATE_ROOT = Path("/var/lib/rocketmq-lab")
RUN_ROOT = Path("/run/rocketmq-lab")
_NAME = re.compile(r"[a-z]([a-z0-9-]{0,14}[a-z0-9])?")


@dataclass(frozen=True)
class NodeLayout:
    """Where one node lives. `index` is 1 to 3; `state` survives a power cut, `run` does not."""

    index: int
    number: int
    state: Path
    run: Path
    namespace: Path
    cgroup: str

    @property
    def name(self) -> str:
        return f"node{self.index}"

    @property
    def address(self) -> str:
        return f"10.{self.number}.0.{10 + self.index}"

    @property
    def pods(self) -> str:
        return f"10.{self.number}.{self.index}.0/24"

    @property
    def kubelet_root(self) -> Path:
        return self.state / "kubelet"

    @property
    def containerd_root(self) -> Path:
        return self.state / "containerd"

    @property
    def containerd_socket(self) -> Path:
        return self.run / "containerd.sock"


@dataclass(frozen=True)
class Layout:
    """One lab: `name` as in LAB_NAME, `number` the second octet of its addresses."""

    name: str
    number: int
    state_root: Path = field(default=STATE_ROOT)
    run_root: Path = field(default=RUN_ROOT)

    def __post_init__(self) -> None:
        check_name(self.name)

    @property
    def state(self) -> Path:
        """Lives until `down`: certificates, etcd, images, volumes, logs, kubeconfig."""
        return self.state_root / self.name

    @property
    def run(self) -> Path:
        """Gone with the machine's next start: namespaces, sockets, process records."""
        return self.run_root / self.name

    @property
    def network(self) -> IPv4Network:
        return IPv4Network(f"10.{self.number}.0.0/16")

    @property
    def machines_prefix(self) -> int:
        return 24

    @property
    def control_address(self) -> str:
        return f"10.{self.number}.0.1"

    @property
    def host_address(self) -> str:
        return f"10.{self.number}.0.254"

    @property
    def services(self) -> str:
        return f"10.{self.number}.96.0/20"

    @property
    def api_service_address(self) -> str:
        return f"10.{self.number}.96.1"

    @property
    def dns_address(self) -> str:
        return f"10.{self.number}.96.10"

    @property
    def api_url(self) -> str:
        return f"https://{self.control_address}:6443"

    @property
    def host_device(self) -> str:
        """The only network device that the host sees of the lab."""
        return f"rmqlab{self.number}"

    @property
    def kubeconfig(self) -> Path:
        return self.state / "kubeconfig"

    @property
    def bin(self) -> Path:
        return self.state / "bin"

    @property
    def certificates(self) -> Path:
        return self.state / "certificates"

    @property
    def logs(self) -> Path:
        return self.state / "logs"

    @property
    def audit_log(self) -> Path:
        return self.logs / "audit.log"

    @property
    def cgroup(self) -> str:
        return f"rocketmq-lab/{self.name}"

    def namespace(self, place: str) -> Path:
        """The file that holds the network namespace of `fabric`, `control` or a node."""
        return self.run / "net" / place

    def node(self, index: int) -> NodeLayout:
        """Node `index`, whether it exists or not."""
        name = f"node{index}"
        return NodeLayout(
            index=index,
            number=self.number,
            state=self.state / name,
            run=self.run / name,
            namespace=self.namespace(name),
            cgroup=f"{self.cgroup}/{name}",
        )

    def all_nodes(self) -> list[NodeLayout]:
        """Every node that the lab may ever have: routes to all are laid at once."""
        return [self.node(index) for index in range(1, MAX_NODES + 1)]


def check_name(name: str) -> str:
    """`name` itself where it can stand in paths and device names, else LabError."""
    if not _NAME.fullmatch(name):
        raise LabError(f"LAB_NAME={name!r}: use 1 to 16 of a-z, 0-9 and '-', starting with a letter.")
    return name


def node_index(name: str) -> int:
    """1 for `node1`; LabError for anything that is no node's name."""
    match = re.fullmatch(r"node([1-9])", name)
    if not match or int(match[1]) > MAX_NODES:
        raise LabError(f"{name!r} is no node of a lab: their names are node1 to node{MAX_NODES}.")
    return int(match[1])


def choose_number(taken: list[IPv4Network]) -> int:
    """The first number whose /16 overlaps none of the networks in `taken` (routes and other labs)."""
    for number in NUMBERS:
        mine = IPv4Network(f"10.{number}.0.0/16")
        if not any(mine.overlaps(other) for other in taken if other.prefixlen > 0):
            return number
    raise LabError(
        f"No free address range: every 10.{NUMBERS[0]}.0.0/16 to 10.{NUMBERS[-1]}.0.0/16 overlaps a route of this machine. "
        "Remove a route (`ip route`) or another lab (`LAB_NAME=... lab down`)."
    )
