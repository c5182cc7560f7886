"""Drives a reflection: asks the API server for what it wants and gives it what comes."""

from collections.abc import Sequence
from contextlib import aclosing
from random import Random
from typing import Generic, TypeVar

import msgspec
import structlog

from rocketmq_operator.kube.errors import KubeError, Retry
from rocketmq_operator.kube.port import Kube
from rocketmq_operator.kube.types import Resource, Viewed

from .clock import Clock, time_limit
from .reflection import ListPage, Phase, Reflection, Settings, Wait, Watch
from .store import Store

V = TypeVar("V", bound=Viewed)

LIST_SECONDS = 60.0
POLL_SECONDS = 0.1

log = structlog.get_logger(__name__)


class Health(msgspec.Struct, frozen=True):
    """How a reflector is: ``problem`` is empty while all is well."""

    resource: str
    namespace: str
    synced: bool
    phase: str
    failures: int
    problem: str


class Reflector(Generic[V]):
    """Keeps ``store`` like the selected objects of one namespace, or of all of them, for as long as ``run`` runs."""

    def __init__(
        self,
        kube: Kube,
        resource: Resource,
        type_: type[V],
        store: Store[V],
        *,
        clock: Clock,
        random: Random,
        namespace: str | None = None,
        label_selector: str | None = None,
        field_selector: str | None = None,
        settings: Settings | None = None,
    ) -> None:
        self._kube = kube
        self._resource = resource
        self._clock = clock
        self._namespace = namespace
        self._labels = label_selector
        self._fields = field_selector
        self._writer = store.writer()
        self._reflection = Reflection(type_, self._writer, random=random, settings=settings)

    @property
    def health(self) -> Health:
        """How it is now."""
        state = self._reflection
        return Health(
            resource=self._resource.plural,
            namespace=self._namespace or "",
            synced=self._writer.synced,
            phase=state.phase.value,
            failures=state.failures,
            problem=state.problem,
        )

    async def answered(self, seconds: float) -> None:
        """Return once it has listed, or was refused that; after so many seconds in any case."""
        until = self._clock.now() + seconds
        while not (self._writer.synced or self._reflection.refused) and self._clock.now() < until:
            await self._clock.sleep(POLL_SECONDS)

    async def run(self) -> None:
        """Until cancelled; no failure ends it."""
        while True:
            before = self._reflection.failures
            await self._step()
            if self._reflection.failures > before:
                log.warning("watch failed, will be resumed", **msgspec.structs.asdict(self.health))

    async def _step(self) -> None:
        match self._reflection.next():
            case Wait(seconds=seconds):
                await self._clock.sleep(seconds)
            case ListPage() as page:
                await self._list(page)
            case Watch() as watch:
                await self._watch(watch)

    async def _list(self, page: ListPage) -> None:
        try:
            async with time_limit(self._clock, LIST_SECONDS):
                body = await self._kube.list_page(
                    self._resource,
                    namespace=self._namespace,
                    label_selector=self._labels,
                    field_selector=self._fields,
                    limit=page.limit,
                    continue_token=page.token,
                )
            self._reflection.page(body)
        except Exception as error:
            self._reflection.failed(_typed(error))

    async def _watch(self, watch: Watch) -> None:
        started = self._clock.now()
        try:
            async with time_limit(self._clock, watch.limit_seconds):
                usable = await self._follow(watch)
        except Exception as error:
            self._reflection.failed(_typed(error), self._clock.now() - started)
        else:
            if usable:
                self._reflection.ended(self._clock.now() - started)

    async def _follow(self, watch: Watch) -> bool:
        """Feed the watch's bytes until it ends; False if the reflection wants no more of it."""
        stream = self._kube.watch(
            self._resource,
            resource_version=watch.resource_version,
            timeout_seconds=watch.timeout_seconds,
            namespace=self._namespace,
            label_selector=self._labels,
            field_selector=self._fields,
        )
        async with aclosing(stream):
            async for chunk in stream:
                if not self._reflection.chunk(chunk):
                    return False
        return True


def _typed(error: Exception) -> KubeError:
    """Anything that may come out of a call; a surprise must not end the reflector either."""
    if isinstance(error, KubeError):
        return error
    if isinstance(error, TimeoutError):
        return Retry("no answer in time")
    log.error("a call failed in an unforeseen way", exc_info=error)
    return Retry(f"{type(error).__name__}: {error}")


def reflectors(
    kube: Kube,
    resource: Resource,
    type_: type[V],
    store: Store[V],
    *,
    clock: Clock,
    random: Random,
    namespaces: Sequence[str] = (),
    label_selector: str | None = None,
    settings: Settings | None = None,
) -> list[Reflector[V]]:
    """One reflector for each namespace, or one for all where none is named; all feed the same store."""
    places: Sequence[str | None] = namespaces or (None,)
    if not resource.namespaced:
        places = (None,)
    return [
        Reflector(
            kube,
            resource,
            type_,
            store,
            clock=clock,
            random=random,
            namespace=place,
            label_selector=label_selector,
            settings=settings,
        )
        for place in places
    ]


__all__ = ["Health", "Phase", "Reflector", "Settings", "reflectors"]
