"""The API server's audit log: who did what, when. Pure but for reading the file.

One JSON event a line (audit.k8s.io/v1), once for each request that was answered.
"""

from collections.abc import Iterable, Iterator
from datetime import datetime
from pathlib import Path

import msgspec

from .commands import BenchError

WRITES = frozenset({"create", "update", "patch", "delete", "deletecollection"})


class ObjectReference(msgspec.Struct, frozen=True):
    """What a request was about."""

    resource: str = ""
    namespace: str = ""
    name: str = ""
    subresource: str = ""


class User(msgspec.Struct, frozen=True):
    """Who asked."""

    username: str = ""


class Entry(msgspec.Struct, frozen=True, rename="camel"):
    """One request. `stage_timestamp` is when the answer was complete."""

    verb: str
    user: User
    stage: str
    stage_timestamp: datetime
    object_ref: ObjectReference = ObjectReference()

    @property
    def target(self) -> str:
        """Such as `pods/status`."""
        return "/".join(part for part in (self.object_ref.resource, self.object_ref.subresource) if part)


def read(path: Path, offset: int = 0) -> Iterator[Entry]:
    """The requests that were logged behind `offset` bytes; a line that is being written is left out.

    BenchError where the log has become shorter: it was rotated, and something is missing.
    """
    decoder = msgspec.json.Decoder(Entry)
    if path.stat().st_size < offset:
        raise BenchError(f"{path} was rotated meanwhile; run the benchmark again")
    with path.open("rb") as file:
        if offset:
            file.seek(offset - 1)
            file.readline()  # the rest of a line that was being written, or just the end of the last one
        for line in file:
            if line.endswith(b"\n"):
                yield decoder.decode(line)


def finished(entries: Iterable[Entry]) -> Iterator[Entry]:
    """Each request once: a watch is logged when it begins and when it ends."""
    return (each for each in entries if each.stage in ("ResponseComplete", "Panic"))


def creation_steps(path: Path, offset: int, namespace: str) -> dict[str, float]:
    """Where a creation's time went on the API server: seconds from the first request of the apply to the last of a step."""
    mine = [each for each in finished(read(path, offset)) if each.object_ref.namespace == namespace]
    made = [
        each for each in mine if each.verb == "create" or (each.verb == "patch" and not each.object_ref.subresource)
    ]
    wanted = ("brokerclusters", "statefulsets", "configmaps")
    began = min((each.stage_timestamp for each in made if each.object_ref.resource in wanted), default=None)
    if began is None:
        return {}
    steps = {
        "StatefulSets made": [each for each in made if each.target == "statefulsets"],
        "pods made": [each for each in made if each.target == "pods"],
        "pods bound to nodes": [each for each in mine if each.target == "pods/binding"],
    }
    return {
        name: (max(each.stage_timestamp for each in found) - began).total_seconds()
        for name, found in steps.items()
        if found
    }
