"""``kubectl rocketmq plan``: what an edit would do, before it is applied."""

import sys
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Any

import msgspec
import yaml
from cyclopts import Parameter

from rocketmq_operator.api import BrokerCluster, NameServer
from rocketmq_operator.core.facts import ClusterSnapshot, NameServerSnapshot
from rocketmq_operator.core.members import member_count
from rocketmq_operator.core.rollout import preview_servers
from rocketmq_operator.core.rollout.preview import Preview, preview
from rocketmq_operator.kube.port import Kube
from rocketmq_operator.kube.types import Json, Ref
from rocketmq_operator.reconcile.named import config_of

from . import access, intended, plan_text
from .frame import Context, Namespace, Output, Refused, err, out, run, write_json
from .observe import Item, Seen, look, resource_of

File = Annotated[
    str,
    Parameter(
        name=["--filename", "-f"], allow_leading_hyphen=True, help="a YAML or JSON file, or - for standard input"
    ),
]
Detailed = Annotated[
    bool,
    Parameter(name="--detailed-exit-code", negative="", help="end with 2 if pods would restart, 3 if it is refused"),
]

TYPES: dict[str, Any] = {"BrokerCluster": BrokerCluster, "NameServer": NameServer}
EXIT = {"restart": 2, "refused": 3}


class Creation(msgspec.Struct, frozen=True, rename="camel"):
    """A resource that does not exist yet."""

    kind: str
    namespace: str
    name: str
    verdict: str = "create"
    words: str = ""


def plan(
    *,
    filename: File,
    namespace: Namespace = None,
    context: Context = None,
    output: Output = "text",
    detailed_exit_code: Detailed = False,
) -> None:
    """What 'kubectl apply -f FILE' would do: which pods restart, in which order and why, what closes, what is live.

    Nothing is changed. The API server validates the file as if it was applied, so the right to edit is needed.
    """
    ends: list[int] = []

    async def show(kube: access.Access) -> None:
        found = [await planned(kube.kube, each, kube.namespace) for each in documents(read(filename))]
        ends.extend(EXIT.get(each.verdict, 0) for each in found)
        if output == "json":
            write_json(found)
            return
        for each in found:
            out.print(plan_text.creation(each.words, each) if isinstance(each, Creation) else plan_text.plan(each))

    run(show, namespace, context)
    if detailed_exit_code and any(ends):
        raise SystemExit(max(ends))


def read(filename: str) -> str:
    """A file's text, or that of standard input."""
    try:
        return sys.stdin.read() if filename == "-" else Path(filename).read_text()
    except (OSError, UnicodeDecodeError) as error:
        raise Refused(f"{filename} cannot be read: {error}") from error


def documents(text: str) -> list[Json]:
    """The resources of ours in a file; others are told of and left out."""
    try:
        found = [each for each in yaml.safe_load_all(text) if each]
    except yaml.YAMLError as error:
        raise Refused(f"the file is no YAML: {error}") from error
    ours = []
    for each in _flat(found):
        meta = each.get("metadata") if isinstance(each.get("metadata"), dict) else None
        if each.get("kind") in TYPES and meta and meta.get("name"):
            ours.append(each)
        else:
            err.print(
                f"left out: {each.get('kind', 'a document without a kind')} {(meta or {}).get('name', '')}".rstrip()
            )
    if not ours:
        raise Refused("the file holds no BrokerCluster and no NameServer with a name")
    return ours


def _flat(found: Iterable[Any]) -> Iterable[Json]:
    for each in found:
        if not isinstance(each, dict):
            raise Refused("the file holds something that is no Kubernetes object")
        yield from _flat(each.get("items") or []) if each.get("kind") == "List" else (each,)


async def planned(kube: Kube, wanted: Json, namespace: str) -> Preview | Creation:
    """What becomes of one object of a file."""
    ref = Ref(resource_of(wanted["kind"]), wanted["metadata"].get("namespace") or namespace, wanted["metadata"]["name"])
    there = await intended.stored(kube, ref)
    after: Item = msgspec.convert(await intended.admitted(kube, ref, wanted, there), TYPES[wanted["kind"]])
    if there is None:
        return Creation(after.kind, after.metadata.namespace, after.metadata.name, words=_created(after))
    return await foretold(kube, await look(kube, ref), after)


async def foretold(kube: Kube, seen: Seen, after: Item) -> Preview:
    """What becomes of a resource when another takes its place."""
    now_ms = int(time.time() * 1000)
    if isinstance(seen.snapshot, ClusterSnapshot) and isinstance(after, BrokerCluster):
        config, problems = await config_of(kube, after)
        return preview(msgspec.structs.replace(seen.snapshot, problems=problems), after, config, now_ms)
    assert isinstance(seen.snapshot, NameServerSnapshot) and isinstance(after, NameServer)
    return preview_servers.preview(seen.snapshot, after, now_ms)


def _created(item: Item) -> str:
    if isinstance(item, NameServer):
        return f"{max(1, item.spec.replicas)} name servers"
    members, groups = member_count(item.spec), item.spec.group_replica
    return f"{groups * members} brokers: {groups} groups of {members}"
