"""Keeping a store like a collection of the API server: the state machine, without I/O and without a clock.

    LIST --last page--> WATCH --events, bookmarks--> WATCH
      ^ \\_failure: wait, from its first page          |  \\_ended or broken: wait if need be, from the last version
      |                                               |
      +--- version gone (410, as status or as event), refused, or broken time and again without news ---+

What makes it survive:

- A list is always consistent (no ``resourceVersion=0``: another server's cache may be older than what was seen already).
- A list replaces: what was deleted while nobody watched is not in it, hence gone.
- The version to go on from is the last one *seen*, bookmarks included; a broken or garbled watch goes on from there.
- A version that fails again and again is not trusted for ever: after ``patience`` failures without news, list anew. That is
  also the way out of a server restored from a backup, whose versions are older than ours.
- Only news or a watch that stood for a while count as success; else a server that takes and drops connections is hammered.
"""

import enum
from random import Random
from typing import Generic, TypeVar

import msgspec

from rocketmq_operator.kube.errors import Forbidden, Gone, Invalid, KubeError, Retry
from rocketmq_operator.kube.pages import PAGE
from rocketmq_operator.kube.status import Status, error_of
from rocketmq_operator.kube.types import Viewed

from .backoff import Backoff, Policy
from .store import Name, Writer
from .views import Refused, ViewDecoder, decode_head
from .watchlines import GarbledError, Lines, RawEvent, parse

V = TypeVar("V", bound=Viewed)


class Settings(msgspec.Struct, frozen=True):
    """Times in seconds."""

    page: int = PAGE
    watch_seconds: tuple[int, int] = (90, 120)
    """The server is asked to end a watch after a random time in this range."""
    grace_seconds: float = 15.0
    """A watch that has not ended so long after its time is dead. Silence alone proves nothing: where nothing of a kind has
    happened since the server's start, there is not even a bookmark."""
    stable_seconds: float = 5.0
    """A watch that stood this long was a success, whatever ended it."""
    patience: int = 5
    """Watches that may fail in a row before the version they start from is given up."""
    backoff: Policy = Policy()
    forbidden: Policy = Policy(initial=1.0, maximum=60.0)
    """Somebody has to grant a right or correct a request first: no use in asking often."""


class Phase(enum.Enum):
    """What the reflector is at."""

    LIST = "list"
    WATCH = "watch"


class ListPage(msgspec.Struct, frozen=True):
    """Asks for a page of the list."""

    limit: int
    token: str | None


class Watch(msgspec.Struct, frozen=True):
    """Asks for the changes since a version."""

    resource_version: str
    timeout_seconds: int
    limit_seconds: float


class Wait(msgspec.Struct, frozen=True):
    """Asks for nothing, for a while."""

    seconds: float


