"""The end of a history: state equals spec, everything acknowledged is read, and writes stop."""

import asyncio
import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from rocketmq_operator.core import names
from rocketmq_operator.core.order_memory import KEY
from rocketmq_operator.reconcile.resources import CLUSTERS, NAME_SERVERS

from ..invariants import facts
from ..world import NAMESPACE, World
from ..world.broker_process import STORE_VOLUME
from ..world.kernel import Violation
from ..world.pod import Pod
from ..world.readiness import healthy, up_to_date
from ..world.revisions import name_of
from ..world.routes import ORDER
from .events_growth import as_big_as_asked, small
from .events_rollouts import settle
from .events_scaling import CLUSTER, annotate
from .events_users import edit
from .events_volumes import lose

if TYPE_CHECKING:
    from .history import History

STILL_SECONDS = 150.0
"""No write for so long: more than two resyncs."""
WANTED = (
    ("Ready", "True"), ("Progressing", "False"), ("Degraded", "False"), ("Scaling", "False"), ("RollingOut", "False"),
)  # fmt: skip


def calm(history: "History") -> None:
    """Users and machines do what ends well: nodes are back, consumers read, nobody sends."""
    world = history.world
    for node in world.nodes.all.values():
        world.nodes.come_back(node)
        if world.nodes.cordoned(node.name):
            world.nodes.cordon(node.name, False)
    for consumer in world.clients.consumers.values():
        consumer.online = True
        consumer.failing = 0.0
        consumer.cut_off = ""
    world.clients.sending = False
    world.clients.blind_until = -1.0
    _decide(history)
    settle(history)
    for name in list(history.repairs):
        history.repair(name)


def _decide(history: "History") -> None:
    """What only people can decide: nobody will ever read the silent topics, and nothing is paused or forced any more."""
    found = history.world.api.find(CLUSTERS.plural, (NAMESPACE, CLUSTER))
    if found is None:
        return
    rules = {"discardTopics": list(history.silent), "onTimeout": "Block", "force": []}
    edit(history, CLUSTERS, CLUSTER, {"paused": False, "scaleDown": rules})
    ledger = history.world.ledger
    ledger.give_up([number for number, batch in ledger.unread.items() if not batch.readers])
    if history.silent and found["metadata"].get("deletionTimestamp"):
        annotate(history)


def _claims(history: "History") -> None:
    """What conditions tell people to do about volumes: those of a life that ended by force are refused, and one that is bound
    to a node where another member of its group runs finds no place."""
    for pod in list(history.world.kubelets.pods.values()):
        if pod.process is None and pod.ended and "VolumeOfEarlierLife" in pod.ended[1] and not pod.terminating:
            lose(history, pod.name)
        elif "volume node affinity" in pod.unschedulable and facts.group_of(
            pod.obj or history.world.kubelets.obj(pod) or {}
        ):
            _make_room(history, pod)
        elif pod.process is None and pod.ended and "VolumeLost" in pod.ended[1] and not pod.terminating:
            _give_up(history, pod)


def _give_up(history: "History", pod: Pod) -> None:
    """A master of a group that is to leave has nothing, nor has a slave: it was removed by force, and made again when that was taken back
    while it went. Nobody can read it any more, and the condition says how it may go."""
    cluster, group, _ = pod.name.rsplit("-", 2)
    found = history.world.api.find(CLUSTERS.plural, (NAMESPACE, cluster))
    held = any(store.records for store in facts.stores(history.world, cluster, int(group)).values())
    if found is None or held or history.repairs or int(group) < found["spec"]["groupReplica"]:
        return
    name = f"broker-{group}"
    if name not in (found["spec"].get("scaleDown") or {}).get("force", ()):
        rules = {"timeoutSeconds": 10, "onTimeout": "Force", "force": [name]}
        edit(history, CLUSTERS, cluster, {"scaleDown": rules})


