"""From bytes to views, one object at a time where need be: an object that cannot be read takes no other down with it."""

from typing import Any, Generic, TypeVar

import msgspec

from rocketmq_operator.kube.pages import ListMeta, RawPage, page_type
from rocketmq_operator.kube.types import Viewed

from .store import Name
from .watchlines import GarbledError

V = TypeVar("V", bound=Viewed)


class Head(msgspec.Struct, frozen=True, rename={"resource_version": "resourceVersion"}):
    """As little of ``metadata`` as names an object: this much must be readable."""

    name: str = ""
    namespace: str = ""
    resource_version: str = ""


class Headed(msgspec.Struct, frozen=True):
    """An object of which only its name and version matter: one that is gone, a bookmark, one that cannot be read."""

    metadata: Head = Head()

    @property
    def key(self) -> Name:
        """Its name in a store."""
        return self.metadata.namespace, self.metadata.name


class Refused(msgspec.Struct, frozen=True):
    """An object that exists and cannot be read, and why."""

    key: Name
    resource_version: str
    error: str


class Page(msgspec.Struct, Generic[V], frozen=True):
    """A decoded page of a list."""

    metadata: ListMeta
    views: list[V]
    refused: list[Refused]


_head = msgspec.json.Decoder(Headed)
_raw_page = msgspec.json.Decoder(RawPage)


def decode_head(body: msgspec.Raw | bytes) -> Headed:
    """Name and version of an object; GarbledError if not even they can be read."""
    try:
        return _head.decode(body)
    except msgspec.MsgspecError as error:
        raise GarbledError(f"an object without readable metadata: {error}") from error


class ViewDecoder(Generic[V]):
    """Decodes objects of one kind as one view."""

    def __init__(self, type_: type[V]) -> None:
        self._view: msgspec.json.Decoder[V] = msgspec.json.Decoder(type_)
        self._page: msgspec.json.Decoder[Any] = msgspec.json.Decoder(page_type(type_))

    def one(self, body: msgspec.Raw | bytes) -> V | Refused:
        """One object."""
        try:
            return self._view.decode(body)
        except msgspec.MsgspecError as error:
            head = decode_head(body)
            return Refused(head.key, head.metadata.resource_version, str(error))

    def page(self, body: bytes) -> Page[V]:
        """A page, in one go if all its objects can be read, else one by one; GarbledError if it is no list at all."""
        try:
            page = self._page.decode(body)
            return Page(page.metadata, page.items or [], [])
        except msgspec.MsgspecError:
            return self._one_by_one(body)

    def _one_by_one(self, body: bytes) -> Page[V]:
        try:
            page = _raw_page.decode(body)
        except msgspec.MsgspecError as error:
            raise GarbledError(f"not a list: {error}") from error
        views: list[V] = []
        refused: list[Refused] = []
        for item in page.items or []:
            found = self.one(item)
            if isinstance(found, Refused):
                refused.append(found)
            else:
                views.append(found)
        return Page(page.metadata, views, refused)
