"""The order configuration of name servers (``ORDER_TOPIC_CONFIG``): whose counts, and what is kept of it.

A name server keeps it in a file of its pod (RocketMQ: KVConfigManager), and each gets it from the others. Where there is only
one, or where all pods go at once, ordered topics would lose the queues that they were given; so what those hold that are
complete is kept in a ConfigMap as well, and given back when none of them is left.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

import msgspec

from . import names
from .build.nameserver import kept_orders
from .facts import NameServerSnapshot, ObjectFact, PodFact, Problem
from .memo import Memo

OrderConfiguration = Mapping[str, str]
EMPTY: OrderConfiguration = MappingProxyType({})

KEY = "orders.json"
MOST_BYTES = 1_000_000
"""A ConfigMap holds 1 MiB (Kubernetes: ConfigMaps, *Motivation*)."""

_made: Memo[dict[str, Any]] = Memo(256)


def lacks(snapshot: NameServerSnapshot, pod: PodFact) -> OrderConfiguration:
    """The order configuration that a name server must be given: what the others hold and it holds not, or otherwise.

    The others are those that were opened: only what one of them says is known to be meant. Where none was (all have just
    started), all that answer, and what is kept. A name server that was opened is never written to while it is listed, so that a topic
    that somebody deletes on one after the other does not come back.
    """
    own = snapshot.orders.get(pod.name)
    if own is None:
        return {}
    others = [each for each in snapshot.pods if each.name != pod.name]
    meant = _meant(snapshot, [each for each in others if each.opened])
    if meant is not None:
        return {key: value for key, value in meant.items() if own.get(key) != value}
    # Among equals nobody is right: only what is not there at all is added.
    known = agreed([*_held(snapshot, others), kept(snapshot)])
    return {key: value for key, value in known.items() if key not in own}


def missed(snapshot: NameServerSnapshot, pod: PodFact) -> OrderConfiguration | None:
    """What a name server that is to be listed again was not told while it was unlisted: as those hold it that are listed or, where none
    of them answers, as they did when that was kept. None: it does not say what it holds."""
    if not pod.opened or pod.listed != "false":
        return {}
    own = snapshot.orders.get(pod.name)
    if own is None:
        return None
    held = _held(snapshot, [each for each in snapshot.pods if each.opened and each.listed != "false"])
    known = agreed(held, kept(snapshot)) if held else kept(snapshot)
    return {key: value for key, value in known.items() if own.get(key) != value}


def _meant(snapshot: NameServerSnapshot, pods: Sequence[PodFact]) -> OrderConfiguration | None:
    """What name servers that were opened know together; None if none of them answers. Clusters tell only those that are listed what changes:
    one that is unlisted may hold what was true once, and counts for topics alone that nobody else knows of."""
    held = _held(snapshot, [pod for pod in pods if pod.listed != "false"])
    unlisted = _held(snapshot, [pod for pod in pods if pod.listed == "false"])
    if not held and not unlisted:
        return None
    before = kept(snapshot)
    return {**agreed(unlisted), **(agreed(held, before) if held else before)}


def _held(snapshot: NameServerSnapshot, pods: Sequence[PodFact]) -> list[OrderConfiguration]:
    return [held for pod in pods if (held := snapshot.orders.get(pod.name)) is not None]


def agreed(sources: Sequence[OrderConfiguration], before: OrderConfiguration = EMPTY) -> OrderConfiguration:
    """All keys that any source holds, each with the value that most hold; of equally many, the one that was agreed on before, else the
    first in order: a name server that was away has no more to say than one that was told meanwhile (found by the simulator)."""
    values: dict[str, str] = {}
    for key in sorted({key for source in sources for key in source}):
        counted = Counter(source[key] for source in sources if key in source)
        values[key] = min(counted, key=lambda value: (-counted[value], value != before.get(key), value))
    return values


def kept(snapshot: NameServerSnapshot) -> OrderConfiguration:
    """What the ConfigMap holds; nothing if there is none of ours, or somebody made it unreadable."""
    fact = _map(snapshot)
    return fact.known("orders", lambda: _read(fact.settings.get(KEY, ""))) if fact else {}


def _map(snapshot: NameServerSnapshot) -> ObjectFact | None:
    meta = snapshot.server.metadata
    fact = snapshot.objects.get(("ConfigMap", names.name_server_orders(meta.name)))
    return fact if fact is not None and fact.owner_uid == meta.uid else None


def _read(text: str) -> OrderConfiguration:
    try:
        return msgspec.json.decode(text, type=dict[str, str])
    except msgspec.DecodeError:
        return {}


def memory(snapshot: NameServerSnapshot) -> tuple[dict[str, Any] | None, Problem | None]:
    """The ConfigMap as it should be, and why it cannot be so; (None, None) while there is nothing to keep or nobody who knows.

    Only those that were opened know; while none of them answers, what is kept stays as it is.
    """
    meant = _meant(snapshot, [pod for pod in snapshot.pods if pod.opened and pod.runs])
    there = _map(snapshot)
    if meant is None or not (there or meant):
        return None, None
    text = msgspec.json.encode(dict(sorted(meant.items())))
    if len(text) > MOST_BYTES:
        message = (
            f"the order configuration takes {len(text)} bytes, more than a ConfigMap holds: it is lost if the pods of all "
            "name servers go at once; delete topics from it (mqadmin updateOrderConf -m delete), or have two name servers or more"
        )
        return None, Problem("OrderConfigurationTooLarge", message)
    meta = snapshot.server.metadata
    return _made.get(meta.uid, (meta.name, text), lambda: kept_orders(meta.name, {KEY: text.decode()})), None
