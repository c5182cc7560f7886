"""The intent of a group: what a restarting broker must know now (permission, name servers, where the group stands), in a
ConfigMap of its own beside everything that would restart a broker."""

from collections.abc import Mapping
from typing import Any

import msgspec

from . import names, sizes
from .build import config
from .facts import ClusterSnapshot, ObjectFact
from .groups import life
from .groups.life import Life
from .intent_data import data_of
from .memo import Memo
from .volumes import anew

Json = dict[str, Any]

_made: Memo[Json] = Memo(512)


def lives(snapshot: ClusterSnapshot) -> dict[int, Life]:
    """Where each group stands that has an intent or, if that was deleted, that the status knows as opened."""
    return snapshot.known("lives", lambda: _lives(snapshot))


def _lives(snapshot: ClusterSnapshot) -> dict[int, Life]:
    found = {}
    name = snapshot.cluster.metadata.name
    prefix = names.intent(name, 0).removesuffix("0")
    for (kind, each), fact in snapshot.objects.items():
        number = each.removeprefix(prefix)
        if kind == "ConfigMap" and each != number and number.isdecimal():
            found[int(number)] = _life(fact)
    for group in snapshot.cluster.status.broker_groups if snapshot.cluster.status else ():
        here = found.get(group.index)
        if group.initialized and (here is None or (not here.initialized and here.number == group.life)):
            before = here or Life(number=group.life)
            if here is None or here.phase in life.OPEN_PHASES:
                found[group.index] = msgspec.structs.replace(before, initialized=True)
    return found


def _life(fact: ObjectFact) -> Life:
    return fact.known("life", lambda: life.read(fact.settings))


def intent(snapshot: ClusterSnapshot, group: int, stands: Life) -> Json:
    """The intent of a group as it should be now; name servers that cannot be told keep the last known list."""
    data = {
        **life.written(stands),
        **sizes.intended(snapshot, group),
        **anew.intended(snapshot, group, stands),
        **config.volume_words(snapshot.cluster.spec),
        "live": "".join(f"{key}={value}\n" for key, value in sorted(_live(snapshot).items())),
        **_servers(snapshot, data_of(snapshot, group) or {}),
    }
    return _as_map(snapshot, group, data)


def as_it_stands(snapshot: ClusterSnapshot, group: int) -> Json | None:
    """The intent that there is, with the name servers of now: for a cluster that changes nothing else any more."""
    before = data_of(snapshot, group)
    return _as_map(snapshot, group, {**before, **_servers(snapshot, before)}) if before else None


def _servers(snapshot: ClusterSnapshot, before: Mapping[str, str]) -> dict[str, str]:
    servers = snapshot.name_servers
    if servers.dns or servers.addresses:
        return {"nameServers": ";".join(servers.addresses), "nameServersDns": servers.dns}
    return {key: before.get(key, "") for key in ("nameServers", "nameServersDns")}


def _as_map(snapshot: ClusterSnapshot, group: int, data: dict[str, str]) -> Json:
    meta = snapshot.cluster.metadata
    return _made.get((meta.uid, group), (meta.name, data), lambda: config.intent_map(meta.name, group, data))


def _live(snapshot: ClusterSnapshot) -> dict[str, str]:
    return config.live_settings(snapshot.cluster.spec, snapshot.config)


def told(cluster: str, there: Mapping[tuple[str, str], ObjectFact]) -> frozenset[str]:
    """Every name server in a list that a broker of the cluster starts with."""
    kept = (fact.settings for (kind, name), fact in there.items() if _is_intent(cluster, kind, name))
    return frozenset(address for data in kept for address in data.get("nameServers", "").split(";") if address)


def _is_intent(cluster: str, kind: str, name: str) -> bool:
    return kind == "ConfigMap" and name.startswith(names.intent(cluster, 0).removesuffix("0"))
