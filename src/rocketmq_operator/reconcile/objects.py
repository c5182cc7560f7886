"""Writes of whole objects in Kubernetes: creations, server-side applies, removals."""

from contextlib import suppress
from typing import Any

from rocketmq_operator.core.facts import Problem
from rocketmq_operator.core.objects import not_ours
from rocketmq_operator.core.plan import Beside, Seen
from rocketmq_operator.kube.errors import AlreadyExists, Conflict, NotFound
from rocketmq_operator.kube.port import Kube
from rocketmq_operator.kube.resources import CONFIG_MAP, POD
from rocketmq_operator.kube.types import Ref

from .facts_of import pod_fact
from .kinds import REMOVABLE, RESOURCES
from .opened import Opened
from .views import PodView

Json = dict[str, Any]


class Objects:
    """Those of a namespace."""

    def __init__(self, kube: Kube, namespace: str, opened: Opened) -> None:
        self._kube = kube
        self._namespace = namespace
        self._opened = opened

    async def create(self, obj: Json) -> tuple[bool, Problem | None]:
        """Whether it was created; the problem if somebody else's object holds its name."""
        resource, metadata = RESOURCES[obj["kind"]], obj["metadata"]
        try:
            await self._kube.create(resource, obj)
        except AlreadyExists:
            there = await self._kube.get(Ref(resource, self._namespace, metadata["name"]))
            owners = {each.get("uid") for each in there["metadata"].get("ownerReferences", [])}
            ours = metadata["ownerReferences"][0]["uid"] in owners
            return False, None if ours else not_ours(obj["kind"], metadata["name"])
        return True, None

    async def apply(self, obj: Json) -> None:
        """From then on it is known what an intent says of its group: that it was opened."""
        answer = await self._kube.apply(RESOURCES[obj["kind"]], obj)
        if obj["kind"] == CONFIG_MAP.kind:
            self._opened.note(answer)

    async def unchanged(self, seen: Seen) -> bool:
        """Whether an object is as the plan saw it, asked of the API server itself: what the plan knows may be seconds old."""
        meta = await self._metadata(seen.kind, seen.name)
        return bool(meta) and meta["resourceVersion"] == seen.resource_version

    async def beside(self, pod: Beside) -> bool:
        """Whether a pod is there, not on its way out, and runs the container that it ran, or none as before; asked of the API server itself."""
        try:
            found = pod_fact(await self._kube.get(Ref(POD, self._namespace, pod.name), PodView))
        except NotFound:
            return False
        return found.uid == pod.uid and not found.deleting and found.container == pod.container

    async def _metadata(self, kind: str, name: str) -> Json:
        """As it is now; empty if there is no such object."""
        try:
            found: Json = (await self._kube.get(Ref(REMOVABLE[kind], self._namespace, name)))["metadata"]
        except NotFound:
            return {}
        return found

    async def remove(self, kind: str, name: str, uid: str) -> None:
        """If it is still the one that the plan saw."""
        with suppress(NotFound, Conflict):
            await self._kube.delete(Ref(REMOVABLE[kind], self._namespace, name), uid=uid)
