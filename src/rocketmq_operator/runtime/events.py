"""Tells Kubernetes' users what was done: Events. Never blocks and never fails whoever records one."""

import asyncio
from collections.abc import Mapping
from random import Random
from typing import Literal

import structlog

from rocketmq_operator.kube.errors import AlreadyExists, KubeError, NotFound, Retry
from rocketmq_operator.kube.port import Kube
from rocketmq_operator.kube.resources import EVENT
from rocketmq_operator.kube.types import Ref

from .backoff import Backoff, Policy
from .clock import Clock, time_limit
from .series import NOTE_BYTES, WORD_BYTES, Entry, Happening, Limits, Series, counted, shortened

ATTEMPT_SECONDS = 10.0
ATTEMPTS = 8
FLUSH_SECONDS = 3.0

log = structlog.get_logger(__name__)


class EventRecorder:
    """``event`` notes, ``run`` writes. ``controller`` and ``instance`` say who reports."""

    def __init__(
        self,
        kube: Kube,
        *,
        controller: str,
        instance: str,
        clock: Clock,
        random: Random,
        limits: Limits | None = None,
    ) -> None:
        self._kube = kube
        self._clock = clock
        self._series = Series(controller, instance, random=random, limits=limits)
        self._backoff = Backoff(Policy(initial=0.5, maximum=30.0), random)
        self._changed = asyncio.Event()

    @property
    def dropped(self) -> int:
        """Events that were never written: too many of one object, or refused."""
        return self._series.dropped

    def event(
        self,
        regarding: Mapping[str, str],
        type_: Literal["Normal", "Warning"] | str,
        reason: str,
        message: str,
        *,
        action: str = "",
    ) -> None:
        """Something happened to the object ``regarding`` (apiVersion, kind, namespace, name, uid).

        ``reason`` is one CamelCase word; ``action`` is what was done about it, the reason's own word where it is not given.
        """
        what = Happening(
            regarding=tuple(sorted(regarding.items())),
            type=type_,
            reason=shortened(reason, WORD_BYTES),
            action=shortened(action or reason, WORD_BYTES),
            note=shortened(message, NOTE_BYTES),
        )
        if self._series.happened(what, self._clock.now(), self._clock.wall()):
            self._changed.set()

    async def run(self) -> None:
        """Until cancelled; then what is left is written, if that works at once."""
        try:
            while True:
                await self._next()
        finally:
            await self._flush()

    async def _next(self) -> None:
        self._changed.clear()
        entry = self._series.next_due()
        if entry is None:
            await self._changed.wait()
            return
        wait = entry.due - self._clock.now()
        if wait > 0:
            await self._changed_within(wait)
            return
        await self._write(entry)

    async def _changed_within(self, seconds: float) -> None:
        try:
            async with time_limit(self._clock, seconds):
                await self._changed.wait()
        except TimeoutError:
            return

    async def _write(self, entry: Entry) -> None:
        try:
            async with time_limit(self._clock, ATTEMPT_SECONDS):
                await self._send(entry)
        except (Retry, TimeoutError) as error:
            self._later(entry, error)
        except KubeError as error:
            log.warning("event not written", reason=entry.what.reason, error=str(error))
            self._series.give_up(entry)
        else:
            self._backoff.reset()

    async def _send(self, entry: Entry) -> None:
        count = entry.count
        if entry.written == 0:
            await self._create(entry)
        else:
            try:
                await self._kube.patch(Ref(EVENT, entry.namespace, entry.name), counted(entry))
            except NotFound:
                self._series.lost(entry)
                await self._create(entry)
        self._series.wrote(entry, count, self._clock.now())

    async def _create(self, entry: Entry) -> None:
        try:
            await self._kube.create(EVENT, self._series.body(entry))
        except AlreadyExists:
            # An earlier attempt went through though its answer was lost.
            return

    def _later(self, entry: Entry, error: Exception) -> None:
        if self._backoff.failures >= ATTEMPTS:
            log.warning("event not written", reason=entry.what.reason, error=str(error))
            self._series.give_up(entry)
            self._backoff.reset()
            return
        wish = error.retry_after if isinstance(error, Retry) else None
        entry.due = self._clock.now() + max(self._backoff.next(), wish or 0.0)

    async def _flush(self) -> None:
        """Write what has never been written; counts of a series are not worth a delay."""
        try:
            async with time_limit(self._clock, FLUSH_SECONDS):
                for entry in self._series.unwritten():
                    await self._send(entry)
        except (KubeError, TimeoutError):
            return
