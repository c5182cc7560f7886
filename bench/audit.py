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


class Answer(msgspec.Struct, frozen=True):
    """What came of it: an HTTP status; 0 where the log does not say."""

    code: int = 0


class Entry(msgspec.Struct, frozen=True, rename="camel"):
    """One request. `stage_timestamp` is when the answer was complete."""

    verb: str
    user: User
    stage: str
    stage_timestamp: datetime
    object_ref: ObjectReference = ObjectReference()
    response_status: Answer = Answer()

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


class PodLife(msgspec.Struct):
    """When a pod was made, when its deletion was first asked for, when the last of it was deleted (the kubelet's request)."""

    made: datetime | None = None
    leaving: datetime | None = None
    gone: datetime | None = None


def pod_lives(entries: Iterable[Entry], namespace: str) -> dict[str, PodLife]:
    """The lives of a namespace's pods, by name, as far as they lie in these entries; what was refused does not count."""
    lives: dict[str, PodLife] = {}
    for entry in finished(entries):
        about = entry.object_ref
        if entry.target != "pods" or about.namespace != namespace or entry.response_status.code >= 300:
            continue
        life = lives.setdefault(about.name, PodLife())
        if entry.verb == "create":
            life.made = entry.stage_timestamp
        elif entry.verb == "delete":
            life.leaving = life.leaving or entry.stage_timestamp
            life.gone = entry.stage_timestamp
    return {name: life for name, life in lives.items() if life.made or life.leaving}
