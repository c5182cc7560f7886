"""The command line against Java's, and what the operator's process costs.

Whole processes, as a user waits for them: `kubectl rocketmq cluster-list` from here, and the release's `mqadmin clusterList`
in a pod beside the brokers, with and without the `kubectl exec` that it takes to get there.
"""

import argparse
import asyncio
import os
import re
import sys
import time
from pathlib import Path

from . import fixtures, manifests
from .commands import BenchError, Cost, cost
from .figures import Report, Series, machine, ratio, tell
from .kubectl import Kubectl
from .place import OPERATOR, Place, main, parser, with_rounds
from .procfs import resident_mib

MQADMIN = f"./mqadmin clusterList -n {manifests.NAME_SERVER_DNS}"
IN_POD_TIMES = f"TIMEFORMAT='%R %U %S'; {{ time {MQADMIN} >/dev/null; }} 2>&1"
IN_POD_PEAK = f"""
{MQADMIN} >/dev/null & child=$! peak=0
while kill -0 $child 2>/dev/null; do
  while read -r name value _; do [ "$name" != VmHWM: ] || peak=$value; done 2>/dev/null </proc/$child/status
  sleep 0.05
done
echo $peak"""
"""Reads the process's own high-water mark until it ends: the image has no program that tells a child's peak."""
IMPORT = "import rocketmq_operator.cli.operator"
START_SECONDS = 60.0
SETTLE_SECONDS = 3.0


async def bench(options: argparse.Namespace, place: Place) -> tuple[Report, int]:
    """All figures; code 0."""
    circumstances, kubectl, rounds = machine(), place.kubectl, options.rounds
    async with kubectl.namespace("cli") as namespace:
        await fixtures.running_cluster(kubectl, namespace)
        await fixtures.tools_pod(kubectl, manifests.tools(namespace))
        tell("cluster-list against mqadmin")
        lists = await _lists(kubectl, namespace, rounds)
        idle = await _resident_in_pod(kubectl)
    async with kubectl.namespace("start") as namespace:
        tell("the operator's start")
        starts = await _starts(kubectl, namespace, rounds)
    ratios = [
        ratio("cluster-list / mqadmin by kubectl exec: time", lists[0], lists[3], "< 1"),
        ratio("cluster-list / mqadmin in its pod: time", lists[0], lists[5], "< 1"),
        ratio("cluster-list / mqadmin in its pod: CPU", lists[1], lists[6], "< 1"),
        ratio("cluster-list / mqadmin in its pod: memory", lists[2], lists[7], "< 1"),
        ratio("operator's import / Python's own start", starts[1], starts[0]),
    ]
    facts = {"resident in the operator's pod with that cluster, MiB": round(idle, 1), **circumstances}
    return Report("Command line and operator process", [*lists, *starts], ratios, facts), 0


async def _lists(kubectl: Kubectl, namespace: str, rounds: int) -> list[Series]:
    """In turns: our list, mqadmin from here, mqadmin as its own pod sees it."""
    ours, theirs, inside, peaks = [], [], [], []
    exec_ = ("exec", manifests.TOOLS, "-n", namespace, "--")
    for number in range(-1, rounds):
        mine = await kubectl.cost("rocketmq", "cluster-list", "bench", "-n", namespace)
        its = await kubectl.cost(*exec_, "bash", "-c", MQADMIN)
        _same_brokers(mine, its)
        times = (await kubectl(*exec_, "bash", "-c", IN_POD_TIMES)).split()
        peak = await kubectl(*exec_, "bash", "-c", IN_POD_PEAK)
        if number >= 0:
            ours.append(mine)
            theirs.append(its)
            inside.append([float(word) for word in times[-3:]])
            peaks.append(float(peak) / 1024)
    return [
        Series("kubectl rocketmq cluster-list", "s", [each.seconds for each in ours]),
        Series("  its CPU", "s", [each.cpu_seconds for each in ours]),
        Series("  its peak memory", "MiB", [each.peak_mib for each in ours]),
        Series("kubectl exec ... mqadmin clusterList", "s", [each.seconds for each in theirs]),
        Series("  memory of kubectl alone", "MiB", [each.peak_mib for each in theirs]),
        Series("mqadmin clusterList in its pod", "s", [wall for wall, _, _ in inside]),
        Series("  its CPU", "s", [user + system for _, user, system in inside]),
        Series("  its peak memory", "MiB", peaks),
    ]


