"""When the clients' sends succeeded, from the ledgers of their run (tests/clients/README.md). Pure."""

from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import pairwise

import msgspec

NAMES = ("intents", "acknowledged", "failed")
SHOWN = 3


class Gap(msgspec.Struct, frozen=True):
    """A time in which no send began that was acknowledged later; `began` in seconds since 1970."""

    seconds: float
    began: float


def longest_gap(intents: Iterable[str], acknowledged: Iterable[str]) -> Gap:
    """Between two sends that succeeded, by their beginnings, probes aside: the start of the producer has no part in it.

    Senders wait for their answers, so that none begins while all of them wait.
    """
    good = {line.partition("\t")[0] for line in acknowledged}
    fields = (line.split("\t") for line in intents)
    times = sorted(int(each[1]) for each in fields if each[0] in good and each[2] != "probe")
    gaps = [Gap((after - before) / 1000, before / 1000) for before, after in pairwise(times)]
    return max(gaps, key=lambda each: each.seconds, default=Gap(0.0, 0.0))


def reasons(failed: Sequence[str]) -> str:
    """Why sends failed, probes among them, the most frequent first."""
    fields = [line.split("\t") for line in failed]
    told = Counter(f"{'probe: ' if is_probe(each[0]) else ''}{': '.join(each[1:])[:300]}" for each in fields)
    return "; ".join(f"{number} × {why}" for why, number in told.most_common(SHOWN)) or "none"


def is_probe(key: str) -> bool:
    """Whether a send went to one group, to see whether it takes any."""
    return key.rpartition("-")[2].startswith("p")
