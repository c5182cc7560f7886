"""What a pod object says of its pod."""

from typing import Any

from .stored import Json


def revision_of(pod: Json) -> Any:
    """The revision that a pod was made from."""
    return pod["metadata"]["labels"]["controller-revision-hash"]


def ready(pod: Json) -> bool:
    """Whether a pod's Ready condition is true."""
    return any(
        each["type"] == "Ready" and each["status"] == "True" for each in pod.get("status", {}).get("conditions", ())
    )


def healthy(pod: Json) -> bool:
    """Running, ready, and not about to go."""
    return ready(pod) and not pod["metadata"].get("deletionTimestamp")
