"""One rolling restart as it is seen from outside."""

from rocketmq_operator.admin import Admin

from . import rolling_words
from .kubectl import Kubectl
from .restarts import SIZE, Pods, Rolling
from .watching import Watch


class RollingWatch(Watch):
    """Watches until everything is as it was, but that each wanted pod is another one."""

    says = staticmethod(rolling_words.phase)
    limit = 900.0

    def __init__(self, kubectl: Kubectl, admin: Admin, namespace: str, rolling: Rolling, pods: Pods) -> None:
        super().__init__(kubectl, admin, namespace, rolling.resource, SIZE, frozenset())
        self._rolling, self._pods = rolling, pods

    def _as_wanted(self) -> bool:
        there = self._world.pods
        return (
            super()._as_wanted()
            and set(self._rolling.pods) <= self._pods.replaced(there)
            and set(self._world.ready()) == SIZE.pods()
        )

    def _note(self, at: float, began: float) -> bool:
        self._pods.note(self._world.pods)
        return super()._note(at, began)