def _make_room(history: "History", pod: Pod) -> None:
    """A slave begins anew somewhere else; before a master its slave makes way."""
    world, group = history.world, pod.name.rpartition("-")[0]
    node = world.volumes.bound_to((NAMESPACE, f"{STORE_VOLUME}-{pod.name}"))
    in_the_way = [each.name for each in world.kubelets.pods.values() if each.node and each.node.name == node]
    slaves = [each for each in in_the_way if each.startswith(f"{group}-") and each != f"{group}-0"]
    if not pod.name.endswith("-0"):
        lose(history, pod.name)
    elif slaves:
        lose(history, slaves[0])


async def reached(history: "History", seconds: float) -> None:
    """Return once it is reached; Violation if it is not in that time."""
    ends = history.kernel.now() + seconds
    while True:
        await asyncio.sleep(10)
        _delete_old_files(history.world)
        _claims(history)
        as_big_as_asked(history)
        quiet_for = history.kernel.now() - max(
            (each.last_write for each in history.alive()), default=history.kernel.now()
        )
        still, late = quiet_for >= STILL_SECONDS, history.kernel.now() >= ends
        missing = _missing(history.world) if still or late else []
        if not missing and still:
            history.kernel.count("end/converged")
            return
        if late:
            raise Violation("converges", "; ".join(missing) or f"there was a write {quiet_for:.0f} s ago")


def _missing(world: World) -> list[str]:
    """What is not as it is to be in the end."""
    return [*_unlike_spec(world), *_closed(world), *_unread(world)]


def _delete_old_files(world: World) -> None:
    """In life after 72 hours: what was read goes, and a slave that began in the middle is a full copy from then on."""
    for broker in sorted(world.rocketmq.brokers(), key=lambda each: each.broker_id):
        world.rocketmq.expire(broker)


def _unlike_spec(world: World) -> Iterator[str]:
    """Where the world is not as the specs say."""
    for plural in (CLUSTERS.plural, NAME_SERVERS.plural):
        for obj in world.api.objects(plural):
            yield from _status(obj)
    wanted = {(each["metadata"]["namespace"], pod) for each in _sets(world) for pod in each["pods"]}
    there = world.api.all("pods")
    for key in sorted(wanted ^ set(there)):
        yield f"pod {key[1]} {'is missing' if key in wanted else 'is too much'}"
    for key, pod in there.items():
        if not healthy(pod.obj):
            yield f"pod {key[1]} is not ready"
    yield from _behind(world)
    yield from small(world)
    yield from _orphans(world)
    yield from _forgotten(world)


def _orphans(world: World) -> Iterator[str]:
    """Pods and claims that belong to a set which is no more there: it was made anew around them."""
    there = {each["metadata"]["uid"] for each in world.api.objects("statefulsets")}
    for plural in ("pods", "persistentvolumeclaims"):
        for key, each in world.api.all(plural).items():
            owners = each.obj["metadata"].get("ownerReferences", ())
            if (plural == "pods" and not owners) or any(owner["uid"] not in there for owner in owners):
                yield f"{key[1]} belongs to {owners or 'nobody'}"


def _forgotten(world: World) -> Iterator[str]:
    """Name servers that do not hold the order configuration which is kept for them. What they hold beside it somebody may have deleted
    while they were unlisted."""
    for obj in world.api.objects(NAME_SERVERS.plural):
        name = obj["metadata"]["name"]
        there = world.api.find("configmaps", (obj["metadata"]["namespace"], names.name_server_orders(name)))
        kept = json.loads(there["data"][KEY]) if there else {}
        for server in world.rocketmq.name_servers():
            held = server.kv.get(ORDER, {})
            wrong = sorted(key for key, value in kept.items() if held.get(key) != value)
            if wrong and server.pod.name.startswith(f"{names.name_server_workload(name)}-"):
                yield f"{server.pod.name} has another order configuration of {wrong} than is kept"