def _same_brokers(mine: Cost, its: Cost) -> None:
    """Both did the same work: they list the same brokers."""
    if not listed_in(mine.output) or listed_in(mine.output) != listed_in(its.output):
        raise BenchError(f"the two lists differ:\n{mine.output}\n{its.output}")


def listed_in(text: str) -> list[tuple[str, ...]]:
    """Cluster, broker, id and address of each row of clusterList; Java may print log lines between."""
    rows = (tuple(line.split()[:4]) for line in text.splitlines())
    return sorted(row for row in rows if len(row) == 4 and row[2].isdecimal() and ":" in row[3])


async def _starts(kubectl: Kubectl, namespace: str, rounds: int) -> list[Series]:
    """Python without and with the operator's code, and an operator of its own from start to leadership."""
    bare, imported, peaks, totals, leading, resident = [], [], [], [], [], []
    for number in range(-1, rounds):
        nothing = await cost([sys.executable, "-c", "pass"])
        code = await cost([sys.executable, "-c", IMPORT])
        total = await _import_seconds()
        seconds, memory = await _leading(kubectl, namespace)
        if number >= 0:
            bare.append(nothing.seconds)
            imported.append(code.seconds)
            peaks.append(code.peak_mib)
            totals.append(total)
            leading.append(seconds)
            resident.append(memory)
    return [
        Series("python -c pass", "s", bare),
        Series("python -c 'import' of the operator", "s", imported),
        Series("  its peak memory", "MiB", peaks),
        Series("  of that the import itself (-X importtime)", "s", totals),
        Series("operator, from its start until it leads", "s", leading),
        Series("  its memory then, idle", "MiB", resident),
    ]


async def _import_seconds() -> float:
    """The cumulative time of the outermost module, as Python itself tells it."""
    found = await cost(["sh", "-c", f'"$0" -X importtime -c "{IMPORT}" 2>&1', sys.executable])
    return last_import(found.output)


def last_import(text: str) -> float:
    """Seconds of the last module that `-X importtime` lists: the outermost one, all others included."""
    totals = re.findall(r"import time:\s+\d+ \|\s+(\d+) \| \S", text)
    return int(totals[-1]) / 1e6


async def _leading(kubectl: Kubectl, namespace: str) -> tuple[float, float]:
    """Start an operator for this namespace alone, with a Lease of its own; seconds until it leads, MiB resident."""
    words = [sys.executable, "-m", "rocketmq_operator.cli.operator", "--namespace", namespace, "--port", "0"]
    environment = {**os.environ, **kubectl.environment, "POD_NAMESPACE": namespace}
    began = time.perf_counter()
    process = await asyncio.create_subprocess_exec(*words, env=environment, stderr=asyncio.subprocess.PIPE)
    assert process.stderr is not None
    try:
        async with asyncio.timeout(START_SECONDS):
            await _until_logged(process.stderr, b'"leading"')
        seconds = time.perf_counter() - began
        await asyncio.sleep(SETTLE_SECONDS)
        return seconds, resident_mib(_status_of(process.pid))
    except TimeoutError:
        raise BenchError(f"an operator did not lead within {START_SECONDS:.0f} s") from None
    finally:
        if process.returncode is None:
            process.terminate()
        # What it still says must be read, or a full pipe would keep it from ending.
        await process.communicate()


async def _until_logged(stream: asyncio.StreamReader, text: bytes) -> None:
    said = b""
    while line := await stream.readline():
        said += line
        if text in line:
            return
    raise BenchError(f"an operator ended by itself: {said.decode(errors='replace')[-2000:]}")


def _status_of(pid: int) -> str:
    return Path(f"/proc/{pid}/status").read_text()


async def _resident_in_pod(kubectl: Kubectl) -> float:
    """MiB resident of the operator that looks after the cluster."""
    text = await kubectl("exec", f"deployment/{OPERATOR}", "-n", OPERATOR, "--", "cat", "/proc/1/status")
    return resident_mib(text)


def _options() -> argparse.Namespace:
    return with_rounds(
        parser("kubectl rocketmq against mqadmin; the operator's import, start and memory.")
    ).parse_args()


if __name__ == "__main__":
    main(bench, _options())
