"""What the conditions of a NameServer say, each by its own rule."""

from . import completeness
from .conditions import Verdict
from .facts import NameServerSnapshot
from .nameserver_scaling import Scaling
from .nameserver_scaling import wanted as wanted_size
from .rollout import hold
from .rollout.servers import Course
from .rollout_status import SETTLING, settling


def ready(snapshot: NameServerSnapshot, ready: int, wanted: int) -> Verdict:
    """Whether as many as wanted are ready, and so listed for clients; otherwise what each one waits for."""
    message = f"{ready} of {max(wanted, ready)} name servers are ready"
    waits = [
        f"{pod.name} {completeness.waiting(snapshot, pod)}" for pod in snapshot.pods if pod.runs and not pod.opened
    ]
    if ready >= wanted:
        return Verdict("Ready", True, "AllReady", message)
    return Verdict("Ready", False, "NotAllReady", "; ".join([message, *sorted(waits)]))


def progressing(snapshot: NameServerSnapshot, ready: int, wanted: int, state: Scaling) -> Verdict:
    """Whether name servers are being started, or their number changes."""
    if snapshot.server.spec.paused:
        return Verdict("Progressing", False, "Paused", "spec.paused is true: nothing is changed until it is false")
    if state.reason:
        return Verdict("Progressing", True, state.reason, state.message)
    return Verdict("Progressing", ready != wanted, "Settled" if ready == wanted else "Starting")


def scaling(snapshot: NameServerSnapshot, state: Scaling) -> Verdict:
    """Whether the number changes, and what is waited for."""
    if not state.reason:
        return Verdict("Scaling", False, "AsWanted")
    if snapshot.server.spec.paused:
        return Verdict("Scaling", True, "Paused", f"{state.message}; spec.paused is true: nothing is changed")
    return Verdict("Scaling", True, state.reason, state.message)


def rollout(snapshot: NameServerSnapshot, course: Course) -> Verdict:
    """True while pods are still to restart; the reason is that of the restarts, or what holds them."""
    target, standing = course.target, course.standing
    undone = [f"the spec asks for {target.asked}, {target.revision} runs instead"] if target.undone else []
    if course.halted:
        return Verdict("RollingOut", True, "Halted", course.halted.message)
    if standing is None or not standing.due:
        missing = [
            f"{pod.name} {completeness.waiting(snapshot, pod) or 'is not ready'}"
            for pod in snapshot.pods
            if not pod.ready
        ]
        missing += ["a name server is missing"] if len(snapshot.pods) < wanted_size(snapshot) else []
        if settling(snapshot.server.status.conditions if snapshot.server.status else (), missing):
            return Verdict("RollingOut", True, SETTLING, f"every name server was restarted; {'; '.join(missing)}")
        return Verdict("RollingOut", False, "Undone" if undone else "UpToDate", "; ".join(undone))
    behind = len(snapshot.pods) if standing.template_due else len(standing.outdated)
    message = f"{len(snapshot.pods) - behind} of {len(snapshot.pods)} name servers are at {target.revision}"
    why = ", ".join(change.words() for change in standing.changes or ())
    words = [f"{message} ({why})" if why else message, course.doing, *undone]
    paused = hold.paused(snapshot.server.metadata.annotations)
    return Verdict("RollingOut", True, "Paused" if paused else standing.reason(), "; ".join(filter(None, words)))
