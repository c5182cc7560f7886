"""What every operation stands on: one request, one response, errors by remedy."""

import time
from collections.abc import Callable, Collection, Mapping
from typing import TypeVar

from rocketmq_operator.admin.channel import ChannelLost, Clock
from rocketmq_operator.admin.errors import AdminError, Malformed, Refused, Unreachable
from rocketmq_operator.admin.pool import Dial, Pool, dial_tcp
from rocketmq_operator.remoting.body import decode_body
from rocketmq_operator.remoting.codes import RequestCode, ResponseCode
from rocketmq_operator.remoting.command import Command
from rocketmq_operator.remoting.errors import BodyError, FrameError, LocalError
from rocketmq_operator.remoting.signature import Credentials

T = TypeVar("T")

IDLE_SECONDS = 60.0
PER_ADDRESS = 16


def _unheard(_: RequestCode) -> None:
    """Nobody counts requests."""


class Caller:
    """Requests by address ("host:port").

    `timeout` and `connect_timeout` are seconds, for one request and for one connection; `concurrency` bounds requests
    at once. `clock` gives seconds that only grow (idle connections expire by it), `dial` opens connections. `on_call` is
    told of every request before it is sent, also of the second try of one that met a closed connection.
    """

    def __init__(
        self,
        *,
        timeout: float = 3.0,
        connect_timeout: float = 2.0,
        concurrency: int = 64,
        credentials: Credentials | None = None,
        clock: Clock = time.monotonic,
        dial: Dial = dial_tcp,
        on_call: Callable[[RequestCode], None] = _unheard,
    ) -> None:
        self._on_call = on_call
        self._versions: dict[str, int] = {}
        self._pool = Pool(
            credentials=credentials,
            timeout=timeout,
            connect_timeout=connect_timeout,
            concurrency=concurrency,
            per_address=min(PER_ADDRESS, concurrency),
            idle=IDLE_SECONDS,
            clock=clock,
            dial=dial,
        )

    async def close(self) -> None:
        """Close all connections. Requests under way fail as Unreachable."""
        await self._pool.close()

    async def __aenter__(self) -> "Caller":
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    def version(self, address: str) -> int | None:
        """The version's ordinal in the last response of that server (see remoting.versions); None before the first."""
        return self._versions.get(address)

    async def call(
        self,
        address: str,
        code: RequestCode,
        fields: Mapping[str, object] | None = None,
        body: bytes = b"",
        *,
        accept: Collection[int] = (ResponseCode.SUCCESS,),
        repeat: bool = True,
        seconds: float | None = None,
    ) -> Command:
        """The response to one request; Unreachable, Refused (a code that is not in `accept`) or Malformed.

        `repeat` allows one more try on a new connection where an old one turned out to be closed: for all that may be
        done twice. `seconds` replaces the client's own time-out.
        """
        own = texts(fields or {})
        try:
            self._on_call(code)
            try:
                response = await self._pool.request(address, code, own, body, seconds)
            except ChannelLost as lost:
                if not (repeat and lost.stale):
                    raise
                self._on_call(code)
                response = await self._pool.request(address, code, own, body, seconds)
        except (ChannelLost, TimeoutError, ValueError, LocalError) as error:
            raise _by_remedy(error, address, code.name) from None
        self._versions[address] = response.version
        if response.code == ResponseCode.GO_AWAY:
            raise Unreachable(address, code.name, "the server is shutting down", sent=False)
        if response.code not in accept:
            raise Refused(address, code.name, response.code, response.remark)
        return response

    async def ask(
        self,
        address: str,
        code: RequestCode,
        kind: type[T],
        fields: Mapping[str, object] | None = None,
        body: bytes = b"",
    ) -> T:
        """The response's body as `kind`."""
        response = await self.call(address, code, fields, body)
        return self.read(address, code, response, kind)

    def read(self, address: str, code: RequestCode, response: Command, kind: type[T]) -> T:
        """The body of a response as `kind`; Malformed where it has another shape."""
        try:
            return decode_body(response.body, kind)
        except BodyError as error:
            raise Malformed(address, code.name, str(error)) from None

    def number(self, address: str, code: RequestCode, response: Command, field: str) -> int:
        """A number in a response's header."""
        try:
            return int(response.fields[field])
        except (KeyError, ValueError):
            raise Malformed(address, code.name, f"{field} is missing or no number") from None


def texts(fields: Mapping[str, object]) -> dict[str, str]:
    """Header fields as the wire has them: booleans in Java's spelling, None left out."""
    return {key: _text(value) for key, value in fields.items() if value is not None}


def _text(value: object) -> str:
    return ("true" if value else "false") if isinstance(value, bool) else str(value)


def _by_remedy(error: Exception, address: str, operation: str) -> AdminError:
    match error:
        case ChannelLost(fault=FrameError() as fault):
            return Malformed(address, operation, str(fault))
        case ChannelLost():
            return Unreachable(address, operation, str(error), sent=error.sent)
        case TimeoutError():
            return Unreachable(address, operation, "no answer in time")
        case _:
            return Malformed(address, operation, str(error))
