"""An object as the API server keeps it: content, its bytes (made once), and who owns which of its fields."""

from typing import Any

import msgspec

from . import fields

Json = dict[str, Any]
Key = tuple[str, str]
"""Namespace (empty for cluster-scoped objects) and name."""
Manager = tuple[str, str, str]
"""Name, operation (Apply or Update) and subresource."""
Managers = dict[Manager, set[fields.Path]]


class Stored:
    """One version of one object; never changed, only followed by another.

    ``rv`` is its version, which stands in ``obj`` as text. ``origin`` is who created it and what: ownership is worked out
    from that when somebody asks, which for most objects nobody does.
    """

    __slots__ = ("_managers", "_raw", "obj", "origin", "rv", "status_by")

    def __init__(
        self, obj: Json, rv: int, origin: tuple[Manager, Json] | None = None, managers: Managers | None = None
    ) -> None:
        self.obj = obj
        self.rv = rv
        self.origin = origin
        self._managers = managers
        self._raw: bytes | None = None
        self.status_by: Manager | None = None
        """The one applier of the status, while there is only one: all of it is its own."""

    @property
    def raw(self) -> bytes:
        """The object as JSON."""
        if self._raw is None:
            self._raw = msgspec.json.encode(self.obj)
        return self._raw

    @property
    def managers(self) -> Managers:
        """Who owns what."""
        if self._managers is None:
            self._managers = {self.origin[0]: fields.owned(self.origin[1])} if self.origin else {}
        return self._managers

    def copy(self) -> Json:
        """The content, to be changed."""
        found: Json = msgspec.json.decode(self.raw)
        return found

    def follow(self, obj: Json, rv: int, managers: Managers | None = None) -> "Stored":
        """The next version; ownership stays unless given."""
        if managers is not None:
            found = Stored(obj, rv, None, managers)
        else:
            found = Stored(obj, rv, self.origin, self._managers)
        found.status_by = self.status_by
        return found


class Event:
    """A change in the log of one kind; ``old`` is None for a new object, ``new`` for one that is gone."""

    __slots__ = ("key", "new", "old", "rv")

    def __init__(self, rv: int, key: Key, old: Stored | None, new: Stored | None) -> None:
        self.rv = rv
        self.key = key
        self.old = old
        self.new = new
