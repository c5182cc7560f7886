"""What can go wrong with a call, typed by its remedy rather than by its number."""

# Names say the remedy, as conditions do; "Error" after each would say nothing.
# ruff: noqa: N818


class KubeError(Exception):
    """A call to the API server failed.

    ``status`` is the HTTP status, 0 where no answer came; ``reason`` is the API server's machine-readable word, if any.
    """

    def __init__(self, message: str, *, status: int = 0, reason: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.status = status
        self.reason = reason


class Retry(KubeError):
    """The same call may work later: no answer, 429, or 5xx. ``retry_after`` is the server's wish in seconds, if it has one.

    A write may have been carried out although no answer came.
    """

    def __init__(self, message: str, *, status: int = 0, reason: str = "", retry_after: float | None = None) -> None:
        super().__init__(message, status=status, reason=reason)
        self.retry_after = retry_after


class NotFound(KubeError):
    """The object is not there, or the API server does not serve its kind (404)."""


class AlreadyExists(KubeError):
    """A create met an object of that name (409)."""


class Conflict(KubeError):
    """The object is no longer as the write supposed (409): look again, then decide anew."""


class Gone(KubeError):
    """The asked-for resourceVersion or continue token is too old (410): list anew."""


class Invalid(KubeError):
    """The API server refuses what was sent (400, 422 and their like); the same call never works."""


class Forbidden(KubeError):
    """Who we are is unknown or not allowed to do this (401, 403); somebody must grant it."""


class Undecodable(KubeError):
    """The answer is not what its type says; a fault of ours or of the schema, not of the moment."""


class NotLeader(KubeError):
    """The write was not started: the lease's deadline has passed, another operator may act by now."""


class Unconfigured(KubeError):
    """No usable way to an API server: no kubeconfig, no service account, or one that cannot be read."""
