"""What keeps a pod from running, told in words a user can act on (Kubernetes: container states, pod conditions)."""

import re

import msgspec

from .facts import Problem

UNSCHEDULABLE = "PodUnschedulable"
NO_IMAGE = "ImagePullFailed"
IMAGE_REASONS = {"ErrImagePull", "ImagePullBackOff", "InvalidImageName", "ErrImageNeverPull", "ErrImageInspect"}
OURS = re.compile(r"([A-Z][A-Za-z]+): (.+)", re.S)


class ContainerTrouble(msgspec.Struct, frozen=True):
    """A container that does not run: why it waits, and the last words of its last life."""

    image: str = ""
    waiting_reason: str = ""
    waiting_message: str = ""
    last_message: str = ""
    last_reason: str = ""
    exit_code: int = 0


def problem(pod: str, unschedulable: str, container: ContainerTrouble) -> Problem | None:
    """The one thing to say about a pod; ``unschedulable`` is the scheduler's message, empty if it found a node."""
    if unschedulable:
        return Problem(
            UNSCHEDULABLE,
            f"pod {pod} finds no node: {unschedulable}; add nodes or change nodeSelector, affinity, requests or the storage class",
        )
    if container.waiting_reason in IMAGE_REASONS:
        return Problem(
            NO_IMAGE,
            f"pod {pod} cannot get image {container.image}: {container.waiting_message or container.waiting_reason}; "
            "correct the image's name or give podTemplate.imagePullSecrets",
        )
    if container.waiting_reason in {"CreateContainerConfigError", "CreateContainerError", "RunContainerError"}:
        return Problem("ContainerNotCreated", f"pod {pod}: {container.waiting_message or container.waiting_reason}")
    if container.exit_code == 64:
        ours = OURS.fullmatch(container.last_message.strip())
        if ours:
            return Problem(ours[1], f"pod {pod} does not start: {ours[2]}")
    if container.waiting_reason == "CrashLoopBackOff":
        why = container.last_reason if container.last_reason == "OOMKilled" else _last_line(container.last_message)
        return Problem(
            "CrashLoop",
            f"pod {pod} ends again and again with exit code {container.exit_code}: {why or 'it left no message'}; see kubectl logs --previous {pod}",
        )
    return None


def _last_line(text: str) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[-1][:300] if lines else ""
