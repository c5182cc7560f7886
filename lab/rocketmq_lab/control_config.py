"""Command lines and files of the control plane's programs. Pure: layout in, arguments out."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .certificates import Pair
from .layout import CLUSTER_DOMAIN, Layout

ETCD = "http://127.0.0.1:2379"
"""Plain, for nobody but the control plane's own namespace reaches this loopback."""
ISSUER = f"https://kubernetes.default.svc.{CLUSTER_DOMAIN}"

FRONT_PROXY = "front-proxy-client"
"""Whom extension API servers believe what it says about the caller; an authority of its own signs for it."""


@dataclass(frozen=True)
class ControlFiles:
    """Every file that the control plane's command lines name."""

    authority: Pair
    front_proxy: Pair
    front_proxy_client: Pair
    serving: Pair
    kubelet_client: Pair
    service_accounts: Pair
    audit_policy: Path
    controller_manager: Path
    scheduler: Path
    corefile: Path
    volumes: Path


def audit_policy() -> str:
    """Who did what to which object, for every request once; bodies are not kept."""
    return json.dumps({
        "apiVersion": "audit.k8s.io/v1",
        "kind": "Policy",
        "omitStages": ["RequestReceived"],
        "rules": [{"level": "Metadata"}],
    })  # fmt: skip


def corefile(layout: Layout, kubeconfig: Path) -> str:
    """Names of the cluster, and NXDOMAIN for all others: the lab has no way out."""
    return f"""\
.:53 {{
    errors
    health 127.0.0.1:8080
    ready 127.0.0.1:8181
    kubernetes {CLUSTER_DOMAIN} in-addr.arpa ip6.arpa {{
        kubeconfig {kubeconfig}
        pods insecure
        ttl 5
    }}
    cache 5 {CLUSTER_DOMAIN}
    template ANY ANY . {{
        rcode NXDOMAIN
    }}
}}
"""


def etcd(layout: Layout) -> list[str]:
    """No fsync: losing the lab in a power cut of the real machine is acceptable, waiting for the disk is not."""
    return [
        "--name=lab", f"--data-dir={layout.state}/etcd", "--unsafe-no-fsync",
        f"--listen-client-urls={ETCD}", f"--advertise-client-urls={ETCD}",
        "--listen-peer-urls=http://127.0.0.1:2380", "--initial-advertise-peer-urls=http://127.0.0.1:2380",
        "--initial-cluster=lab=http://127.0.0.1:2380", "--auto-compaction-retention=10m",
        "--quota-backend-bytes=4294967296", "--logger=zap", "--log-level=warn",
    ]  # fmt: skip


def apiserver(layout: Layout, files: ControlFiles) -> list[str]:
    """Pod Security is on by default. Webhooks are called at their pods' addresses: no Service proxy runs here."""
    return [
        f"--etcd-servers={ETCD}", "--storage-media-type=application/vnd.kubernetes.protobuf",
        f"--advertise-address={layout.control_address}", "--secure-port=6443",
        f"--service-cluster-ip-range={layout.services}",
        f"--client-ca-file={files.authority.certificate}",
        f"--tls-cert-file={files.serving.certificate}", f"--tls-private-key-file={files.serving.key}",
        f"--kubelet-client-certificate={files.kubelet_client.certificate}",
        f"--kubelet-client-key={files.kubelet_client.key}",
        f"--kubelet-certificate-authority={files.authority.certificate}",
        "--kubelet-preferred-address-types=InternalIP",
        f"--service-account-issuer={ISSUER}",
        f"--service-account-key-file={files.service_accounts.certificate}",
        f"--service-account-signing-key-file={files.service_accounts.key}",
        f"--requestheader-client-ca-file={files.front_proxy.certificate}",
        f"--requestheader-allowed-names={FRONT_PROXY}", "--requestheader-username-headers=X-Remote-User",
        "--requestheader-group-headers=X-Remote-Group", "--requestheader-extra-headers-prefix=X-Remote-Extra-",
        f"--proxy-client-cert-file={files.front_proxy_client.certificate}",
        f"--proxy-client-key-file={files.front_proxy_client.key}",
        # Its statistics ask etcd for progress marks, which etcd 3.4 does not send: a wait of seconds each time.
        "--feature-gates=SizeBasedListCostEstimate=false",
        "--authorization-mode=Node,RBAC", "--enable-admission-plugins=NodeRestriction",
        f"--audit-policy-file={files.audit_policy}", f"--audit-log-path={layout.audit_log}",
        "--audit-log-maxsize=200", "--audit-log-maxbackup=3",
        "--enable-aggregator-routing=true", "--allow-privileged=true", "--profiling=false",
        f"--cert-dir={layout.state}/certificates", "--v=1",
    ]  # fmt: skip


