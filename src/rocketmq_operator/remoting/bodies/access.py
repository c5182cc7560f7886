"""Users and access rules of ACL 2.0 (5.3.0 and later). Never log these replies: they hold passwords."""

from typing import Any

import msgspec


class User(msgspec.Struct, frozen=True, omit_defaults=True):
    """A user. `user_type` is Super or Normal, `status` enable or disable."""

    username: str
    password: str | None = None
    user_type: str | None = msgspec.field(default=None, name="userType")
    status: str | None = msgspec.field(default=None, name="userStatus")

    def __repr__(self) -> str:
        return f"User({self.username!r}, password=redacted, {self.user_type!r}, {self.status!r})"

    __str__ = __repr__

    def __rich_repr__(self) -> list[tuple[str, Any]]:
        return [("username", self.username), ("user_type", self.user_type), ("status", self.status)]


class PolicyEntry(msgspec.Struct, frozen=True, omit_defaults=True):
    """What is decided for one resource, e.g. `Topic:orders`."""

    resource: str | None = None
    actions: list[str] | None = None
    source_ips: list[str] | None = msgspec.field(default=None, name="sourceIps")
    decision: str | None = None


class Policy(msgspec.Struct, frozen=True, omit_defaults=True):
    """Entries of one kind: Custom or Default."""

    kind: str | None = msgspec.field(default=None, name="policyType")
    entries: list[PolicyEntry] | None = None


class AccessRules(msgspec.Struct, frozen=True, omit_defaults=True):
    """The rules of one subject, e.g. `User:alice`."""

    subject: str
    policies: list[Policy] | None = None
