"""Watched objects as plans see them."""

from datetime import datetime

from rocketmq_operator.core import names, pods
from rocketmq_operator.core.facts import ClaimFact, ObjectFact, PodFact

from .views import ClaimView, ContainerStatus, Made, PodView, Terminated, Waiting


def object_fact(kind: str, view: Made) -> ObjectFact:
    """An object of ours as plans see it; made once, so that what plans find out about it lasts as long as its view."""
    found: ObjectFact | None = view.__dict__.get("fact")
    if found is None:
        found = view.__dict__["fact"] = _object_fact(kind, view)
    return found


def _object_fact(kind: str, view: Made) -> ObjectFact:
    meta = view.metadata
    owner = next((each.uid for each in meta.owner_references if each.controller), "")
    return ObjectFact(
        kind,
        meta.name,
        meta.uid,
        owner,
        meta.annotations.get(names.HASH_ANNOTATION, ""),
        view.spec,
        view.data,
        meta.resource_version,
        {name: text for name, text in meta.annotations.items() if name.startswith(names.OURS)},
        view.revision,
        meta.deletion_timestamp is not None,
    )


def claim_fact(claim: ClaimView) -> ClaimFact:
    """A claim as plans see it (Kubernetes: *Expanding Persistent Volumes Claims*, *Recovering from Failure*)."""
    found: ClaimFact | None = claim.__dict__.get("fact")
    if found is None:
        found = claim.__dict__["fact"] = _claim_fact(claim)
    return found


def _claim_fact(claim: ClaimView) -> ClaimFact:
    meta, spec, status = claim.metadata, claim.spec, claim.status
    conditions = {each.type: each for each in status.conditions if each.status == "True"}
    errors = (conditions.get("ControllerResizeError"), conditions.get("NodeResizeError"))
    infeasible = status.allocated_resource_statuses.storage.endswith("Infeasible")
    told = next((each.message for each in errors if each), "the storage says that it cannot")
    return ClaimFact(
        name=meta.name,
        uid=meta.uid,
        resource_version=meta.resource_version,
        requested=spec.resources.requests.storage,
        capacity=status.capacity.storage,
        phase=status.phase,
        storage_class=spec.storage_class_name,
        volume=spec.volume_name,
        on_node="FileSystemResizePending" in conditions,
        failed=told[:300] if infeasible else "",
        deleting=meta.deletion_timestamp is not None,
    )


def pod_fact(pod: PodView) -> PodFact:
    """A pod as plans see it; its number is the last part of its name (StatefulSet ordinal)."""
    found: PodFact | None = pod.__dict__.get("fact")
    if found is None:
        found = pod.__dict__["fact"] = _pod_fact(pod)
    return found


def _pod_fact(pod: PodView) -> PodFact:
    meta, status = pod.metadata, pod.status
    conditions = {each.type: each for each in status.conditions}
    container = status.container_statuses[0] if status.container_statuses else ContainerStatus()
    serves_names = names.NAME_SERVER_LABEL in meta.labels
    gate = conditions.get(names.COMPLETE_GATE if serves_names else names.REGISTERED_GATE)
    scheduled = conditions.get("PodScheduled")
    ready = conditions.get("Ready")
    probed = conditions.get("ContainersReady")
    running = container.state.running is not None
    return PodFact(
        name=meta.name,
        uid=meta.uid,
        member=int(meta.name.rpartition("-")[2]),
        group=int(meta.labels.get(names.GROUP_LABEL, "0")),
        ip=status.pod_ip,
        node=pod.spec.node_name,
        container=container.container_id if running else "",
        ready=bool(ready and ready.status == "True"),
        listening=bool(running and probed and probed.status == "True"),
        deleting=meta.deletion_timestamp is not None,
        gate=gate.status if gate else "",
        gate_container=gate.message if gate else "",
        problem=pods.problem(
            meta.name,
            scheduled.message if scheduled and scheduled.reason == "Unschedulable" else "",
            _trouble(container),
        ),
        listed=meta.labels.get(names.LISTED_LABEL, ""),
        unlisted_since=_number(meta.annotations.get(names.UNLISTED_SINCE, "")),
        revision=meta.annotations.get(names.REVISION_LABEL, ""),
        format=_number(meta.annotations.get(names.FORMAT_ANNOTATION, "1")),
        created=_time(meta.creation_timestamp),
        started=_time((container.state.running or {}).get("startedAt")),
        restart=meta.annotations.get(names.RESTART, ""),
        restarts=container.restart_count,
        image=container.image,
        silent_since=_time(probed.last_transition_time) if probed and probed.status == "False" else 0,
    )


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdecimal() else 0


def _time(text: str | None) -> int:
    """A time of Kubernetes in ms since 1970; 0 if there is none."""
    return int(datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp() * 1000) if text else 0


def _trouble(container: ContainerStatus) -> pods.ContainerTrouble:
    waiting = container.state.waiting or Waiting()
    ended = container.state.terminated or container.last_state.terminated or Terminated()
    if container.state.running is not None:
        return pods.ContainerTrouble()
    return pods.ContainerTrouble(
        container.image, waiting.reason, waiting.message, ended.message, ended.reason, ended.exit_code
    )
