"""What the operator wrote counts before its view shows it."""

import msgspec
import pytest

from rocketmq_operator.core.facts import ObjectFact
from rocketmq_operator.reconcile.taken import LONGEST_SECONDS
from rocketmq_operator.reconcile.written import Written, older


class Moment:
    seconds = 100.0

    def __call__(self) -> float:
        return self.seconds


def view(version: str, uid: str = "u") -> dict[tuple[str, str], ObjectFact]:
    data = msgspec.Raw(b'{"initialized":"false"}')
    return {("ConfigMap", "i"): ObjectFact("ConfigMap", "i", uid, data=data, resource_version=version)}


def stored(version: str) -> dict[str, object]:
    metadata = {"name": "i", "namespace": "ns", "uid": "u", "resourceVersion": version}
    return {"metadata": metadata, "data": {"initialized": "true"}}


def seen(written: Written, facts: dict[tuple[str, str], ObjectFact], namespace: str = "ns") -> str:
    return written.seen(namespace, facts)["ConfigMap", "i"].settings["initialized"]


def test_a_write_is_seen_at_once_and_until_the_view_is_as_new() -> None:
    now = Moment()
    written = Written(now)
    before = view("9")
    assert written.seen("ns", before) is before
    written.note("ns", "ConfigMap", stored("10"))
    assert seen(written, before) == "true"
    assert seen(written, view("10")) == seen(written, view("11")) == "false", "then the view counts"
    assert seen(written, view("9"), "another") == "false"
    now.seconds += LONGEST_SECONDS + 0.1
    assert seen(written, before) == "false", "nor is it believed for ever"


def test_a_write_is_nothing_to_an_object_that_was_made_anew_or_is_gone() -> None:
    written = Written(Moment())
    written.note("ns", "ConfigMap", stored("10"))
    assert seen(written, view("9", uid="another")) == "false"
    assert written.seen("ns", {}) == {}


@pytest.mark.parametrize(
    ("version", "than", "is_older"), [("9", "10", True), ("10", "9", False), ("a", "b", False), ("", "1", False)]
)
def test_versions_are_numbers(version: str, than: str, is_older: bool) -> None:
    assert older(version, than) is is_older
