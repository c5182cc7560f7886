"""The lab as its users meet it: a lab of its own beside any other, two nodes, the command line and kubectl.

The tests share that lab and run in the order of this file; the last one removes it and looks for what is left.
"""

import asyncio
import json
import os
import shutil
import socket
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from rocketmq_lab import builds, cgroups, images, leftovers, mounts, state, volumes
from rocketmq_lab.layout import Layout
from rocketmq_lab.progress import Progress

NAME = "labtest"
HERE = Path(__file__).resolve().parent
LAB = HERE.parents[2] / "lab" / "lab"
IMAGE = "docker.io/rocketmq-lab/probe:1"
PROBE = builds.GoProgram("probe", HERE / "probe", "building the probe")
pytestmark = [
    pytest.mark.e2e,
    pytest.mark.timeout(1500),
    pytest.mark.skipif(os.geteuid() != 0, reason="the lab needs root"),
    pytest.mark.skipif(shutil.which("go") is None, reason="the lab needs Go"),
]


def run_lab(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "LAB_NAME": NAME}
    return subprocess.run([LAB, *arguments], env=environment, capture_output=True, text=True, check=False, timeout=1400)


class Cluster:
    """kubectl on the test's lab."""

    def __init__(self, layout: Layout) -> None:
        self.layout = layout
        self._command = [str(layout.bin / "kubectl"), f"--kubeconfig={layout.kubeconfig}"]

    def kubectl(self, *arguments: str, stdin: str | None = None) -> str:
        done = subprocess.run(
            [*self._command, *arguments], input=stdin, capture_output=True, text=True, check=False, timeout=300
        )
        assert done.returncode == 0, f"kubectl {' '.join(arguments)}: {done.stderr}"
        return done.stdout

    def apply(self, *objects: dict[str, Any]) -> None:
        self.kubectl("apply", "-f", "-", stdin="\n---\n".join(map(json.dumps, objects)))

    def wait_ready(self, name: str) -> None:
        self.kubectl("wait", "--for=condition=Ready", f"pod/{name}", "--timeout=180s")

    def field(self, path: str, *what: str) -> str:
        return self.kubectl("get", *what, "-o", f"jsonpath={path}")

    def background(self, *arguments: str) -> subprocess.Popen[str]:
        return subprocess.Popen([*self._command, *arguments], stdout=subprocess.PIPE, text=True)


def pod(name: str, node: str, claim: str | None = None) -> dict[str, Any]:
    """A pod that serves its name on port 8000, in the Service `probes`, with /data on `claim`."""
    container: dict[str, Any] = {"name": "probe", "image": IMAGE, "args": ["serve"]}
    spec: dict[str, Any] = {
        "hostname": name,
        "subdomain": "probes",
        "nodeSelector": {"kubernetes.io/hostname": node},
        "terminationGracePeriodSeconds": 1,
        "securityContext": {"fsGroup": 65535},
        "containers": [container],
    }
    if claim:
        container["volumeMounts"] = [{"name": "data", "mountPath": "/data"}]
        spec["volumes"] = [{"name": "data", "persistentVolumeClaim": {"claimName": claim}}]
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, "labels": {"app": "probe"}},
        "spec": spec,
    }


def service(name: str, **spec: Any) -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": name},
        "spec": {"selector": {"app": "probe"}, "ports": [{"port": 8000}], **spec},
    }


def claim(name: str) -> dict[str, Any]:
    spec = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "300Mi"}}}
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "metadata": {"name": name},
        "spec": spec,
    }


def fetch(url: str) -> str:
    """The body at `url`, tried for half a minute: Services reach the nodes a moment after the API."""
    end = time.monotonic() + 30
    while True:
        try:
            with urllib.request.urlopen(url, timeout=3) as response:
                return str(response.read().decode())
        except OSError:
            if time.monotonic() > end:
                raise
            time.sleep(0.2)


def probe_archive(folder: Path, name: str, user: str = "65535:65535") -> Path:
    """A tar with an image of the probe; another `user` makes another image."""
    program = asyncio.run(builds.ensure_built(PROBE, Progress()))
    images.write_program_archive(program, folder / "probe.tar", name, user)
    return folder / "probe.tar"


