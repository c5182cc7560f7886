"""Errors by their remedy. Their texts never hold values of settings, fields or bodies."""

from rocketmq_operator.admin.redact import redact_text
from rocketmq_operator.remoting.codes import response_name

_REMARK_LIMIT = 300


class AdminError(Exception):
    """An operation on a server at `address` ("host:port") did not succeed."""

    def __init__(self, address: str, operation: str, reason: str) -> None:
        super().__init__(f"{operation} at {address}: {reason}")
        self.address = address
        self.operation = operation
        self.reason = reason


class Unreachable(AdminError):  # noqa: N818  (named by the remedy)
    """No answer: refused, timed out, closed midway. Remedy: try again later.

    A write may have taken effect all the same. `sent` is False where the request surely never left.
    """

    def __init__(self, address: str, operation: str, reason: str, *, sent: bool = True) -> None:
        super().__init__(address, operation, reason)
        self.sent = sent


class Refused(AdminError):  # noqa: N818  (named by the remedy)
    """The server answered with an error. Remedy: by `code` (see ResponseCode); the same request gets the same answer.

    `remark` is the server's own text, shortened, with secrets blacked out.
    """

    def __init__(self, address: str, operation: str, code: int, remark: str | None) -> None:
        self.code = code
        self.remark = redact_text(remark or "").strip()[:_REMARK_LIMIT]
        super().__init__(address, operation, f"{response_name(code)} ({code}) {self.remark}".rstrip())


class Malformed(AdminError):  # noqa: N818  (named by the remedy)
    """The server's bytes are not what the protocol or the operation promises, or the request itself cannot be made (an
    address that is none, a body too large). Remedy: none by trying again."""
