"""What a benchmark found, as a table for people or JSON for programs. Pure but for the two functions at the end."""

import os
import statistics
import sys
from collections.abc import Mapping, Sequence

import msgspec
from rich.console import Console
from rich.table import Table

PLAIN_WIDTH = 160
"""Columns where no terminal says how many there are."""


class Series(msgspec.Struct, frozen=True):
    """One thing measured several times, in `unit`. Sample i of every series of a run belongs to round i."""

    name: str
    unit: str
    samples: list[float]

    @property
    def median(self) -> float:
        """The middle sample: one disturbed round does not move it."""
        return statistics.median(self.samples)


class Ratio(msgspec.Struct, frozen=True):
    """`value` is the ratio of two medians; `low` and `high` bound the same ratio taken round by round."""

    name: str
    value: float
    low: float
    high: float
    aim: str = ""


class Report(msgspec.Struct, frozen=True):
    """Everything that a benchmark prints. `facts` are single figures and circumstances."""

    title: str
    series: list[Series] = []
    ratios: list[Ratio] = []
    facts: dict[str, str | int | float] = {}


def ratio(name: str, over: Series, floor: Series, aim: str = "") -> Ratio:
    """How `over` compares with `floor`; rounds alternate, so a round's own ratio is free of slow drifts."""
    rounds = [mine / its for mine, its in zip(over.samples, floor.samples, strict=True)]
    return Ratio(name, over.median / floor.median, min(rounds), max(rounds), aim)


def named(prefix: str, unit: str, rounds: Sequence[Mapping[str, float]]) -> list[Series]:
    """A series for each name that any round has; 0 where a round lacks it."""
    names = dict.fromkeys(name for each in rounds for name in each)
    return [Series(f"{prefix}{name}", unit, [each.get(name, 0.0) for each in rounds]) for name in names]


def machine() -> dict[str, str | int | float]:
    """Circumstances that decide how far figures can be trusted."""
    one, five, _ = os.getloadavg()
    cores = os.cpu_count() or 1
    busy = " (BUSY: other work disturbed this run)" if one > cores else ""
    return {"processors": cores, "load before the run": f"{one:.1f}, {five:.1f} over 5 min{busy}"}


def show(report: Report, output: str) -> None:
    """Print on standard output; `output` is text or json."""
    if output == "json":
        sys.stdout.buffer.write(msgspec.json.format(msgspec.json.encode(report), indent=2) + b"\n")
        return
    console = Console(highlight=False, width=None if sys.stdout.isatty() else PLAIN_WIDTH)
    console.print(f"\n[bold]{report.title}[/bold]")
    for table in (_samples(report.series), _ratios(report.ratios)):
        if table.row_count:
            console.print(table)
    for name, value in report.facts.items():
        console.print(f"{name}: {value}", soft_wrap=True)


def tell(text: str) -> None:
    """One line of progress; standard output is kept for the result."""
    print(text, file=sys.stderr, flush=True)


def number(value: float) -> str:
    """Three figures that mean something, whatever the size."""
    return f"{value:.0f}" if abs(value) >= 100 else f"{value:.3g}"


def _samples(series: Sequence[Series]) -> Table:
    table = Table("measured", "median", "lowest", "highest", "unit", "rounds", box=None, pad_edge=False)
    for each in series:
        shown = (each.median, min(each.samples), max(each.samples))
        table.add_row(each.name, *map(number, shown), each.unit, str(len(each.samples)))
    return table


def _ratios(ratios: Sequence[Ratio]) -> Table:
    table = Table("ratio", "of medians", "lowest round", "highest round", "aim", box=None, pad_edge=False)
    for each in ratios:
        table.add_row(each.name, *(f"{value:.3f}" for value in (each.value, each.low, each.high)), each.aim)
    return table
