"""What an edit of a NameServer would do, before it is applied."""

import msgspec

from rocketmq_operator.api import NameServer
from rocketmq_operator.api.rollout import Restarts

from ..facts import NameServerSnapshot
from ..nameserver_scaling import wanted
from . import hold, servers, windows
from .diff import changes, of_server
from .foresight import Foreseen, Restart
from .preview import Preview, undone, verdict
from .preview_words import common_rules, other_fields, server_numbers
from .standing import Standing


def preview(snapshot: NameServerSnapshot, after: NameServer, now_ms: int) -> Preview:
    """What becomes of a NameServer when ``after`` takes its place."""
    now, before = servers.resolve(snapshot)
    edited, target = servers.resolve(msgspec.structs.replace(snapshot, server=after))
    standing = servers.standing_of(edited, target, now_ms)
    due = servers.renewed(edited, standing, target, now_ms) if standing else None
    restarts = _restarts(edited, due) if due else ()
    server, given = edited.server, edited.server.spec.rollout or Restarts()
    told = changes(of_server(server, before.content), of_server(server, target.content), lambda *_: False)
    return Preview(
        kind=after.kind,
        namespace=after.metadata.namespace,
        name=after.metadata.name,
        verdict=verdict(Foreseen(restarts), told),
        revision=target.revision,
        changes=tuple(told),
        restarts=restarts,
        pauses=_pauses(edited, restarts),
        numbers=server_numbers(wanted(now), wanted(edited)),
        rules=common_rules(given) if restarts else (),
        holds=(*(_holds(edited, given, now_ms) if restarts else ()), *undone(target)),
        others=other_fields(snapshot.server.spec, after.spec),
    )


def _restarts(snapshot: NameServerSnapshot, standing: Standing) -> tuple[Restart, ...]:
    """One after the other, the highest first; what leaves anyway is no matter of restarts."""
    pods = (pod for pod in standing.outdated if pod.member < wanted(snapshot))
    return tuple(Restart(pod.name, "", "name server", standing.why[pod.name]) for pod in pods)


def _pauses(snapshot: NameServerSnapshot, restarts: tuple[Restart, ...]) -> tuple[str, ...]:
    if not restarts or wanted(snapshot) > 1:
        return ()
    return (
        f"{restarts[0].pod} is the only name server: while it restarts, running clients go on with the routes they know, new ones cannot begin",
    )


def _holds(snapshot: NameServerSnapshot, given: Restarts, now_ms: int) -> list[str]:
    found = ["spec.paused is true: nothing is changed until it is false"] if snapshot.server.spec.paused else []
    paused = hold.paused(snapshot.server.metadata.annotations)
    return [*found, *filter(None, (paused, windows.closed(given.maintenance_windows, now_ms)))]
