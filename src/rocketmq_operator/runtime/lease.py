"""Leader election on a Lease: campaigns, leads, stands by again; never ends the process for a lost lease."""

import asyncio
from collections.abc import Awaitable, Callable
from random import Random

import msgspec
import structlog

from rocketmq_operator.kube.errors import KubeError, NotFound, NotLeader
from rocketmq_operator.kube.port import Kube
from rocketmq_operator.kube.resources import LEASE
from rocketmq_operator.kube.types import Json, Ref

from .clock import Clock, time_limit
from .election import Election, Lease, LeaseSpec, Terms
from .times import micro_time

ATTEMPT_SECONDS = 5.0

log = structlog.get_logger(__name__)


class Elector:
    """A candidate. ``kube`` must be without guard (``Client.unguarded``); ``identity`` is unique to this process.

    ``on_change(leading)`` is called when that changes.
    """

    def __init__(
        self,
        kube: Kube,
        *,
        namespace: str,
        name: str,
        identity: str,
        clock: Clock,
        random: Random,
        terms: Terms | None = None,
        on_change: Callable[[bool], None] | None = None,
    ) -> None:
        self._kube = kube
        self._ref = Ref(LEASE, namespace, name)
        self._identity = identity
        self._clock = clock
        self._random = random
        self._terms = terms or Terms()
        self._election = Election(identity, self._terms)
        self._on_change = on_change
        # The lease as this process left it: a leader renews without reading it first.
        self._known: Lease | None = None

    @property
    def leading(self) -> bool:
        """Whether this process leads now."""
        return self._election.leading(self._clock.now())

    def deadline(self) -> float:
        """Until when, by its clock's ``now``; the past if it does not lead."""
        return self._election.deadline()

    def guard(self) -> None:
        """NotLeader unless it leads: for ``Client.guard``."""
        if not self.leading:
            raise NotLeader(f"{self._ref}: the lease's deadline has passed, the write was not started")

    async def run(self, lead: Callable[[], Awaitable[None]]) -> None:
        """Until cancelled: wait to lead, run ``lead`` while leading, cancel it when the lease is lost, and so on.

        Returns or raises when ``lead`` does so by itself. The lease is released at the end, if it is still held.
        """
        try:
            while True:
                await self._campaign()
                if await self._term(lead):
                    return
        finally:
            await self._release()

    async def _campaign(self) -> None:
        while not self.leading:
            await self._attempt(ATTEMPT_SECONDS)
            if not self.leading:
                # Spread candidates, or they all meet at every attempt.
                await self._clock.sleep(self._terms.retry_seconds * (1 + 0.2 * self._random.random()))

    async def _term(self, lead: Callable[[], Awaitable[None]]) -> bool:
        """One time of leading; True if ``lead`` ended by itself."""
        log.info("leading", lease=str(self._ref), identity=self._identity)
        self._tell(True)
        work = asyncio.ensure_future(lead())
        hold = asyncio.create_task(self._hold())
        try:
            await asyncio.wait({work, hold}, return_when=asyncio.FIRST_COMPLETED)
            ended = work.done()
        finally:
            hold.cancel()
            work.cancel()
            await asyncio.gather(hold, work, return_exceptions=True)
            self._tell(False)
        if ended:
            await work
        log.warning("standing by", lease=str(self._ref), identity=self._identity)
        return ended

    async def _hold(self) -> None:
        """Renew; return once the lease is lost."""
        while self.leading:
            await self._clock.sleep(min(self._terms.retry_seconds, self._left()))
            if self.leading:
                await self._attempt(min(ATTEMPT_SECONDS, self._left()))

    def _left(self) -> float:
        return self.deadline() - self._clock.now()

    async def _attempt(self, seconds: float) -> None:
        """Read, decide, write; a failure, of whatever kind, is not yet a loss: the deadline is."""
        try:
            async with time_limit(self._clock, seconds):
                await self._read_and_write()
        except Exception as error:
            self._known = None
            log.warning("lease not renewed", lease=str(self._ref), error=str(error) or type(error).__name__)

    async def _read_and_write(self) -> None:
        lease = self._known or await self._read()
        began = self._clock.now()
        wanted = self._election.tick(lease, began, micro_time(self._clock.wall()))
        if wanted is not None:
            self._known = await self._write(lease, wanted)
            self._election.wrote(began)

    async def _read(self) -> Lease | None:
        try:
            return await self._kube.get(self._ref, Lease)
        except NotFound:
            return None

    async def _write(self, lease: Lease | None, spec: LeaseSpec) -> Lease:
        content: Json = {"spec": msgspec.to_builtins(spec)}
        if lease is None:
            metadata = {"name": self._ref.name, "namespace": self._ref.namespace}
            head = {"apiVersion": LEASE.api_version, "kind": LEASE.kind, "metadata": metadata}
            return msgspec.convert(await self._kube.create(LEASE, head | content), Lease)
        precondition = {"metadata": {"resourceVersion": lease.metadata.resource_version}}
        return msgspec.convert(await self._kube.patch(self._ref, precondition | content), Lease)

    async def _release(self) -> None:
        """Give the lease back, so that the next one need not wait for its end."""
        known, leading = self._known, self.leading
        self._election.released()
        if known is None or not leading:
            return
        free = LeaseSpec(lease_duration_seconds=1, lease_transitions=known.spec.lease_transitions)
        try:
            async with time_limit(self._clock, ATTEMPT_SECONDS):
                await self._write(known, free)
        except (KubeError, TimeoutError) as error:
            log.warning("lease not released, it will run out", lease=str(self._ref), error=str(error))

    def _tell(self, leading: bool) -> None:
        if self._on_change is not None:
            self._on_change(leading)
