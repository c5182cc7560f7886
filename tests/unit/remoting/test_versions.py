"""Ordinals and names."""

import pytest

from rocketmq_operator.remoting.versions import version_name, version_ordinal

KNOWN = {401: "V4_9_4", 409: "V4_9_8", 413: "V5_0_0", 479: "V5_3_3", 493: "V5_4_0", 513: "V5_5_0", 611: "V5_9_9"}


@pytest.mark.parametrize(("ordinal", "name"), [*KNOWN.items(), (492, "V5_4_0_SNAPSHOT"), (213, "V4_0_0")])
def test_both_ways(ordinal: int, name: str) -> None:
    assert version_name(ordinal) == name
    assert version_ordinal(name) == ordinal


def test_spellings() -> None:
    assert version_ordinal("5.4.0") == version_ordinal("V5_4_0") == 493
    assert version_ordinal("5.4.0-SNAPSHOT") == 492


def test_outside_the_rule() -> None:
    assert version_name(612) == "HIGHER_VERSION"
    assert version_name(0) == "UNKNOWN_0"
    for name in ("", "5.4", "5.4.10", "6.0.0", "3.2.6", "latest"):
        with pytest.raises(ValueError, match=r"RocketMQ version|ordinal"):
            version_ordinal(name)
