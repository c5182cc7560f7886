"""Configuration files of a node's programs. Pure: layout in, text out."""

import base64
import json
from pathlib import Path
from typing import Any

from .certificates import Pair
from .layout import CLUSTER_DOMAIN, Layout, NodeLayout

PAUSE_IMAGE = "docker.io/rocketmq-lab/pause:1"
POD_BRIDGE = "cni0"


def containerd(node: NodeLayout, cni_plugins: Path) -> str:
    """containerd's TOML.

    `restrict_oom_score_adj`: without CAP_SYS_RESOURCE nobody may lower a score, and every sandbox would die.
    `netns_mounts_under_state_dir`, runc's `Root` and the `opt` path keep everything inside the lab's own folders.
    """
    return f"""\
version = 2
root = "{node.containerd_root}"
state = "{node.run}/containerd"
oom_score = 0
disabled_plugins = ["io.containerd.snapshotter.v1.aufs", "io.containerd.snapshotter.v1.btrfs", \
"io.containerd.snapshotter.v1.devmapper", "io.containerd.snapshotter.v1.zfs", "io.containerd.tracing.processor.v1.otlp"]

[grpc]
address = "{node.containerd_socket}"

[ttrpc]
address = "{node.containerd_socket}.ttrpc"

[plugins."io.containerd.internal.v1.opt"]
path = "{node.state}/opt"

[plugins."io.containerd.grpc.v1.cri"]
sandbox_image = "{PAUSE_IMAGE}"
restrict_oom_score_adj = true
netns_mounts_under_state_dir = true
disable_tcp_service = true

[plugins."io.containerd.grpc.v1.cri".cni]
bin_dir = "{cni_plugins}"
conf_dir = "{node.state}/cni"

[plugins."io.containerd.grpc.v1.cri".containerd]
snapshotter = "overlayfs"
default_runtime_name = "runc"

[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
runtime_type = "io.containerd.runc.v2"

[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
SystemdCgroup = false
Root = "{node.run}/runc"
"""


def cni(node: NodeLayout, network: str) -> str:
    """The pod network: a bridge in the node's namespace; addresses are forgotten with the node's run folder."""
    bridge = {
        "type": "bridge",
        "bridge": POD_BRIDGE,
        "isGateway": True,
        "ipMasq": False,
        "hairpinMode": True,
        "ipam": {
            "type": "host-local",
            "dataDir": str(node.run / "addresses"),
            "ranges": [[{"subnet": node.pods}]],
            "routes": [{"dst": "0.0.0.0/0"}],
        },
    }
    return _json({"cniVersion": "1.0.0", "name": network, "plugins": [bridge]})


def kubelet(layout: Layout, node: NodeLayout, authority: Path, serving: Pair) -> str:
    """KubeletConfiguration. The disk is the whole machine's, so eviction and image clean-up are all but off.

    `syncFrequency` (1 min by default) is what a grown volume waits for until its file system grows, too.
    """
    return _json({
        "apiVersion": "kubelet.config.k8s.io/v1beta1",
        "kind": "KubeletConfiguration",
        "address": node.address,
        "authentication": {
            "anonymous": {"enabled": False},
            "webhook": {"enabled": True},
            "x509": {"clientCAFile": str(authority)},
        },
        "authorization": {"mode": "Webhook"},
        "tlsCertFile": str(serving.certificate),
        "tlsPrivateKeyFile": str(serving.key),
        "clusterDomain": CLUSTER_DOMAIN,
        "clusterDNS": [layout.dns_address],
        "resolvConf": str(node.state / "resolv.conf"),
        "containerRuntimeEndpoint": f"unix://{node.containerd_socket}",
        "cgroupDriver": "cgroupfs",
        "cgroupRoot": f"/{node.cgroup}",
        "failCgroupV1": False,
        "failSwapOn": False,
        "podLogsDir": str(node.state / "pod-logs"),
        "volumePluginDir": str(node.state / "volume-plugins"),
        "staticPodPath": "",
        "healthzBindAddress": "127.0.0.1",
        "imageGCHighThresholdPercent": 100,
        "evictionHard": {"memory.available": "100Mi", "nodefs.available": "1%", "imagefs.available": "1%",
                         "nodefs.inodesFree": "1%", "imagefs.inodesFree": "1%"},
        "nodeLeaseDurationSeconds": 20,
        "serializeImagePulls": False,
        "registerNode": True,
        "syncFrequency": "15s",
        "maxPods": 110,
        "logging": {"verbosity": 1},
    })  # fmt: skip


def proxy(layout: Layout, node: NodeLayout, kubeconfig: Path) -> str:
    """KubeProxyConfiguration: nftables, and hands off the kernel's connection-tracking limits (not ours to set)."""
    return _json({
        "apiVersion": "kubeproxy.config.k8s.io/v1alpha1",
        "kind": "KubeProxyConfiguration",
        "mode": "nftables",
        "clientConnection": {"kubeconfig": str(kubeconfig)},
        "hostnameOverride": node.name,
        "bindAddress": node.address,
        "healthzBindAddress": f"{node.address}:10256",
        "metricsBindAddress": "127.0.0.1:10249",
        "detectLocalMode": "BridgeInterface",
        "detectLocal": {"bridgeInterface": POD_BRIDGE},
        "conntrack": {"maxPerCore": 0, "min": 0, "tcpEstablishedTimeout": "0s", "tcpCloseWaitTimeout": "0s"},
        "nftables": {"minSyncPeriod": "200ms", "syncPeriod": "60s"},
        "logging": {"verbosity": 1},
    })  # fmt: skip


def kubeconfig(layout: Layout, authority: Path, user: str, pair: Pair) -> str:
    """A kubeconfig that holds its certificates itself, so that it can be copied anywhere."""
    return _json({
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "lab",
        "contexts": [{"name": "lab", "context": {"cluster": "lab", "user": user}}],
        "clusters": [{"name": "lab", "cluster": {
            "server": layout.api_url, "certificate-authority-data": _base64(authority)}}],
        "users": [{"name": user, "user": {
            "client-certificate-data": _base64(pair.certificate), "client-key-data": _base64(pair.key)}}],
    })  # fmt: skip


def _base64(path: Path) -> str:
    return base64.b64encode(path.read_bytes()).decode()


def _json(value: dict[str, Any]) -> str:
    """JSON, which every reader of YAML takes."""
    return json.dumps(value, indent=1) + "\n"