def must(*arguments: str | Path) -> str:
    """Run a lab command that has to succeed; what it said."""
    done = run_lab(*arguments)
    assert done.returncode == 0, done.stderr
    return done.stderr


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """Started with one node and grown to two, so that the second gets its images from the first."""
    try:
        must("up", "--nodes", "1")
        must("load", probe_archive(tmp_path_factory.mktemp("probe"), IMAGE))
        must("up", "--nodes", "2")
        remembered = state.load(NAME)
        assert remembered is not None
        found = Cluster(Layout(NAME, remembered.number))
        found.apply(
            service("probes", clusterIP="None"),
            service("outside", type="NodePort"),
            claim("kept"),
            pod("one", "node1"),
            pod("two", "node2", claim="kept"),
        )
        for name in ("one", "two"):
            found.wait_ready(name)
        yield found
    finally:
        run_lab("down")


def test_pods_reach_each_other_by_name_across_nodes(cluster: Cluster) -> None:
    for here, there in (("one", "two"), ("two", "one")):
        url = f"http://{there}.probes.default.svc.cluster.local:8000"
        assert cluster.kubectl("exec", here, "--", "/probe", "get", url) == there


def test_a_headless_service_names_every_pod(cluster: Cluster) -> None:
    addresses = {cluster.field("{.status.podIP}", "pod", name) for name in ("one", "two")}
    assert set(cluster.kubectl("exec", "one", "--", "/probe", "lookup", "probes").split()) == addresses


def test_a_service_address_works_from_a_pod(cluster: Cluster) -> None:
    assert cluster.kubectl("exec", "one", "--", "/probe", "get", "http://outside:8000") in ("one", "two")


def test_the_host_reaches_pods_and_node_ports(cluster: Cluster) -> None:
    port = cluster.field("{.spec.ports[0].nodePort}", "service", "outside")
    for index in (1, 2):
        assert fetch(f"http://{cluster.layout.node(index).address}:{port}") in ("one", "two")
    assert fetch(f"http://{cluster.field('{.status.podIP}', 'pod', 'two')}:8000") == "two"


def test_logs_exec_and_port_forward(cluster: Cluster) -> None:
    assert cluster.kubectl("logs", "two") == "serving as two\n"
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    forward = cluster.background("port-forward", "pod/two", f"{port}:8000")
    try:
        assert forward.stdout and "Forwarding" in forward.stdout.readline()
        assert fetch(f"http://127.0.0.1:{port}") == "two"
    finally:
        forward.terminate()
        forward.communicate()


def test_every_node_holds_every_image_whole(cluster: Cluster, tmp_path: Path) -> None:
    other = "docker.io/rocketmq-lab/probe:2"
    archive = probe_archive(tmp_path, other, user="1:1")
    assert "loading" in must("load", archive)
    assert "already there" in must("load", archive)
    for index in (1, 2):
        command = images.ctr(cluster.layout.node(index), "images", "check")
        rows = subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()
        for name in (IMAGE, other):
            (row,) = [row for row in rows if row.startswith(f"{name} ")]
            assert " complete (2/2) " in row and row.split()[-1] == "true", row


def test_a_volume_survives_its_pod_and_grows_in_use(cluster: Cluster) -> None:
    cluster.kubectl("delete", "pod", "two")
    cluster.apply(pod("two", "node2", claim="kept"))
    cluster.wait_ready("two")
    assert cluster.kubectl("exec", "two", "--", "/probe", "cat", "/data/starts") == "two\ntwo\n"
    larger = {"spec": {"resources": {"requests": {"storage": "400Mi"}}}}
    cluster.kubectl("patch", "pvc", "kept", "-p", json.dumps(larger))
    cluster.kubectl("wait", "pvc/kept", "--for=jsonpath={.status.capacity.storage}=400Mi", "--timeout=120s")


def test_the_audit_log_names_user_and_verb(cluster: Cluster) -> None:
    events = [json.loads(line) for line in cluster.layout.audit_log.read_text().splitlines()]
    mine = [event for event in events if event.get("objectRef", {}).get("name") == "kept"]
    patches = [event for event in mine if event["verb"] == "patch" and event["user"]["username"] == "lab-admin"]
    assert patches and all(event["stage"] == "ResponseComplete" for event in patches)
    assert not any("requestObject" in event for event in events)


def test_pod_security_is_enforced(cluster: Cluster) -> None:
    namespace = {
        "apiVersion": "v1",
        "kind": "Namespace",
        "metadata": {"name": "strict", "labels": {"pod-security.kubernetes.io/enforce": "restricted"}},
    }
    cluster.apply(namespace)
    with pytest.raises(AssertionError, match="violates PodSecurity"):
        cluster.kubectl("-n", "strict", "apply", "-f", "-", stdin=json.dumps(pod("loose", "node1")))


