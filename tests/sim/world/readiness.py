"""What a pod object says of its pod."""

from typing import Any

from rocketmq_operator.core import names

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


def up_to_date(pod: Json, template: Json, newest: str, oldest: int) -> bool:
    """Whether a pod is of a template, whose revision is ``newest``, or of the same built in another format that may run on."""
    notes, wanted = pod["metadata"]["annotations"], template["metadata"]["annotations"]
    same = notes[names.REVISION_LABEL] == wanted[names.REVISION_LABEL]
    return bool(revision_of(pod) == newest or (same and int(notes[names.FORMAT_ANNOTATION]) >= oldest))