def _behind(world: World) -> Iterator[str]:
    """Where pods are not what their spec says: another template, an image that nobody wants, older than a restart."""
    for obj in world.api.objects("statefulsets"):
        name, template = obj["metadata"]["name"], obj["spec"]["template"]
        pods = (world.api.find("pods", (NAMESPACE, f"{name}-{number}")) for number in range(obj["spec"]["replicas"]))
        newest = name_of(name, template)
        behind = [
            pod["metadata"]["name"] for pod in pods if pod and not up_to_date(pod, template, newest, world.oldest)
        ]
        if behind:
            yield f"{name} has pods that are not at its template: {', '.join(behind)}"
    specs = {each["metadata"]["name"]: each["spec"] for each in world.api.objects(CLUSTERS.plural)}
    for key, pod in world.api.all("pods").items():
        wanted = specs.get(pod.obj["metadata"]["labels"].get(names.CLUSTER_LABEL, ""), {}).get("brokerImage")
        if wanted and pod.obj["spec"]["containers"][0]["image"] != wanted:
            yield f"pod {key[1]} does not run {wanted}"


def _closed(world: World) -> Iterator[str]:
    """Groups that clients cannot write to: permission and routes are to be as they were before whatever closed them."""
    for broker in world.rocketmq.brokers():
        if not broker.is_master:
            continue
        if not broker.permission & 2 or not facts.accepts(broker):
            yield f"{broker.pod.name} takes no messages"
        # Users of the simulator close no topic.
        closed = [name for name, topic in broker.store.topics.items() if not topic.perm & 2]
        if closed:
            yield f"{broker.pod.name} takes no messages of {sorted(closed)}"
        for server in world.rocketmq.name_servers():
            hidden = [topic for topic, route in server.routes.get(broker.name, {}).items() if not route[2] & 2]
            wrong = [topic for topic in hidden if broker.store.topics[topic].perm & 2]
            if wrong:
                yield f"{server.pod.name} hides {broker.name} for {sorted(wrong)} from those who send"


def _status(obj: dict[str, Any]) -> Iterator[str]:
    name = f"{obj['kind']} {obj['metadata']['name']}"
    status = obj.get("status", {})
    if status.get("observedGeneration") != obj["metadata"]["generation"]:
        yield f"{name} has seen generation {status.get('observedGeneration')} of {obj['metadata']['generation']}"
    conditions = {each["type"]: each for each in status.get("conditions", ())}
    if _held_back(obj):
        return
    for name_, wanted in WANTED:
        found = conditions.get(name_, {})
        if found.get("status") != wanted:
            yield f"{name} is {name_}={found.get('status')}: {found.get('reason')}: {found.get('message')}"


def _sets(world: World) -> Iterator[dict[str, Any]]:
    for obj in world.api.objects(CLUSTERS.plural):
        spec, meta = obj["spec"], obj["metadata"]
        members = 1 if spec.get("allMaster") else spec["membersPerGroup"]
        pods = [
            f"{meta['name']}-{group}-{member}"
            for group in range(spec["groupReplica"])
            for member in range(_members(world, obj, group, members))
        ]
        yield {"metadata": meta, "pods": pods}
    for obj in world.api.objects(NAME_SERVERS.plural):
        pods = [f"{obj['metadata']['name']}-ns-{number}" for number in range(obj["spec"]["replicas"])]
        yield {"metadata": obj["metadata"], "pods": pods}


def _held_back(obj: dict[str, Any]) -> bool:
    """Whether the operator says that what is asked for needs a master's restart, which it does not do by itself."""
    conditions = obj.get("status", {}).get("conditions", ())
    pending = any(each["type"] == "ChangesPending" and each["status"] == "True" for each in conditions)
    return pending and ":4.9." in obj["spec"].get("brokerImage", "")


def _members(world: World, cluster: dict[str, Any], group: int, wanted: int) -> int:
    """As many as the spec asks for; where only a master's restart could change its role (4.x in SYNC), as many as there are."""
    workload = world.api.find("statefulsets", (NAMESPACE, f"{cluster['metadata']['name']}-{group}"))
    if workload is None or not _held_back(cluster):
        return wanted
    return int(workload["spec"]["replicas"])


def _unread(world: World) -> Iterator[str]:
    left = [batch for batch in world.ledger.unread.values() if batch.readers]
    if left:
        yield f"{len(left)} acknowledged batches are not read, such as {left[0]} by {sorted(left[0].open)}"
