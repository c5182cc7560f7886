"""``kubectl rocketmq promote`` and ``restart``."""

import time
from datetime import UTC, datetime
from typing import Annotated

import msgspec
from cyclopts import Parameter

from rocketmq_operator.core import names
from rocketmq_operator.core.facts import ClusterSnapshot
from rocketmq_operator.core.groups.decide import views_of
from rocketmq_operator.core.rollout import hold, survey
from rocketmq_operator.core.rollout.target import resolve
from rocketmq_operator.kube.port import Kube
from rocketmq_operator.kube.resources import POD, STATEFULSET
from rocketmq_operator.kube.types import Ref

from . import access, plans
from .frame import Context, Kind, Namespace, Refused, out, run
from .notes import annotate, noted, order, with_group_asked, with_pod_asked
from .observe import Seen, look, named

Group = Annotated[int | None, Parameter(name="--group", help="index of one broker group")]
Pod = Annotated[str | None, Parameter(name="--pod", help="name of one pod")]


def promote(name: str, /, *, namespace: Namespace = None, context: Context = None) -> None:
    """Accept the canary of a BrokerCluster: the other groups follow."""

    async def show(kube: access.Access) -> None:
        out.print(await accept(kube.kube, await look(kube.kube, named(name, "brokercluster", kube.namespace))))

    run(show, namespace, context)


async def accept(kube: Kube, seen: Seen) -> str:
    """Write which revision is accepted; says which groups follow."""
    if not isinstance(seen.snapshot, ClusterSnapshot):
        raise Refused(f"{seen.ref} has no canary: name servers restart one after the other")
    snapshot, target = resolve(seen.snapshot)
    rules, status = snapshot.cluster.spec.rollout, snapshot.cluster.status
    if rules is None or rules.canary is None:
        raise Refused(f"{seen.ref}: nothing to promote, spec.rollout.canary is not set")
    now_ms = int(time.time() * 1000)
    views = {
        index: view for index, view in views_of(snapshot, now_ms).items() if index < snapshot.cluster.spec.group_replica
    }
    standings = survey.standings(snapshot, views, target, now_ms)
    if not hold.to_prove(snapshot, standings, target):
        raise Refused(f"{seen.ref}: nothing to promote, no group waits for a canary")
    first = hold.proven(standings, target)
    if not first or status is None or status.revision != target.revision:
        raise Refused(f"{seen.ref}: nothing to promote yet, no group runs {target.revision} entirely")
    await annotate(kube, seen.ref, seen.item.metadata.uid, {names.PROMOTED: target.revision})
    rest = ", ".join(views[index].name for index in standings if index not in first)
    return f"{seen.ref}: {target.revision} is accepted, {rest} may follow {views[first[0]].name}"


def restart(
    name: str,
    /,
    *,
    kind: Kind = "brokercluster",
    group: Group = None,
    pod: Pod = None,
    namespace: Namespace = None,
    context: Context = None,
) -> None:
    """Restart all pods, those of one group, or one pod, with the same care as for a change."""

    async def show(kube: access.Access) -> None:
        seen = await look(kube.kube, named(name, kind, kube.namespace))
        at = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        out.print(await ask(kube.kube, seen, group, pod, at), markup=False)

    run(show, namespace, context)


async def ask(kube: Kube, seen: Seen, group: int | None, pod: str | None, at: str) -> str:
    """Write from when on pods must have been started; says which restart."""
    if group is not None and pod is not None:
        raise Refused("give one of --group and --pod")
    if pod is not None:
        ref, uid, after = _of_pod(seen, pod, at)
    elif group is not None:
        ref, uid, after = _of_group(seen, group, at)
    else:
        item = noted(seen.item, {names.RESTART: at})
        ref, uid, after = seen.ref, seen.item.metadata.uid, _with_item(seen, item)
    found = await plans.foretold(kube, after, after.item)
    if found.verdict == "refused" and not found.restarts:
        raise Refused(f"{seen.ref}: {found.problems[0].message}")
    await annotate(kube, ref, uid, {names.RESTART: at})
    return "\n".join([f"{ref}: {order(found)}", *(f"  {words}" for words in (*found.holds, *found.pauses))])


def _with_item(seen: Seen, item: object) -> Seen:
    name = "cluster" if isinstance(seen.snapshot, ClusterSnapshot) else "server"
    return msgspec.structs.replace(seen, snapshot=msgspec.structs.replace(seen.snapshot, **{name: item}))


def _of_pod(seen: Seen, pod: str, at: str) -> tuple[Ref, str, Seen]:
    for each in seen.snapshot.pods:
        if each.name == pod:
            return Ref(POD, seen.ref.namespace, pod), each.uid, with_pod_asked(seen, pod, at)
    there = ", ".join(each.name for each in seen.snapshot.pods) or "none"
    raise Refused(f"{seen.ref} has no pod {pod}; there are: {there}")


def _of_group(seen: Seen, group: int, at: str) -> tuple[Ref, str, Seen]:
    if not isinstance(seen.snapshot, ClusterSnapshot):
        raise Refused(f"{seen.ref} has no groups; name a pod with --pod, or restart all")
    name = names.workload(seen.ref.name, group)
    fact = seen.snapshot.objects.get(("StatefulSet", name))
    if fact is None:
        there = ", ".join(str(index) for index in sorted({each.group for each in seen.snapshot.pods})) or "none"
        raise Refused(f"{seen.ref} has no group {group}; there are: {there}")
    return Ref(STATEFULSET, seen.ref.namespace, name), fact.uid, with_group_asked(seen, name, at)
