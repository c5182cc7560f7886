"""One member of a group in a rollout: whether it may restart now, and how."""

from ..facts import BrokerFact, PodFact, Problem
from ..groups.step import Step
from ..groups.view import GroupView
from ..membership import full_copy, holds_all_from_start
from ..registration import registered_on
from .standing import BROKEN_MS, Standing, broken
from .template import going_now

LOOK_SECONDS = 2.0


def restart(view: GroupView, standing: Standing, pod: PodFact) -> Step:
    """A new template is let through to this member; a restart on request takes the pod."""
    message = f"restarts {pod.name}: {', '.join(standing.why[pod.name])}"
    action = standing.take(pod, message)
    if action is None:
        return Step(view.life, rolling=f"waits for the restart of {pod.name}", again=LOOK_SECONDS)
    return Step(view.life, (action,), rolling=message, again=1.0)


def replace(view: GroupView, standing: Standing, pod: PodFact, now_ms: int) -> Step:
    """A pod that does not serve: nothing is lost by its restart, and its controller may wait for it for ever.

    One that is just starting is waited for all the same: what it starts with may be what keeps pods from serving.
    """
    if pod.deleting:
        return Step(view.life, rolling=f"waits until {pod.name} has ended", again=LOOK_SECONDS)
    # Where nobody was ever served two may go at once; a controller takes none below one that does not start.
    gone = _let_through(view, standing, pod) if view.life.initialized else ""
    if gone:
        return Step(view.life, rolling=f"waits to replace {pod.name}: {gone}", again=LOOK_SECONDS)
    if view.life.initialized and len(view.pods) < standing.workload.replicas:
        return Step(view.life, rolling=f"waits to replace {pod.name}: a member is missing", again=LOOK_SECONDS)
    for other in view.pods if view.life.initialized else ():
        # One that serves waits for others that may only just have failed: it is all that can be read meanwhile.
        failed = broken(other, now_ms) and (not pod.ready or not _lately(other, now_ms))
        if other.name != pod.name and not other.ready and not failed:
            return Step(view.life, rolling=f"waits to replace {pod.name}: {other.name} starts", again=LOOK_SECONDS)
    if standing.behind(pod) and standing.partition > pod.member:
        return restart(view, standing, pod)
    message = f"replaces {pod.name}, which does not serve: {', '.join(standing.why[pod.name])}"
    return Step(view.life, (standing.remove(pod, message),), rolling=message, again=1.0)


def useless(view: GroupView, pod: PodFact, now_ms: int) -> bool:
    """Whether a pod may be replaced without further ado: it does not serve, or its master does not; and its volume stays.

    One that answers serves, ready or not: a name server that does not list it takes it from nobody who knows it.
    """
    if view.cluster.spec.empty_dir and (not pod.member or view.fact is None):
        return False
    return (_silent(view, pod) and broken(pod, now_ms)) or lost(view, now_ms)


def _silent(view: GroupView, pod: PodFact) -> bool:
    """Whether nobody hears a broker. One that does not answer us for a moment serves as long as its own probe reaches it, or a name server
    lists it, which forgets it when its connection ends (found by the simulator)."""
    heard = view.snapshot.brokers.get(pod.name) is not None or pod.listening
    return not heard and not (pod.container and registered_on(view.cluster, pod, view.snapshot.registrations))


def stranded(view: GroupView, standing: Standing, pod: PodFact, now_ms: int) -> Step | None:
    """A slave that cannot start with what it was given, below one that serves and is next: it cannot have the newest template before
    that one, which waits for it. Held back, it comes back as what all were before (currentRevision), as the master still is; should
    that fail, too, it is not tried at every look."""
    for each in view.slaves:
        held = each.member < pod.member and standing.partition > each.member and each.name in standing.why
        other = view.master is not None and view.master.ready and each.revision != view.master.revision
        late = each.problem is not None and now_ms - each.created > BROKEN_MS
        if held and other and late and useless(view, each, now_ms):
            message = f"replaces {each.name}, which does not serve, by what its master runs"
            return Step(view.life, (standing.remove(each, message),), rolling=message, again=1.0)
    return None


