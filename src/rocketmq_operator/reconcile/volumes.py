"""Carries out what is decided about volumes. Each write is for the very object that the plan saw."""

from rocketmq_operator.core.plan import GrowClaim, Orphan, Rebuild
from rocketmq_operator.kube.errors import Conflict, NotFound
from rocketmq_operator.kube.port import Kube
from rocketmq_operator.kube.resources import POD, PVC, STATEFULSET
from rocketmq_operator.kube.types import Ref


class Volumes:
    """Claims and StatefulSets of one namespace."""

    def __init__(self, kube: Kube, namespace: str | None) -> None:
        self._kube = kube
        self._namespace = namespace

    async def carry_out(self, action: GrowClaim | Orphan | Rebuild) -> bool:
        """Whether it was done; not where the world is another by now."""
        try:
            match action:
                case GrowClaim():
                    await self._grow(action)
                case Orphan(name=name, uid=uid, resource_version=version):
                    ref = Ref(STATEFULSET, self._namespace, name)
                    await self._kube.delete(ref, uid=uid, resource_version=version, propagation="Orphan")
                case Rebuild():
                    return await self._rebuild(action)
        except (NotFound, Conflict):
            return False
        return True

    async def _grow(self, action: GrowClaim) -> None:
        metadata = {"uid": action.uid, "resourceVersion": action.resource_version}
        body = {"metadata": metadata, "spec": {"resources": {"requests": {"storage": action.size}}}}
        await self._kube.patch(Ref(PVC, self._namespace, action.name), body)

    async def _rebuild(self, action: Rebuild) -> bool:
        """Claims first: until the pod is gone they only wait for it, and the next pod finds none of them."""
        lost = [(name, uid, await self._state(name, uid)) for name, uid in action.claims]
        if not all(state for _, _, state in lost):
            return False
        for name, uid, state in lost:
            if state == "Lost":
                await self._kube.delete(Ref(PVC, self._namespace, name), uid=uid)
        await self._kube.delete(Ref(POD, self._namespace, action.pod), uid=action.uid)
        return True

    async def _state(self, name: str, uid: str) -> str:
        """How a claim is lost, asked of the API server itself, because the view may lag: ``Lost``, ``Going`` or ``Gone``; empty
        if it is not, or if another claim has its name."""
        try:
            found = await self._kube.get(Ref(PVC, self._namespace, name))
        except NotFound:
            return "Gone"
        if found["metadata"]["uid"] != uid:
            return ""
        if found["metadata"].get("deletionTimestamp"):
            return "Going"
        return "Lost" if found.get("status", {}).get("phase") == "Lost" else ""
