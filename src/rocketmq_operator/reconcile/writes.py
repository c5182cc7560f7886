"""Writes of single fields of objects in Kubernetes, each if the object is still the one that the plan saw."""

from contextlib import suppress
from typing import Any

from rocketmq_operator.core import names
from rocketmq_operator.core.plan import (
    Annotate,
    Leaving,
    NumberRevision,
    Resize,
    SetFinalizer,
    SetGate,
    SetListed,
    SetPartition,
)
from rocketmq_operator.kube.errors import Conflict, NotFound
from rocketmq_operator.kube.port import Kube
from rocketmq_operator.kube.resources import CONTROLLER_REVISION, POD, STATEFULSET
from rocketmq_operator.kube.types import Ref

from .kinds import REMOVABLE

Json = dict[str, Any]
Fields = Resize | SetPartition | Annotate | NumberRevision | SetGate | SetListed | SetFinalizer


class Writer:
    """Writes in the namespace of one resource."""

    def __init__(self, kube: Kube, item: Ref) -> None:
        self._kube = kube
        self._item = item
        self._namespace = item.namespace

    async def write(self, action: Fields) -> bool:
        """Whether it was written; False if what the plan saw is no longer so."""
        match action:
            case SetGate():
                return await self._gate(action)
            case SetListed():
                return await self._list(action)
            case SetFinalizer():
                return await self._finalize(action)
        return await self._patch_ours(action)

    async def _finalize(self, action: SetFinalizer) -> bool:
        """A Conflict is no answer: the resource's finalizers were changed by somebody else, so it is tried again."""
        metadata = {"finalizers": list(action.finalizers), "resourceVersion": action.version}
        with suppress(NotFound):
            await self._kube.patch(self._item, {"metadata": metadata})
        return True

    async def _gate(self, action: SetGate) -> bool:
        condition = {
            "type": action.condition,
            "status": "True" if action.open else "False",
            "reason": action.reason,
            "message": action.container,
        }
        body = {"metadata": {"uid": action.uid}, "status": {"conditions": [condition]}}
        try:
            await self._kube.patch(Ref(POD, self._namespace, action.pod), body, kind="strategic", subresource="status")
        except (NotFound, Conflict):
            return False
        return True

    async def _list(self, action: SetListed) -> bool:
        """Label and time in one write: a pod is never unlisted without saying since when."""
        body = {
            "metadata": {
                "uid": action.uid,
                "labels": {names.LISTED_LABEL: "true" if action.listed else "false"},
                "annotations": {names.UNLISTED_SINCE: None if action.listed else str(action.since)},
            }
        }
        try:
            await self._kube.patch(Ref(POD, self._namespace, action.pod), body)
        except (NotFound, Conflict):
            return False
        return True

    async def _patch_ours(self, action: Resize | SetPartition | Annotate | NumberRevision) -> bool:
        """A change of a few fields of an object, if it is still the one that the plan saw."""
        if isinstance(action, Resize) and action.leaving is not None and not await self._still(action.leaving):
            return False
        try:
            await self._kube.patch(self._ref_of(action), _patch(action))
        except (NotFound, Conflict):
            return False
        return True

    def _ref_of(self, action: Resize | SetPartition | Annotate | NumberRevision) -> Ref:
        match action:
            case Annotate(kind=kind, name=name):
                known = REMOVABLE.get(kind)
                return Ref(known, self._namespace, name) if known else self._item
            case NumberRevision(name=name):
                return Ref(CONTROLLER_REVISION, self._namespace, name)
        return Ref(STATEFULSET, self._namespace, action.name)

    async def _still(self, leaving: Leaving) -> bool:
        """Whether the leaving pod is as the plan saw it, asked of the API server itself: the view may lag."""
        try:
            meta = (await self._kube.get(Ref(POD, self._namespace, leaving.pod)))["metadata"]
        except NotFound:
            return True
        listed = meta.get("labels", {}).get(names.LISTED_LABEL)
        since = meta.get("annotations", {}).get(names.UNLISTED_SINCE)
        return (meta["uid"], listed, since) == (leaving.uid, "false", str(leaving.since))


def _patch(action: Resize | SetPartition | Annotate | NumberRevision) -> Json:
    """The merge patch, with what the plan saw as precondition."""
    match action:
        case Resize(replicas=replicas):
            seen = {"uid": action.uid, "resourceVersion": action.resource_version}
            return {"metadata": seen, "spec": {"replicas": replicas}}
        case SetPartition(partition=partition):
            seen = {"uid": action.uid, "resourceVersion": action.resource_version}
            rolling = {"type": "RollingUpdate", "rollingUpdate": {"partition": partition}}
            return {"metadata": seen, "spec": {"updateStrategy": rolling}}
        case Annotate(values=values, version=version):
            seen = {"uid": action.uid, **({"resourceVersion": version} if version else {})}
            return {"metadata": {**seen, "annotations": values}}
    return {"metadata": {"uid": action.uid}, "revision": action.revision}
