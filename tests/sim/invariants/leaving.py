"""Rules about what comes and goes: a group that opens has all that the others have, a name server goes when nobody needs it."""

from collections.abc import Iterator
from typing import Any

from rocketmq_operator.core import names

from ..world import NAMESPACE, World
from ..world.broker import Broker
from ..world.registry import NameServer
from ..world.store import Store
from . import facts

Key = tuple[str, str]
LATE_SECONDS = 60.0
NOTICED_SECONDS = 20.0
"""As long as the slowest look and the slowest request take."""
LOOKED_UP_MS = 60_000


def opens_with_everything(world: World, verb: str, plural: str, key: Key, body: Any) -> str | None:
    """A joined group opens only with every topic, a beginning for every reader, and slaves that have the topics, too."""
    if plural != "configmaps" or "-broker-intent-" not in key[1] or verb != "apply":
        return None
    before = (world.api.find(plural, key) or {}).get("data", {})
    if (before.get("phase"), body.get("data", {}).get("phase")) != ("Joining", "Opening"):
        return None
    cluster, _, group = key[1].partition("-broker-intent-")
    mine = facts.stores(world, cluster, int(group)).get(0)
    others = [store for number, store in _serving(world, key[0], cluster) if number != int(group)]
    if mine is None or not others:
        return None
    wanted = {name for store in others for name in store.topics if settled(world, name)}
    lacking = sorted(wanted - set(mine.topics))
    if lacking:
        return f"broker-{group} opens without {lacking}"
    for who, topic, queue in sorted({at for store in others for at in store.offsets}):
        if topic in wanted and who in mine.groups and (who, topic, queue) not in mine.offsets:
            return f"broker-{group} opens without a beginning for {who} in queue {queue} of {topic}"
    for member, store in facts.stores(world, cluster, int(group)).items():
        running = facts.broker(world, cluster, int(group), member)
        if member and running is not None and running.listening and wanted - set(store.topics):
            return f"broker-{group} opens though member {member} lacks {sorted(wanted - set(store.topics))}"
    return None


def settled(world: World, name: str) -> bool:
    """A topic of users that was there when the operator looked."""
    return name.startswith("topic-") and world.rocketmq.made_at.get(name, 0.0) < world.kernel.now() - LATE_SECONDS


def _serving(world: World, namespace: str, cluster: str) -> Iterator[tuple[int, Store]]:
    for each in world.api.objects("statefulsets"):
        group = facts.group_of(each)
        if group and group[0] == cluster and facts.phase(world, namespace, cluster, group[1]) == "":
            master = facts.broker(world, cluster, group[1], 0)
            intent = world.api.find("configmaps", (namespace, names.intent(cluster, group[1]))) or {}
            opened = intent.get("data", {}).get("initialized") == "true"
            if opened and master is not None and facts.accepts(master) and _registered(world, master):
                yield group[1], master.store


def _registered(world: World, broker: Broker) -> bool:
    """Whether every name server lists it; one that some do not list is no source for others."""
    listed = (server.table.get(broker.name, {}).get(broker.broker_id) for server in world.rocketmq.name_servers())
    return all(each is not None and each.broker is broker for each in listed)


def name_server_goes_last(world: World, verb: str, plural: str, key: Key, body: Any) -> str | None:
    """A name server is taken only after every broker is registered on all that stay, and nobody finds it any more."""
    there = world.api.find(plural, key) if plural == "statefulsets" and verb == "patch" else None
    after = body.get("spec", {}).get("replicas") if isinstance(body, dict) else None
    if there is None or after is None or names.NAME_SERVER_LABEL not in there["metadata"].get("labels", {}):
        return None
    version = body.get("metadata", {}).get("resourceVersion")
    if after >= there["spec"]["replicas"] or (version and version != there["metadata"]["resourceVersion"]):
        return None
    if after < 1 or after < there["spec"]["replicas"] - 1:
        return f"{key[1]} goes from {there['spec']['replicas']} to {after} at once"
    return _still_listed(world, key, after) or _not_running(world, key, after) or _not_known(world, key, after)


def _not_running(world: World, key: Key, after: int) -> str | None:
    """Those that stay must answer, or there is none at all for a while."""
    for name in (f"{key[1]}-{number}" for number in range(after)):
        pod, since = world.kubelets.pods.get((key[0], name)), world.kernel.now() - NOTICED_SECONDS
        if pod is not None and _server(world, name) is None and 0 < pod.ended_at < since:
            return f"{key[1]}-{after} goes while {name} does not run, which is to stay"
    return None


def _still_listed(world: World, key: Key, after: int) -> str | None:
    pod = world.api.find("pods", (key[0], f"{key[1]}-{after}"))
    if pod is None or _server(world, f"{key[1]}-{after}") is None or pod["metadata"].get("deletionTimestamp"):
        return None
    labels, notes = pod["metadata"].get("labels", {}), pod["metadata"].get("annotations", {})
    since = int(notes.get(names.UNLISTED_SINCE) or 0)
    if labels.get(names.LISTED_LABEL) == "false" and since and world.kernel.milliseconds() - since >= LOOKED_UP_MS:
        return None
    return f"{key[1]}-{after} goes while it is listed, or was a moment ago"


def _not_known(world: World, key: Key, after: int) -> str | None:
    staying = [_server(world, f"{key[1]}-{number}") for number in range(after)]
    for broker in world.rocketmq.brokers():
        fresh = world.kernel.milliseconds() - broker.boot_ms < LATE_SECONDS * 1000
        if facts.cluster(world, (broker.pod.key[0], broker.pod.name.rsplit("-", 2)[0])) is None:
            continue
        going = (world.api.find("pods", broker.pod.key) or {"metadata": {}})["metadata"].get("deletionTimestamp")
        if fresh or going or not broker.pod.reachable:
            continue
        for server in staying:
            if server is not None and server.pod.started_ms < world.kernel.milliseconds() - LATE_SECONDS * 1000:
                known = server.table.get(broker.name, {}).get(broker.broker_id)
                if known is None or known.broker is not broker:
                    return f"{key[1]}-{after} goes before {broker.pod.name} is known to {server.pod.name}"
        if _uses_only(world, broker, f"{key[1]}-{after}"):
            return f"{key[1]}-{after} goes, and {broker.pod.name} knows no other"
        if not broker.looks_up and any(_is_of(world, host, f"{key[1]}-{after}") for host in _hosts(broker)):
            return f"{key[1]}-{after} goes, and {broker.pod.name} still has it in its list"
    return None


def _uses_only(world: World, broker: Broker, pod: str) -> bool:
    hosts = {address.rpartition(":")[0] for address in broker.servers}
    return bool(hosts) and all(_is_of(world, host, pod) for host in hosts)


def _hosts(broker: Broker) -> list[str]:
    """What it was told of."""
    return [address.rpartition(":")[0] for address in broker.config["namesrvAddr"].split(";")]


def _is_of(world: World, host: str, pod: str) -> bool:
    leaving = world.kubelets.pods.get((NAMESPACE, pod))
    return host.startswith(f"{pod}.") or (leaving is not None and host == leaving.ip)


def _server(world: World, pod: str) -> NameServer | None:
    found = world.kubelets.pods.get((NAMESPACE, pod))
    return found.process if found and isinstance(found.process, NameServer) and found.process.listening else None
