"""A plan for people."""

from typing import Protocol

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from rocketmq_operator.core.rollout.foresight import Closing, Restart
from rocketmq_operator.core.rollout.preview import Preview

VERDICTS = {
    "nothing": ("no pod restarts", "green"),
    "live": ("live: running brokers are told, no pod restarts", "green"),
    "restart": ("{} pods restart", "yellow"),
    "refused": ("refused", "red"),
}


class Named(Protocol):
    """Anything that says which resource it is of."""

    @property
    def kind(self) -> str: ...
    @property
    def namespace(self) -> str: ...
    @property
    def name(self) -> str: ...


def creation(words: str, item: Named) -> Text:
    """Of a resource that does not exist yet."""
    return Text.assemble(_name(item), ("would be created", "green"), f": {words}")


def plan(found: Preview) -> Group:
    """Verdict, what differs, which pods restart, and what clients notice."""
    words, style = VERDICTS[found.verdict]
    count = len(found.restarts)
    head = Text.assemble(_name(found), (words.format(count).replace("1 pods restart", "1 pod restarts"), style))
    if found.verdict == "refused" and count:
        head.append(" on its way: only the pods below restart")
    parts: list[RenderableType] = [head]
    parts += _lines("", [problem.message for problem in found.problems], "red")
    parts += _lines("changes", [_change(each.words(), each.restarts, found.kind) for each in found.changes])
    parts += _lines("others", [", ".join(found.others)] if found.others else [])
    parts += _lines("numbers", found.numbers)
    parts += _lines("held", found.holds, "yellow")
    if found.restarts:
        parts += ["", restarts(found)]
        parts += _lines("rules", found.rules)
    parts += _lines("pauses", found.pauses, "yellow")
    return Group(*parts)


def restarts(found: Preview) -> Table:
    """Which pods, in their order."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in ("ORDER", "POD", "GROUP", "ROLE", "REASON", "CLOSES"):
        table.add_column(name, no_wrap=name != "CLOSES")
    closing = {(each.group, each.pod): each for each in found.closings}
    for number, each in enumerate(found.restarts, 1):
        words = _closed(each, closing.get((each.group, each.pod)))
        table.add_row(str(number), each.pod, each.group or "-", each.role, ", ".join(each.reasons), words)
    return table


def _closed(each: Restart, closing: Closing | None) -> str:
    """What closes for it, if anything, and what it waits for."""
    waits = "after the promotion" if each.waits == "promotion" else f"after {each.waits}" if each.waits else ""
    closes = "stays closed" if each.closed else ""
    if closing is not None and not closing.seconds:
        closes = f"{each.group}, right before"
    elif closing is not None:
        first = {True: "; order topics first", False: "", None: "; order topics first, if any"}[closing.order_topics]
        closes = f"{each.group}, {closing.seconds} s before{first}"
    return "; ".join(filter(None, (waits, closes))) or "-"


def _change(words: str, restarting: bool, kind: str) -> str:
    return words if restarting or kind != "BrokerCluster" else f"{words} (live)"


def _lines(title: str, lines: list[str] | tuple[str, ...], style: str = "") -> list[RenderableType]:
    """Each line under its title, aligned."""
    heads = [f"{title}:" if title else ""] + [""] * len(lines)
    return [Text.assemble(f"  {head:<9} ", (line, style)) for head, line in zip(heads, lines, strict=False)]


def _name(item: Named) -> Text:
    return Text.assemble((f"{item.kind} {item.namespace}/{item.name}", "bold"), "  ")