def _given_up(master: PodFact, now_ms: int) -> bool:
    """Whether a master had time to come back and did not; until then its slaves are all that can be read. One that ends twice within
    minutes has a problem at once, and comes back all the same (found by the simulator)."""
    if not broken(master, now_ms) or _lately(master, now_ms):
        return False
    return master.problem is not None or not master.restarts


def _lately(pod: PodFact, now_ms: int) -> bool:
    """Whether a pod was made, or heard for the last time by its probe, two minutes ago at most."""
    return now_ms - max(pod.created, pod.silent_since) <= BROKEN_MS


def lost(view: GroupView, now_ms: int) -> bool:
    """Whether a group has a master that will not come back by waiting. Only then pods of a group that leaves are restarted."""
    return view.master is not None and _silent(view, view.master) and _given_up(view.master, now_ms)


def _let_through(view: GroupView, standing: Standing, taken: PodFact) -> str:
    """Whether another member was given to its controller already, which may take it at any moment; views of pods lag."""
    going = [each.name for each in view.pods if each.name != taken.name and going_now(standing.workload, each)]
    return f"{going[0]} is about to restart" if going else ""


def others(view: GroupView, standing: Standing, taken: PodFact) -> str:
    """Who else of the group is not there: one member at a time is away because of us."""
    going = _let_through(view, standing, taken)
    if going:
        return going
    for pod in view.pods:
        if pod.deleting or (pod.name != taken.name and not pod.ready):
            return f"{pod.name} is not ready"
        fact = view.snapshot.brokers.get(pod.name)
        if fact is None:
            return f"{pod.name} does not answer"
        if pod.name != taken.name and pod.member and view.fact and not full_copy(view.fact, fact):
            return f"{pod.name} does not hold everything yet"
        if pod.name != taken.name and not view.on_every_name_server(pod):
            return f"{pod.name} is not registered on every name server"
    return ""


def stays_open(view: GroupView, pod: PodFact) -> bool:
    """Whether a member restarts while its group takes messages; without another group nobody would gain by closing it."""
    return bool(pod.member) and (spared(view, pod) or not has_others(view))


def stays_put(view: GroupView, pod: PodFact) -> bool:
    """Whether a member is never restarted, since its messages would go with its pod."""
    return view.cluster.spec.empty_dir and not pod.member


def spared(view: GroupView, pod: PodFact) -> bool:
    """Whether the group acknowledges messages without this slave as it does with it."""
    master = view.fact
    if master is None or master.role != "SYNC_MASTER":
        return master is not None
    rest = sum(each.name != pod.name and is_copy(view, each, master) for each in view.slaves)
    needed = max(master.in_sync, 2) if master.version.startswith("4.") else master.in_sync
    return rest + 1 >= needed


def is_copy(view: GroupView, pod: PodFact, master: BrokerFact) -> bool:
    """Whether a slave is ready and holds everything."""
    fact = view.snapshot.brokers.get(pod.name)
    return fact is not None and pod.ready and full_copy(master, fact)


def partial(view: GroupView) -> bool:
    """Whether a slave serves that lacks the beginning of its master's log."""
    facts = [view.snapshot.brokers.get(pod.name) for pod in view.slaves if pod.ready and not pod.deleting]
    return view.fact is not None and any(fact and not holds_all_from_start(view.fact, fact) for fact in facts)


def has_others(view: GroupView) -> bool:
    """Whether the spec asks for another group that could take over."""
    return view.cluster.spec.group_replica > 1


def in_pod(view: GroupView) -> Problem:
    """Why a master that stays put does so."""
    return Problem(
        "MessagesInPod",
        f"the master of {view.name} is not restarted: its messages lie in its pod (spec.emptyDir) and would go with it; set the "
        "spec back, or create a new cluster",
    )
