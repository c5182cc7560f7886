"""Lists, page by page: one moment's truth, or the list starts anew."""

from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import msgspec

from .errors import Gone, Undecodable

T = TypeVar("T")

PAGE = 500
FetchPage = Callable[[int, str | None], Awaitable[bytes]]


class ListMeta(msgspec.Struct, frozen=True, rename={"resource_version": "resourceVersion", "token": "continue"}):
    """``metadata`` of a list: the moment it shows, and the token of its next page (empty at the end)."""

    resource_version: str = ""
    token: str = ""


class RawPage(msgspec.Struct, frozen=True):
    """A page whose objects are not decoded yet; an empty list may come as null."""

    metadata: ListMeta = ListMeta()
    items: list[msgspec.Raw] | None = None


async def list_all(fetch: FetchPage, type_: type[T], what: str) -> list[T]:
    """All objects of a list; ``fetch(limit, token)`` gets one page.

    A continue token lives for as long as etcd keeps its revision (5 minutes by default). If it expires on the way, the list
    starts anew, unpaged: that cannot expire.
    """
    try:
        return await _pages(fetch, type_, what, PAGE)
    except Gone:
        return await _pages(fetch, type_, what, 0)


async def _pages(fetch: FetchPage, type_: type[T], what: str, limit: int) -> list[T]:
    found: list[T] = []
    token: str | None = None
    while token != "":
        page = _decode(await fetch(limit, token), type_, what)
        found += page[1]
        token = page[0]
    return found


def _decode(body: bytes, type_: type[T], what: str) -> tuple[str, list[T]]:
    try:
        page: Any = msgspec.json.decode(body, type=page_type(type_))
    except msgspec.MsgspecError as error:
        raise Undecodable(f"{what}: {error}") from error
    return page.metadata.token, page.items or []


_page_types: dict[type, type] = {}


def page_type(type_: type) -> type:
    """The type of a page of such objects (``metadata``, ``items``); made once for each."""
    if type_ not in _page_types:
        fields: list[Any] = [("metadata", ListMeta, ListMeta()), ("items", list[type_] | None, None)]  # type: ignore[valid-type]
        _page_types[type_] = msgspec.defstruct(f"Page_{type_.__name__}", fields, frozen=True)
    return _page_types[type_]
