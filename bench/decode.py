"""What it costs to read 5,000 pods into small views, against the floor: Python's own JSON reader on the same bytes.

Each reader runs in a process of its own, so that its memory is its own. Prints CPU seconds, memory, and their ratios.
"""

import argparse
import json
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

PODS = 5000


def pod(number: int) -> dict[str, Any]:
    """A pod about as large as real ones are: 9 to 10 kB, much of it ``managedFields``."""
    fields: dict[str, Any] = {
        f"f:field{index}": {".": {}, f'k:{{"name":"item-{index}"}}': {"f:value": {}}} for index in range(45)
    }
    owner = {"apiVersion": "apps/v1", "kind": "StatefulSet", "name": f"s{number // 2}", "uid": f"owner-{number // 2}"}
    env = [{"name": f"VARIABLE_{index}", "value": f"value number {index}"} for index in range(20)]
    conditions = [
        {"type": kind, "status": "True", "lastProbeTime": None, "lastTransitionTime": "2026-01-01T00:00:00Z"}
        for kind in ("PodReadyToStartContainers", "Initialized", "Ready", "ContainersReady", "PodScheduled")
    ]
    return {
        "metadata": {
            "name": f"cluster-{number // 4}-{number % 4}",
            "namespace": f"team-{number % 50}",
            "uid": f"uid-{number}",
            "resourceVersion": str(1_000_000 + number),
            "creationTimestamp": "2026-01-01T00:00:00Z",
            "labels": {"rocketmq.huanwei.io/cluster": f"cluster-{number // 4}", "app.kubernetes.io/name": "rocketmq"},
            "annotations": {"checksum": "0" * 64},
            "ownerReferences": [owner | {"controller": True}],
            "managedFields": [
                {"manager": name, "operation": "Update", "fieldsV1": fields} for name in ("operator", "kubelet")
            ],
        },
        "spec": {
            "nodeName": f"node-{number % 100}",
            "containers": [{"name": "broker", "image": "apache/rocketmq:5.4.0", "env": env}],
            "volumes": [{"name": f"v{index}", "configMap": {"name": f"c{index}"}} for index in range(6)],
        },
        "status": {
            "phase": "Running",
            "podIP": f"10.0.{number // 250}.{number % 250}",
            "conditions": conditions,
            "containerStatuses": [{"name": "broker", "image": "x", "containerID": f"containerd://{number}"}],
        },
    }


def write(path: Path) -> None:
    """The list as the API server sends it."""
    items = [pod(number) for number in range(PODS)]
    path.write_bytes(json.dumps({"metadata": {"resourceVersion": "9"}, "items": items}, separators=(",", ":")).encode())


def floor(body: bytes) -> object:
    """Python's own reader."""
    return json.loads(body)


def views(body: bytes) -> object:
    """Ours: into a store with an index, as a reflector does."""
    from rocketmq_operator.reconcile.views import PodView
    from rocketmq_operator.runtime import Store
    from rocketmq_operator.runtime.views import ViewDecoder

    store: Store[PodView] = Store(
        indexers={"cluster": lambda view: [view.metadata.labels["rocketmq.huanwei.io/cluster"]]}
    )
    store.writer().replace(ViewDecoder(PodView).page(body).views, {})
    return store


READERS: dict[str, Callable[[bytes], object]] = {"json.loads": floor, "views": views}


def resident() -> int:
    """Bytes of memory in use by this process now."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * 4096


def measure(name: str, path: Path) -> None:
    """Run one reader here and print its figures as JSON."""
    reader = READERS[name]
    reader(b'{"metadata":{"resourceVersion":"1"},"items":[]}')
    body = path.read_bytes()
    before, began = resident(), time.process_time()
    kept = reader(body)
    seconds, after = time.process_time() - began, resident()
    print(json.dumps({"reader": name, "seconds": seconds, "bytes": after - before, "kept": kept is not None}))


def compare(path: Path) -> None:
    """Each reader in a process of its own, three times; the best of each."""
    write(path)
    best: dict[str, dict[str, float]] = {}
    for name in READERS:
        command = [sys.executable, __file__, "--reader", name, "--file", str(path)]
        runs = [json.loads(subprocess.run(command, check=True, capture_output=True).stdout) for _ in range(3)]
        best[name] = min(runs, key=lambda run: float(run["seconds"]))
    base = best["json.loads"]
    print(f"{PODS} pods, {path.stat().st_size / 1e6:.1f} MB of JSON")
    for name, found in best.items():
        print(
            f"{name:12} {found['seconds']:6.3f} s CPU ({found['seconds'] / base['seconds']:.2f} of json.loads)"
            f" {found['bytes'] / 2**20:8.1f} MiB kept ({found['bytes'] / base['bytes']:.2f})"
        )


def import_time() -> None:
    """Seconds of CPU to import the runtime and the port, over those of lightkube alone."""
    packages = ("lightkube", "rocketmq_operator.runtime, rocketmq_operator.kube.client")
    spent = [min(_importing(package) for _ in range(3)) for package in packages]
    print(f"import: {spent[1]:.2f} s CPU, {spent[1] / spent[0]:.2f} of lightkube alone ({spent[0]:.2f} s)")


def _importing(package: str) -> float:
    code = f"import {package}, time; print(time.process_time())"
    return float(subprocess.run([sys.executable, "-c", code], check=True, capture_output=True).stdout)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--file", type=Path, default=Path("build/bench-pods.json"))
    parser.add_argument("--reader", choices=READERS)
    arguments = parser.parse_args()
    if arguments.reader:
        measure(arguments.reader, arguments.file)
        return
    arguments.file.parent.mkdir(parents=True, exist_ok=True)
    try:
        compare(arguments.file)
    finally:
        arguments.file.unlink(missing_ok=True)
    import_time()


if __name__ == "__main__":
    main()
