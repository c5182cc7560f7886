"""Generated configuration: what containerd, kubelet, proxy and API server must be told, and no sharing of folders."""

import base64
import json
import re
import tomllib
from pathlib import Path

import pytest

from rocketmq_lab import control_config, node_config, volumes
from rocketmq_lab.certificates import Authority, Identity
from rocketmq_lab.control_config import ControlFiles
from rocketmq_lab.layout import Layout

LAYOUT = Layout("x", 211)
NODES = LAYOUT.all_nodes()


@pytest.fixture
def files(tmp_path: Path) -> ControlFiles:
    authority = Authority(tmp_path)
    pair = authority.issue("pair", Identity("pair"))
    names = ("audit", "manager", "scheduler", "corefile", "volumes")
    audit, manager, scheduler, corefile, volumes = (tmp_path / name for name in names)
    return ControlFiles(
        authority=authority.pair,
        front_proxy=pair,
        front_proxy_client=pair,
        serving=pair,
        kubelet_client=pair,
        service_accounts=authority.signing_key("sa"),
        audit_policy=audit,
        controller_manager=manager,
        scheduler=scheduler,
        corefile=corefile,
        volumes=volumes,
    )


def flags(arguments: list[str]) -> dict[str, str]:
    return dict(argument.removeprefix("--").partition("=")[::2] for argument in arguments)


def test_containerd_does_without_cap_sys_resource_and_keeps_to_its_folders() -> None:
    for node in NODES:
        config = tomllib.loads(node_config.containerd(node, Path("/usr/lib/cni")))
        cri = config["plugins"]["io.containerd.grpc.v1.cri"]
        assert cri["restrict_oom_score_adj"] is True
        assert cri["netns_mounts_under_state_dir"] is True
        assert cri["cni"] == {"bin_dir": "/usr/lib/cni", "conf_dir": f"{node.state}/cni"}
        runc = cri["containerd"]["runtimes"]["runc"]["options"]
        assert runc == {"SystemdCgroup": False, "Root": f"{node.run}/runc"}
        assert Path(config["root"]).is_relative_to(node.state)
        assert Path(config["state"]).is_relative_to(node.run)


def test_no_two_nodes_share_a_path_or_a_subnet() -> None:
    texts = [node_config.containerd(node, Path("/usr/lib/cni")) + node_config.cni(node, node.name) for node in NODES]
    paths = [set(re.findall(r"/(?:var/lib|run)/rocketmq-lab/[^\s\"]+", text)) for text in texts]
    subnets = [json.loads(node_config.cni(n, n.name))["plugins"][0]["ipam"]["ranges"][0][0]["subnet"] for n in NODES]
    assert all(paths)
    assert not paths[0] & paths[1] and not paths[0] & paths[2] and not paths[1] & paths[2]
    assert subnets == [node.pods for node in NODES]


def test_kubelet_runs_on_either_cgroup_version_below_its_own_root(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    serving = authority.issue("node1", Identity("node1", hosts=("node1",)))
    config = json.loads(node_config.kubelet(LAYOUT, NODES[0], authority.pair.certificate, serving))
    assert config["failCgroupV1"] is False
    assert config["cgroupDriver"] == "cgroupfs"
    assert config["cgroupRoot"] == f"/{NODES[0].cgroup}"
    assert config["clusterDNS"] == [LAYOUT.dns_address]
    assert config["authentication"]["anonymous"]["enabled"] is False
    assert config["evictionHard"]["nodefs.available"] == "1%"
    assert config["imageGCHighThresholdPercent"] == 100


def test_proxy_uses_nftables_and_leaves_connection_tracking_limits_alone() -> None:
    config = json.loads(node_config.proxy(LAYOUT, NODES[1], Path("/k")))
    assert config["mode"] == "nftables"
    assert config["hostnameOverride"] == "node2"
    assert (config["conntrack"]["maxPerCore"], config["conntrack"]["min"]) == (0, 0)


def test_every_request_is_audited_once_without_bodies() -> None:
    policy = json.loads(control_config.audit_policy())
    assert policy["omitStages"] == ["RequestReceived"]
    assert policy["rules"] == [{"level": "Metadata"}]


def test_the_api_server_authorizes_and_audits(files: ControlFiles) -> None:
    given = flags(control_config.apiserver(LAYOUT, files))
    assert given["authorization-mode"] == "Node,RBAC"
    assert "NodeRestriction" in given["enable-admission-plugins"]
    assert given["audit-log-path"] == str(LAYOUT.audit_log)
    assert given["kubelet-preferred-address-types"] == "InternalIP"
    assert given["service-cluster-ip-range"] == LAYOUT.services
    assert given["service-account-signing-key-file"] == str(files.service_accounts.key)


def test_all_default_controllers_run_with_their_own_accounts(files: ControlFiles) -> None:
    given = flags(control_config.controller_manager(LAYOUT, files))
    assert "controllers" not in given
    assert "use-service-account-credentials" in given
    assert given["service-account-private-key-file"] == str(files.service_accounts.key)
    assert given["allocate-node-cidrs"] == "false"


def test_the_dns_service_leads_to_the_control_plane_by_hand() -> None:
    objects = {value["kind"]: value for _, value in control_config.dns_objects(LAYOUT)}
    service, slice_ = objects["Service"], objects["EndpointSlice"]
    assert service["spec"]["clusterIP"] == LAYOUT.dns_address
    assert "selector" not in service["spec"], "with one, the controller would empty the slice"
    assert slice_["metadata"]["labels"] == {"kubernetes.io/service-name": service["metadata"]["name"]}
    assert slice_["endpoints"][0]["addresses"] == [LAYOUT.control_address]


def test_a_kubeconfig_needs_no_other_file(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    pair = authority.issue("admin", Identity("admin", ("system:masters",)))
    config = json.loads(node_config.kubeconfig(LAYOUT, authority.pair.certificate, "admin", pair))
    user = config["users"][0]["user"]
    assert base64.b64decode(user["client-key-data"]) == pair.key.read_bytes()
    assert config["clusters"][0]["cluster"]["server"] == LAYOUT.api_url


def test_the_volumes_objects_go_where_the_api_keeps_them() -> None:
    paths = {value["kind"]: path for path, value in volumes.objects()}
    assert paths["StorageClass"] == "/apis/storage.k8s.io/v1/storageclasses/lab-local"
    assert paths["ClusterRoleBinding"] == "/apis/rbac.authorization.k8s.io/v1/clusterrolebindings/lab-volumes"
    (default,) = [value for _, value in volumes.objects() if value["kind"] == "StorageClass"]
    assert default["metadata"]["annotations"]["storageclass.kubernetes.io/is-default-class"] == "true"
    assert (default["volumeBindingMode"], default["allowVolumeExpansion"]) == ("WaitForFirstConsumer", True)
