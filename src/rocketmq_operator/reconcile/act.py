"""Carries plans out. Every step is idempotent; what fails is told, and the next look decides anew."""

import asyncio
from collections.abc import Callable, Sequence

import structlog

from rocketmq_operator.admin import Admin, AdminError
from rocketmq_operator.admin.nameserver import ORDER_NAMESPACE
from rocketmq_operator.core.facts import Problem
from rocketmq_operator.core.plan import (
    Action,
    Annotate,
    Apply,
    Configure,
    Copy,
    Create,
    Event,
    GrowClaim,
    NumberRevision,
    Orphan,
    PutOrders,
    Rebuild,
    Remove,
    Resize,
    Seen,
    SetFinalizer,
    SetGate,
    SetListed,
    SetPartition,
    WipeWritePermission,
)
from rocketmq_operator.kube.errors import Forbidden, Invalid, KubeError, NotLeader
from rocketmq_operator.kube.port import Kube
from rocketmq_operator.kube.types import Ref

from .copying import copy
from .objects import Objects
from .taken import going
from .volumes import Volumes
from .world import Key, World
from .writes import Writer

Guard = Callable[[], None]
"""Raises NotLeader once another operator may act; the Kubernetes client asks it by itself, admin commands ask it here."""

log = structlog.get_logger(__name__)


class Outcome:
    """What came of a plan's actions: events to tell, problems to show, whether something is to be tried again."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self.problems: list[Problem] = []
        self.retry = False


class Actor:
    """Executes a resource's actions in its namespace."""

    def __init__(self, kube: Kube, admin: Admin, item: Ref, guard: Guard, world: World) -> None:
        self._admin = admin
        self._guard = guard
        self._volumes = Volumes(kube, item.namespace)
        self._writer = Writer(kube, item)
        self._objects = Objects(kube, item.namespace or "", world.opened)
        self._taken = world.taken
        self._pods = world.pods_of(Key(item.resource.kind, item.namespace or "", item.name))

    async def carry_out(self, actions: Sequence[Action]) -> Outcome:
        """Each action in order; one that fails does not keep the others from being tried."""
        outcome = Outcome()
        for action in actions:
            leave = going(action, self._pods)
            self._taken.note(leave)
            try:
                done = await self._one(action, outcome)
            except (Invalid, Forbidden) as error:
                done = False
                outcome.problems.append(_refused(action, error))
            except NotLeader:
                # It was not begun.
                self._taken.stay(leave)
                raise
            except (KubeError, AdminError) as error:
                # It may have been carried out all the same: who was asked to go may be going.
                outcome.retry = True
                log.warning("action failed, it will be tried again", action=action.message, error=str(error))
                continue
            if not done:
                self._taken.stay(leave)
            elif action.reason and (not isinstance(action, SetGate) or action.told):
                outcome.events.append(Event("Normal", action.reason, action.message))
        return outcome

    async def _one(self, action: Action, outcome: Outcome) -> bool:
        if not await self._as_seen(action):
            return False
        match action:
            case Create(obj=obj):
                done, problem = await self._objects.create(obj)
                outcome.problems += [problem] if problem else []
                return done
            case Apply(obj=obj):
                await self._objects.apply(obj)
            case Remove(kind=kind, name=name, uid=uid):
                await self._objects.remove(kind, name, uid)
            case GrowClaim() | Orphan() | Rebuild():
                return await self._volumes.carry_out(action)
            case Resize() | SetPartition() | Annotate() | NumberRevision() | SetGate() | SetListed() | SetFinalizer():
                return await self._writer.write(action)
            case _:
                await self._tell(action)
        return True

    async def _as_seen(self, action: Action) -> bool:
        for seen in _seen(action):
            if not await self._objects.unchanged(seen):
                return False
        for pod in action.beside if isinstance(action, Remove | Rebuild | Resize | SetPartition) else ():
            if not await self._objects.beside(pod):
                return False
        return True

    async def _tell(self, action: Action) -> None:
        """Actions on RocketMQ itself."""
        if isinstance(action, Configure) and action.first is not None:
            await self._objects.apply(action.first)
        self._guard()
        match action:
            case Configure():
                await self._admin.update_broker_config(action.address, action.values)
            case Copy(address=address, missing=missing):
                await copy(self._admin, address, missing)
            case WipeWritePermission(server=server, broker=broker):
                await self._admin.wipe_write_permission(server, broker)
            case PutOrders(address=address, values=values):
                await asyncio.gather(
                    *(self._admin.put_kv(address, ORDER_NAMESPACE, key, value) for key, value in values.items())
                )


def _seen(action: Action) -> tuple[Seen, ...]:
    """On what it rests that must not have changed since."""
    match action:
        case Apply(seen=seen) | SetFinalizer(seen=seen):
            return seen
        case Remove() | SetPartition() | Orphan() | WipeWritePermission() | PutOrders() if action.intent is not None:
            return (action.intent,)
    return ()


def _refused(action: Action, error: KubeError) -> Problem:
    kind = "Forbidden" if isinstance(error, Forbidden) else "Refused"
    return Problem(f"{kind}ByKubernetes", f"could not do: {action.message}; the API server says: {error}")
