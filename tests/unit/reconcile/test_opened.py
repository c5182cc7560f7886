"""A group that was opened is known as opened before the view of its intent says so."""

import msgspec

from rocketmq_operator.core.facts import ObjectFact
from rocketmq_operator.reconcile.opened import Opened
from rocketmq_operator.reconcile.taken import LONGEST_SECONDS


class Moment:
    seconds = 100.0

    def __call__(self) -> float:
        return self.seconds


def view(
    uid: str = "u", life: str = "2", *, opened: bool = False, phase: str = "Opening"
) -> dict[tuple[str, str], ObjectFact]:
    data = {"initialized": "true" if opened else "false", "life": life, "phase": phase}
    raw = msgspec.Raw(msgspec.json.encode(data))
    return {("ConfigMap", "i"): ObjectFact("ConfigMap", "i", uid, data=raw, resource_version="9")}


def stored(initialized: str = "true") -> dict[str, object]:
    metadata = {"name": "i", "namespace": "ns", "uid": "u", "resourceVersion": "10"}
    return {"metadata": metadata, "data": {"initialized": initialized, "life": "2", "phase": ""}}


def test_the_view_of_an_opened_group_says_so_at_once_and_nothing_else_is_newer() -> None:
    now = Moment()
    opened = Opened(now)
    before = view()
    assert opened.seen("ns", before) is before
    opened.note(stored())
    fact = opened.seen("ns", before)["ConfigMap", "i"]
    assert fact.settings == {"initialized": "true", "life": "2", "phase": "Opening"}
    assert fact.resource_version == "9", "a write by a view that lags is refused"
    now.seconds += LONGEST_SECONDS + 0.1
    assert opened.seen("ns", before) is before, "nor is it believed for ever"


def test_views_that_say_so_themselves_or_are_of_something_else_stay() -> None:
    opened = Opened(Moment())
    opened.note(stored())
    for there in (view(opened=True), view(uid="another"), view(life="3"), {}):
        assert opened.seen("ns", there) is there
    assert opened.seen("another", before := view()) is before


def test_a_group_that_begins_anew_is_not_opened() -> None:
    opened = Opened(Moment())
    opened.note(stored())
    opened.note(stored("false"))
    assert opened.seen("ns", before := view()) is before


def test_a_group_that_has_left_since_is_not_opened() -> None:
    """Another operator wrote so meanwhile."""
    opened = Opened(lambda: 0.0)
    opened.note(stored())
    left = view(phase="Left")
    assert opened.seen("ns", left) is left
    assert opened.seen("ns", view())["ConfigMap", "i"].settings["initialized"] == "true"
