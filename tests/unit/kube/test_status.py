"""Every answer that is no success becomes the error whose name is its remedy."""

import pytest

from rocketmq_operator.kube.errors import AlreadyExists, Conflict, Forbidden, Gone, Invalid, KubeError, NotFound, Retry
from rocketmq_operator.kube.status import error_from


@pytest.mark.parametrize(
    ("code", "reason", "kind"),
    [
        (400, "BadRequest", Invalid),
        (401, "Unauthorized", Forbidden),
        (403, "Forbidden", Forbidden),
        (404, "NotFound", NotFound),
        (405, "MethodNotAllowed", Invalid),
        (408, "", Retry),
        (409, "AlreadyExists", AlreadyExists),
        (409, "Conflict", Conflict),
        (410, "Expired", Gone),
        (410, "Gone", Gone),
        (413, "RequestEntityTooLarge", Invalid),
        (415, "UnsupportedMediaType", Invalid),
        (422, "Invalid", Invalid),
        (429, "TooManyRequests", Retry),
        (500, "InternalError", Retry),
        (503, "ServiceUnavailable", Retry),
        (504, "Timeout", Retry),
    ],
)
def test_by_status(code: int, reason: str, kind: type[KubeError]) -> None:
    body = b'{"kind":"Status","message":"because","reason":"%s"}' % reason.encode()
    error = error_from(code, body, {}, "get x")
    assert type(error) is kind
    assert error.status == code
    assert error.reason == reason
    assert str(error) == "get x: because"


@pytest.mark.parametrize(
    ("headers", "details", "wish"),
    [
        ({"retry-after": "7"}, "", 7.0),
        ({"retry-after": "7"}, ',"details":{"retryAfterSeconds":3}', 7.0),
        ({}, ',"details":{"retryAfterSeconds":3}', 3.0),
        ({"retry-after": "Wed, 21 Oct 2026 07:28:00 GMT"}, "", None),
        ({}, ',"details":null', None),
    ],
)
def test_the_time_that_a_server_names(headers: dict[str, str], details: str, wish: float | None) -> None:
    error = error_from(429, b'{"message":"busy"' + details.encode() + b"}", headers, "get x")
    assert isinstance(error, Retry)
    assert error.retry_after == wish


def test_fields_that_are_wrong_are_named() -> None:
    body = b'{"message":"x is invalid","details":{"causes":[{"field":"spec.replicas","message":"must be positive"}]}}'
    assert str(error_from(422, body, {}, "apply x")) == "apply x: x is invalid; spec.replicas: must be positive"


def test_another_object_by_that_name_is_a_conflict() -> None:
    body = b'{"message":"immutable","details":{"causes":[{"field":"metadata.uid","message":"field is immutable"}]}}'
    assert type(error_from(422, body, {}, "apply x")) is Conflict


@pytest.mark.parametrize("body", [b"<html>Bad Gateway</html>", b"", b"\xff\xfe", b"[1,2]"])
def test_an_answer_of_somebody_who_is_no_api_server(body: bytes) -> None:
    error = error_from(502, body, {}, "get x")
    assert type(error) is Retry
    assert str(error).startswith("get x: ")