class Reflection(Generic[V]):
    """One collection. ``next`` says what to ask for; what came of it goes into ``page``, ``chunk``, ``ended``, ``failed``."""

    def __init__(self, type_: type[V], writer: Writer[V], *, random: Random, settings: Settings | None = None) -> None:
        self._settings = settings or Settings()
        self._writer = writer
        self._random = random
        self._decode = ViewDecoder(type_)
        self._backoff = Backoff(self._settings.backoff, random)
        self._wait = 0.0
        self._version = ""
        self._lines = Lines()
        self.phase = Phase.LIST
        self.problem = ""
        self.refused = False
        self._token: str | None = None
        self._begin_list(self._settings.page)

    @property
    def failures(self) -> int:
        """Failures in a row; 0 while all is well. ``problem`` tells the last one, ``refused`` whether that was a refusal."""
        return self._backoff.failures

    def next(self) -> ListPage | Watch | Wait:
        """What to do now."""
        if self._wait > 0:
            seconds, self._wait = self._wait, 0.0
            return Wait(seconds)
        if self.phase is Phase.LIST:
            return ListPage(self._limit, self._token)
        self._lines = Lines()
        seconds = self._random.randint(*self._settings.watch_seconds)
        return Watch(self._version, seconds, seconds + self._settings.grace_seconds)

    def page(self, body: bytes) -> None:
        """The page that was asked for."""
        try:
            page = self._decode.page(body)
        except GarbledError as error:
            self.failed(error)
            return
        self._views += page.views
        self._refused |= {each.key: each.error for each in page.refused}
        self._token = page.metadata.token or None
        if self._token is None:
            self._listed(page.metadata.resource_version)

    def chunk(self, data: bytes) -> bool:
        """Bytes of the watch that was asked for; False: it is of no more use, close it and ask ``next``."""
        try:
            for line in self._lines.feed(data):
                self._event(parse(line))
        except KubeError as error:
            self.failed(error)
            return False
        return True

    def ended(self, lasted: float) -> None:
        """The server ended the watch in good order after ``lasted`` seconds, as it does now and then."""
        if self._stood(lasted):
            return
        self.failed(Retry("the watch was ended at once"), lasted)

    def failed(self, error: KubeError, lasted: float = 0.0) -> None:
        """The page or watch that was asked for failed, the latter after ``lasted`` seconds."""
        self._stood(lasted)
        self.problem = str(error)
        self.refused = isinstance(error, (Forbidden, Invalid))
        self._wait = self._pause(error)
        if self.phase is Phase.LIST:
            expired = isinstance(error, Gone)
            self._begin_list(0 if expired else self._settings.page)
        elif isinstance(error, (Gone, Invalid)) or self.failures > self._settings.patience:
            self.phase = Phase.LIST

    def _begin_list(self, limit: int) -> None:
        """From its first page; pages of different lists must not mix. ``limit`` 0 cannot expire on the way."""
        self._limit = limit
        self._token = None
        self._views: list[V] = []
        self._refused: dict[Name, str] = {}

    def _listed(self, version: str) -> None:
        """The last page is there. A watch from no version at all would not tell what was deleted, hence there must be one."""
        if not version:
            self.failed(GarbledError("a list without a resourceVersion"))
            return
        views, refused = self._views, self._refused
        self._begin_list(self._settings.page)
        self._version = version
        self.phase = Phase.WATCH
        self._writer.replace(views, refused)

    def _event(self, event: RawEvent) -> None:
        match event.type:
            case "ADDED" | "MODIFIED":
                version = self._changed(event.object)
            case "DELETED":
                gone = decode_head(event.object)
                self._writer.remove(gone.key)
                version = gone.metadata.resource_version
            case "BOOKMARK":
                version = decode_head(event.object).metadata.resource_version
            case "ERROR":
                raise _error(event.object)
            case _:
                raise GarbledError(f"a watch event of the unknown type {event.type[:40]!r}")
        self._version = version or self._version
        self._good()

    def _changed(self, body: msgspec.Raw) -> str:
        found = self._decode.one(body)
        if isinstance(found, Refused):
            self._writer.refuse(found.key, found.error)
            return found.resource_version
        self._writer.put(found)
        return found.metadata.resource_version

    def _stood(self, lasted: float) -> bool:
        """Whether a watch lasted long enough to count as good."""
        if self.phase is Phase.WATCH and lasted >= self._settings.stable_seconds:
            self._good()
            return True
        return False

    def _good(self) -> None:
        self._backoff.reset()
        self.problem, self.refused = "", False

    def _pause(self, error: KubeError) -> float:
        """Seconds to wait after a failure."""
        usual = self._backoff.next()
        if isinstance(error, (Forbidden, Invalid)):
            return self._settings.forbidden.delay(self.failures, self._random)
        if isinstance(error, Gone) and self.failures == 1:
            return 0.0
        if isinstance(error, Retry) and error.retry_after is not None:
            return max(usual, error.retry_after)
        return usual


def _error(body: msgspec.Raw) -> KubeError:
    """The error that an ERROR event carries."""
    try:
        status = msgspec.json.decode(body, type=Status)
    except msgspec.MsgspecError as error:
        return GarbledError(f"an ERROR event without a Status: {error}")
    return error_of(status, status.code, "watch")