def controller_manager(layout: Layout, files: ControlFiles) -> list[str]:
    """Every default controller. A node is called dead after 30 s of silence (default 50 s)."""
    return [
        f"--kubeconfig={files.controller_manager}",
        f"--authentication-kubeconfig={files.controller_manager}",
        f"--authorization-kubeconfig={files.controller_manager}",
        "--bind-address=127.0.0.1", f"--cert-dir={layout.state}/certificates",
        "--use-service-account-credentials", f"--root-ca-file={files.authority.certificate}",
        f"--service-account-private-key-file={files.service_accounts.key}",
        "--allocate-node-cidrs=false", "--leader-elect=false", "--profiling=false",
        "--node-monitor-grace-period=30s", f"--flex-volume-plugin-dir={layout.state}/volume-plugins", "--v=1",
    ]  # fmt: skip


def scheduler(layout: Layout, files: ControlFiles) -> list[str]:
    return [
        f"--kubeconfig={files.scheduler}",
        f"--authentication-kubeconfig={files.scheduler}", f"--authorization-kubeconfig={files.scheduler}",
        "--bind-address=127.0.0.1", f"--cert-dir={layout.state}/certificates",
        "--leader-elect=false", "--profiling=false", "--v=1",
    ]  # fmt: skip


def dns_objects(layout: Layout) -> list[tuple[str, dict[str, Any]]]:
    """(API path, object): the Service that pods ask, led by hand to the one DNS server, and what that may read."""
    labels = {"k8s-app": "kube-dns", "kubernetes.io/name": "CoreDNS"}
    ports = [("dns", "UDP", 53), ("dns-tcp", "TCP", 53)]
    rbac = "rbac.authorization.k8s.io"
    readable = [
        {"apiGroups": [""], "resources": ["services", "pods", "namespaces"], "verbs": ["list", "watch"]},
        {"apiGroups": ["discovery.k8s.io"], "resources": ["endpointslices"], "verbs": ["list", "watch"]},
    ]
    return [
        (f"/apis/{rbac}/v1/clusterroles/system:coredns", {
            "apiVersion": f"{rbac}/v1", "kind": "ClusterRole",
            "metadata": {"name": "system:coredns"}, "rules": readable}),
        (f"/apis/{rbac}/v1/clusterrolebindings/system:coredns", {
            "apiVersion": f"{rbac}/v1", "kind": "ClusterRoleBinding", "metadata": {"name": "system:coredns"},
            "roleRef": {"apiGroup": rbac, "kind": "ClusterRole", "name": "system:coredns"},
            "subjects": [{"apiGroup": rbac, "kind": "User", "name": "system:coredns"}]}),
        ("/api/v1/namespaces/kube-system/services/kube-dns", {
            "apiVersion": "v1", "kind": "Service",
            "metadata": {"name": "kube-dns", "namespace": "kube-system", "labels": labels},
            "spec": {"clusterIP": layout.dns_address,
                     "ports": [{"name": n, "protocol": p, "port": q, "targetPort": q} for n, p, q in ports]}}),
        ("/apis/discovery.k8s.io/v1/namespaces/kube-system/endpointslices/kube-dns-lab", {
            "apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice", "addressType": "IPv4",
            "metadata": {"name": "kube-dns-lab", "namespace": "kube-system",
                         "labels": {"kubernetes.io/service-name": "kube-dns"}},
            "endpoints": [{"addresses": [layout.control_address], "conditions": {"ready": True}}],
            "ports": [{"name": n, "protocol": p, "port": q} for n, p, q in ports]}),
    ]  # fmt: skip
