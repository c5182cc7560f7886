"""Figures out of /proc, as texts: of processes here, and by `kubectl exec` of process 1 of a pod."""

import re

from .commands import BenchError
from .kubectl import Kubectl

TICKS = 100
"""Clock ticks a second (USER_HZ), the same on every Linux."""


def cpu_seconds(stat: str) -> float:
    """User and system time of a /proc/PID/stat; the command's name in it may hold spaces and brackets."""
    fields = stat.rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def resident_mib(status: str) -> float:
    """MiB that a /proc/PID/status calls resident."""
    found = re.search(r"^VmRSS:\s+(\d+) kB$", status, re.MULTILINE)
    if found is None:
        raise BenchError("/proc/PID/status says nothing of memory")
    return int(found[1]) / 1024


async def pod_cpu_seconds(kubectl: Kubectl, namespace: str, pod: str) -> float:
    """CPU that process 1 of the pod has used so far."""
    return cpu_seconds(await kubectl("exec", pod, "-n", namespace, "--", "cat", "/proc/1/stat"))
