"""From an HTTP answer that is not a success to the error that names its remedy."""

from collections.abc import Mapping

import msgspec

from .errors import AlreadyExists, Conflict, Forbidden, Gone, Invalid, KubeError, NotFound, Retry


class Cause(msgspec.Struct, frozen=True):
    """One field that the API server complains about."""

    field: str = ""
    message: str = ""
    reason: str = ""


class Details(msgspec.Struct, frozen=True, rename="camel"):
    """Details of a Status; ``causes`` may be null."""

    causes: list[Cause] | None = None
    retry_after_seconds: float = 0


class Status(msgspec.Struct, frozen=True):
    """``meta/v1 Status``: the API server's answer when there is no object to give."""

    message: str = ""
    reason: str = ""
    code: int = 0
    details: Details | None = None


_BY_CODE: dict[int, type[KubeError]] = {
    401: Forbidden,
    403: Forbidden,
    404: NotFound,
    408: Retry,
    409: Conflict,
    410: Gone,
    429: Retry,
}
_decoder = msgspec.json.Decoder(Status)


def decode_status(body: bytes) -> Status:
    """The Status in ``body``; where there is none (a proxy's page, say), the beginning of the text as its message."""
    try:
        return _decoder.decode(body)
    except msgspec.MsgspecError:
        return Status(message=body[:200].decode("utf-8", "replace").strip())


def error_from(code: int, body: bytes, headers: Mapping[str, str], what: str) -> KubeError:
    """The error for an HTTP answer; ``what`` names the call for whoever reads the message."""
    return error_of(decode_status(body), code, what, _seconds(headers.get("retry-after")))


def error_of(status: Status, code: int, what: str, retry_after: float | None = None) -> KubeError:
    """The error for a Status, whether it came as an answer or as an ERROR event of a watch."""
    message = f"{what}: {_text(status) or f'HTTP {code}'}"
    if status.reason == "AlreadyExists":
        return AlreadyExists(message, status=code, reason=status.reason)
    if status.reason == "Expired":
        return Gone(message, status=code, reason=status.reason)
    if any(cause.field == "metadata.uid" for cause in _causes(status)):
        # A uid in what is written says which object is meant; the API server calls another one by that name invalid (422).
        return Conflict(message, status=code, reason=status.reason)
    kind = _BY_CODE.get(code, Invalid if 400 <= code < 500 else Retry)
    if kind is Retry:
        wish = retry_after if retry_after is not None else _wish(status)
        return Retry(message, status=code, reason=status.reason, retry_after=wish)
    return kind(message, status=code, reason=status.reason)


def _text(status: Status) -> str:
    """The message, and the fields complained about where the message does not name them already."""
    missing = (cause for cause in _causes(status) if cause.field and cause.field not in status.message)
    return "; ".join(part for part in (status.message, *(f"{each.field}: {each.message}" for each in missing)) if part)


def _causes(status: Status) -> list[Cause]:
    return (status.details.causes if status.details else None) or []


def _wish(status: Status) -> float | None:
    return (status.details.retry_after_seconds or None) if status.details else None


def _seconds(header: str | None) -> float | None:
    """``Retry-After`` in seconds; its other form, a date, is not used by API servers and counts as absent."""
    try:
        return max(0.0, float(header)) if header else None
    except ValueError:
        return None
