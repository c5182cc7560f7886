"""What the kubectl plugin shows a person: trees and tables. Programs get JSON (``-o json``)."""

from collections.abc import Sequence

from rich.table import Table
from rich.text import Text
from rich.tree import Tree

from rocketmq_operator.api import BrokerCluster, BrokerClusterStatus
from rocketmq_operator.api.brokercluster_status import BrokerGroup, BrokerMember
from rocketmq_operator.api.common import Condition, condition
from rocketmq_operator.reconcile.figures import BrokerFigures, ClusterFigures
from rocketmq_operator.reconcile.progress import GroupProgress

BAD_WHEN_TRUE = {"Degraded", "ChangesPending"}
"""Conditions whose truth is bad news."""


def cluster_tree(cluster: BrokerCluster, figures: ClusterFigures | None) -> Tree:
    """cluster → groups → brokers, then the conditions in words."""
    status = cluster.status or BrokerClusterStatus()
    live = {(each.group, each.broker_id): each for each in (figures.brokers if figures else ())}
    tree = Tree(_headline(cluster, status))
    moving = {each.group: each for each in (figures.progress if figures else ())}
    for group in status.broker_groups:
        branch = tree.add(_group(group))
        if group.name in moving:
            branch.add(_progress(moving[group.name]))
        for member in group.members:
            branch.add(_member(member, live.get((group.name, member.broker_id))))
    servers = tree.add(Text("name servers", style="bold"))
    for server in status.name_servers:
        servers.add(server)
    conditions = tree.add(Text("conditions", style="bold"))
    for each in status.conditions:
        conditions.add(_condition(each))
    return tree


def _headline(cluster: BrokerCluster, status: BrokerClusterStatus) -> Text:
    meta, spec = cluster.metadata, cluster.spec
    ready = condition(status.conditions, "Ready")
    word = "Ready" if ready and ready.status == "True" else (ready.reason if ready else "unseen by the operator")
    return Text.assemble(
        (f"{meta.namespace}/{meta.name}", "bold"),
        f"  {spec.cluster_name}  ",
        (word, "green" if word == "Ready" else "red"),
        f"  {status.brokers_ready or '0'} brokers  {spec.replication_mode.value}  {status.version}",
    )


def _group(group: BrokerGroup) -> Text:
    phase = f"  {group.phase}" if group.phase else ""
    ready = ("ready", "green") if group.ready else ("not ready", "red")
    return Text.assemble((group.name, "bold"), "  ", ready, (phase, "yellow"))


def _progress(each: GroupProgress) -> Text:
    """What a group on its way does, with exact numbers and an estimate."""
    text = Text.assemble((each.phase.lower(), "yellow"), f": {each.doing}")
    if each.left is not None and each.total:
        text.append(f"  {each.left} of {each.total} messages")
    if each.rate is not None and each.left:
        text.append(f"  {each.rate:.0f}/s")
    if each.seconds_left is not None and each.left:
        text.append(f"  about {duration(each.seconds_left)}")
    return text


def duration(seconds: float) -> str:
    """A time for people: 40 s, 12 min, 3 h, 5 d."""
    for unit, length in (("d", 86_400), ("h", 3600), ("min", 60)):
        if seconds >= 2 * length:
            return f"{seconds / length:.0f} {unit}"
    return f"{seconds:.0f} s"


def _member(member: BrokerMember, live: BrokerFigures | None) -> Text:
    role = member.role or ("master" if member.broker_id == 0 else "slave")
    parts = [f"{member.broker_id}  {role:<12}  {member.address or member.pod}  {member.version or '-'}  "]
    text = Text(parts[0])
    text.append("ready" if member.ready else "not ready", style="green" if member.ready else "red")
    if live and live.put_rate is not None and live.get_rate is not None:
        text.append(f"  put {live.put_rate:.1f}/s  get {live.get_rate:.1f}/s")
    if live and member.broker_id and live.behind is not None:
        text.append(f"  lag {size(live.behind)}", style="" if live.behind == 0 else "yellow")
    if member.broker_id == 0 and member.role and not member.accepting:
        text.append("  closed for sends", style="yellow")
    if member.problem:
        text.append(f"  {member.problem}", style="red")
    return text


def _condition(each: Condition) -> Text:
    good = (each.status == "True") != (each.type in BAD_WHEN_TRUE)
    style = "" if each.type in {"Progressing", "Replicated", "Scaling"} else ("green" if good else "red")
    text = Text.assemble((f"{each.type:<20} {each.status:<7}", style), f" {each.reason}")
    return text.append(f": {each.message}") if each.message else text


def clusters_table(clusters: Sequence[BrokerCluster]) -> Table:
    """One line for each cluster, from status alone."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in ("NAMESPACE", "NAME", "CLUSTER", "READY", "GROUPS", "BROKERS", "MODE", "VERSION", "REASON"):
        table.add_column(name, no_wrap=name != "REASON")
    for cluster in sorted(clusters, key=lambda each: (each.metadata.namespace, each.metadata.name)):
        table.add_row(*_line(cluster))
    return table


def _line(cluster: BrokerCluster) -> list[str | Text]:
    status = cluster.status or BrokerClusterStatus()
    ready, degraded = (condition(status.conditions, type_) for type_ in ("Ready", "Degraded"))
    word = ready.status if ready else "Unknown"
    trouble = degraded if degraded and degraded.status == "True" else ready
    return [
        cluster.metadata.namespace,
        cluster.metadata.name,
        cluster.spec.cluster_name,
        Text(word, style="green" if word == "True" else "red"),
        f"{status.ready_groups}/{cluster.spec.group_replica}",
        status.brokers_ready or "-",
        cluster.spec.replication_mode.value,
        status.version or "-",
        trouble.reason if trouble else "-",
    ]


def size(count: float) -> str:
    """Bytes for people: 0 B, 1.5 KiB."""
    for unit in ("B", "KiB", "MiB", "GiB"):
        if count < 1024 or unit == "GiB":
            break
        count /= 1024
    return f"{count:.0f} {unit}" if unit == "B" else f"{count:.1f} {unit}"