def test_up_on_a_running_lab_changes_nothing(cluster: Cluster) -> None:
    records = cluster.layout.run / "processes"
    before = {path.name: path.read_text() for path in records.iterdir()}
    must("up")
    assert {path.name: path.read_text() for path in records.iterdir()} == before


def test_a_cut_node_goes_silent_and_comes_back(cluster: Cluster) -> None:
    must("node", "cut", "node2")
    cluster.kubectl("wait", "node/node2", "--for=condition=Ready=Unknown", "--timeout=120s")
    with pytest.raises(AssertionError):
        cluster.kubectl("exec", "one", "--", "/probe", "get", f"http://{cluster.layout.node(2).address}:10250")
    assert "cut" in run_lab("status").stdout
    must("node", "restore", "node2")
    cluster.wait_ready("two")
    assert cluster.field("{.status.containerStatuses[0].restartCount}", "pod", "two") == "0"


def test_a_killed_node_dies_whole_and_comes_back_with_its_disk(cluster: Cluster) -> None:
    node = cluster.layout.node(2)
    must("node", "kill", "node2")
    assert cgroups.members(node.cgroup) == set()
    assert mounts.below(node.state, mounts.mount_points()) == []
    assert "killed" in run_lab("status").stdout
    assert cluster.kubectl("exec", "one", "--", "/probe", "lookup", "kubernetes.default").strip()
    must("node", "restore", "node2")
    cluster.kubectl("wait", "pod/two", "--for=jsonpath={.status.containerStatuses[0].restartCount}=1", "--timeout=180s")
    cluster.wait_ready("two")
    assert cluster.kubectl("exec", "two", "--", "/probe", "cat", "/data/starts") == "two\ntwo\ntwo\n"


def test_up_repairs_what_has_died(cluster: Cluster) -> None:
    record = json.loads((cluster.layout.run / "processes" / "control.kube-scheduler").read_text())
    os.kill(record["pid"], 9)
    end = time.monotonic() + 30
    while "kube-scheduler" not in run_lab("status").stdout:
        assert time.monotonic() < end
    must("up")
    assert run_lab("status").returncode == 0


def test_up_after_the_machine_started_anew(cluster: Cluster) -> None:
    """Everything in memory is gone, and the run folder tells of another start of the machine."""
    layout = cluster.layout
    starts = cluster.kubectl("exec", "two", "--", "/probe", "cat", "/data/starts").count("two")
    cgroups.kill(layout.cgroup)
    for node in layout.all_nodes():
        volumes.detach(layout, node.state)
    mounts.unmount_below(layout.run)
    mounts.unmount_below(layout.state)
    subprocess.run(["ip", "link", "delete", layout.host_device], check=False)
    (layout.run / "boot").write_text("another\n")
    must("up")
    assert run_lab("status").returncode == 0
    cluster.wait_ready("two")
    wanted = "two\n" * (starts + 1)
    end = time.monotonic() + 120
    while (found := cluster.field("{.status.containerStatuses[0].restartCount}", "pod", "two")) in ("", "0"):
        assert time.monotonic() < end, found
        time.sleep(0.5)
    cluster.wait_ready("two")
    assert cluster.kubectl("exec", "two", "--", "/probe", "cat", "/data/starts").startswith(wanted)


def test_down_leaves_nothing(cluster: Cluster) -> None:
    layout = cluster.layout
    must("down")
    for folder in (layout.state, layout.run):
        assert not folder.exists()
        assert mounts.below(folder, mounts.mount_points()) == []
    assert cgroups.members(layout.cgroup) == set()
    assert not any((tree / layout.cgroup).exists() for tree in cgroups.trees())
    assert not Path(f"/sys/class/net/{layout.host_device}").exists()
    routes = subprocess.run(["ip", "route"], capture_output=True, text=True, check=True).stdout
    assert f"10.{layout.number}." not in routes
    backing = [path.read_text() for path in Path("/sys/block").glob("loop*/loop/backing_file")]
    assert not any(str(layout.state) in file for file in backing)
    links = leftovers.CONTAINER_LOGS.glob("*") if leftovers.CONTAINER_LOGS.is_dir() else []
    assert not any(str(layout.state) in str(link.readlink()) for link in links)
    results = leftovers.CNI_RESULTS.glob("*") if leftovers.CNI_RESULTS.is_dir() else []
    assert not any(f"rocketmq-lab-{NAME}-" in result.name for result in results)
    commands = [path.read_bytes() for path in Path("/proc").glob("[0-9]*/cmdline") if path.exists()]
    assert not any(str(layout.state).encode() in command for command in commands)
    assert run_lab("kubeconfig").returncode == 1
