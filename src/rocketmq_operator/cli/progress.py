"""How far a rollout is."""

import msgspec
from rich.console import Group
from rich.table import Table
from rich.text import Text

from rocketmq_operator.api.common import condition
from rocketmq_operator.core import names
from rocketmq_operator.core.facts import ClusterSnapshot
from rocketmq_operator.core.members import broker_name
from rocketmq_operator.core.rollout.told import running
from rocketmq_operator.core.rollout_status import TYPE

from .observe import Seen


class PodLine(msgspec.Struct, frozen=True, rename="camel"):
    """A pod and what it runs: the revision that it was started for, or one that it took live since."""

    pod: str
    group: str
    role: str
    ready: bool
    revision: str


class Standing(msgspec.Struct, frozen=True, rename="camel"):
    """``state``: Done, Rolling, Halted, Paused or Waiting (the operator has not looked at the newest spec)."""

    name: str
    state: str
    revision: str
    message: str
    pods: tuple[PodLine, ...] = ()

    @property
    def done(self) -> bool:
        return self.state == "Done"


def standing(seen: Seen) -> Standing:
    """From the status that the operator wrote, and the pods themselves."""
    item, status = seen.item, seen.item.status
    found = condition(list(status.conditions), TYPE) if status else None
    name, revision = str(seen.ref), status.revision if status else ""
    lines = _lines(seen)
    if status is None or found is None or status.observed_generation < item.metadata.generation:
        return Standing(name, "Waiting", revision, "the operator has not looked at the newest spec yet", lines)
    if found.status != "True":
        words = found.message or "every pod runs what the spec asks for"
        return Standing(name, "Done", revision, words, lines)
    state = found.reason if found.reason in {"Halted", "Paused"} else "Rolling"
    return Standing(name, state, revision, f"{found.reason}: {found.message}", lines)


def _lines(seen: Seen) -> tuple[PodLine, ...]:
    snapshot, found = seen.snapshot, []
    for pod in snapshot.pods:
        group, role, workload = "", "name server", None
        if isinstance(snapshot, ClusterSnapshot):
            workload = snapshot.objects.get(("StatefulSet", names.workload(snapshot.cluster.metadata.name, pod.group)))
            group, role = broker_name(snapshot.cluster.spec, pod.group), "slave" if pod.member else "master"
        found.append(PodLine(pod.name, group, role, pod.ready, running(workload, pod.revision)))
    return tuple(found)


STYLES = {"Done": "green", "Halted": "red"}


def text(found: Standing) -> Group:
    """For people."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in ("POD", "GROUP", "ROLE", "READY", "REVISION"):
        table.add_column(name, no_wrap=True)
    for each in found.pods:
        mark = "" if each.revision == found.revision else "  (another)"
        ready = Text("yes", "green") if each.ready else Text("no", "red")
        table.add_row(each.pod, each.group or "-", each.role, ready, (each.revision or "-") + mark)
    return Group(line(found), table)


def line(found: Standing) -> Text:
    """The state in one line."""
    return Text.assemble(
        (found.name, "bold"), "  ", (found.state, STYLES.get(found.state, "yellow")), f"  {found.message}"
    )
