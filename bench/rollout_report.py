"""What rolling restarts were found to take. Pure."""

from collections.abc import Sequence

import msgspec

from . import requests, rolling_words, sending, timeline
from .figures import Ratio, Report, Series, named, ratio
from .requests import Requests
from .restarts import Rolling, of_brokers, of_name_servers
from .sending import Gaps

Facts = dict[str, str | int | float]


class Outcome(msgspec.Struct, frozen=True):
    """One rolling restart; `began` in seconds since 1970. `early`: for how long the resource had called it over before it was. `done`: restarts of each pod."""

    began: float
    seconds: float
    early: float
    timeline: list[timeline.Stretch]
    needed: int
    done: dict[str, int]
    requests: Requests


class Round(msgspec.Struct, frozen=True):
    """Seconds of each pod's bare restart, both rolling restarts, and what the clients found during that of the brokers."""

    bare: dict[str, float]
    brokers: Outcome
    name_servers: Outcome
    gaps: Gaps


def report(rounds: Sequence[Round], circumstances: Facts) -> Report:
    """The table: each rolling restart with its floor, phases, restarts and requests; and the clients."""
    shown: list[Series] = []
    ratios: list[Ratio] = []
    facts: Facts = {}
    for rolling, found in (
        (of_brokers(), [each.brokers for each in rounds]),
        (of_name_servers(), [each.name_servers for each in rounds]),
    ):
        took, bare, least = _durations(rolling, found, rounds)
        shown += [took, bare, *_details(rolling, found, rounds)]
        ratios.append(ratio(f"{rolling.title}: duration / bare restarts", took, bare, "≤ 1.5"))
        if rolling.stated:
            ratios.append(ratio(f"{rolling.title}: duration / bare restarts and stated waits", took, least))
            facts[f"{rolling.title}: stated waits"] = f"{rolling.stated:.0f} s, until clients know of each closed group"
            words = ", ".join(f"{pod} {seconds:.0f} s" for pod, seconds in sorted(rolling.least.items()))
            facts[f"{rolling.title}: from restart to serving, at least"] = words
            shown += sending.series(rolling.title, [each.gaps for each in rounds])
            facts |= _clients(rolling.title, rounds[-1])
        facts |= _facts(rolling.title, found)
    return Report("Rolling restarts, over bare restarts of the same pods", shown, ratios, {**facts, **circumstances})


def _durations(rolling: Rolling, found: Sequence[Outcome], rounds: Sequence[Round]) -> tuple[Series, Series, Series]:
    sums = [sum(each.bare[pod] for pod in rolling.pods) for each in rounds]
    return (
        Series(f"{rolling.title}: rolling restart", "s", [each.seconds for each in found]),
        Series(f"  {rolling.title}: FLOOR, bare restarts", "s", sums),
        Series("", "s", [rolling.floor(each.bare) for each in rounds]),
    )


def _details(rolling: Rolling, found: Sequence[Outcome], rounds: Sequence[Round]) -> list[Series]:
    title = rolling.title
    phases = [timeline.by_phase(rolling_words.by_role(each.timeline)) for each in found]
    return [
        *named(f"  {title}: bare restart, ", "s", [{pod: each.bare[pod] for pod in rolling.pods} for each in rounds]),
        *named(f"  {title}: phase ", "s", phases),
        Series(f"  {title}: restarts needed", "restarts", [float(each.needed) for each in found]),
        Series(f"  {title}: restarts done", "restarts", [float(sum(each.done.values())) for each in found]),
        *requests.series(title, [each.requests for each in found]),
    ]


def _clients(title: str, last: Round) -> Facts:
    """When the longest gap was, and why sends failed."""
    after = last.gaps.gap.began - last.brokers.began
    phase = timeline.at(last.brokers.timeline, after) or "not in this time"
    return {
        f"{title}: the longest gap began": f"{after:.1f} s after the change ({phase})",
        f"{title}: failed sends, probes among them": last.gaps.why,
    }


def _facts(title: str, found: Sequence[Outcome]) -> Facts:
    last = found[-1]
    facts: Facts = {f"{title}: timeline": timeline.words(last.timeline)}
    if last.early > 0:
        facts[f"{title}: SETTLED WAS SAID TOO EARLY"] = f"{last.early:.1f} s before it was true"
    if any(sum(each.done.values()) != each.needed for each in found):
        facts[f"{title}: RESTARTS THAT WERE NOT NEEDED, OR MISSING"] = str([each.done for each in found])
    return facts | requests.facts(title, last.requests)
