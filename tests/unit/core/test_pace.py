"""How soon the next look comes."""

import pytest

from rocketmq_operator.api.common import Condition
from rocketmq_operator.core import pace

BEGAN = "2027-01-15T08:00:00Z"


@pytest.mark.parametrize(
    ("now", "seconds"),
    [
        ("2027-01-15T08:00:00Z", 1.0),
        ("2027-01-15T08:00:08Z", 1.0),
        ("2027-01-15T08:00:16Z", 2.0),
        ("2027-01-15T08:01:00Z", 3.0),
        ("2027-01-15T08:03:00Z", 12.0),
        ("2027-01-15T09:00:00Z", 30.0),
    ],
)
def test_ever_more_rarely_the_longer_it_lasts(now: str, seconds: float) -> None:
    unready = Condition("Ready", "False", "NotAllReady", "", BEGAN, 1)
    assert pace.after(BEGAN, now) == pace.next_look([unready], acted=False, now=now) == seconds
    assert pace.next_look([unready], acted=True, now=now) == 1.0


def test_where_all_is_ready_nothing_is_urgent() -> None:
    ready = Condition("Ready", "True", "AllReady", "", BEGAN, 1)
    assert pace.next_look([ready], acted=False, now=BEGAN) == pace.WAITING_SECONDS
