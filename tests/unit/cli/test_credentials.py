"""Credentials come whole or not at all, and never show themselves."""

import pytest

from rocketmq_operator.cli.credentials import from_environment
from rocketmq_operator.cli.settings import SettingsError


def test_both_halves_or_none() -> None:
    assert from_environment({}) is None
    found = from_environment({"ROCKETMQ_ACCESS_KEY": "operator", "ROCKETMQ_SECRET_KEY": "hush"})
    assert found is not None and found.secret_key == "hush" and "hush" not in repr(found)


@pytest.mark.parametrize("given", ["ROCKETMQ_ACCESS_KEY", "ROCKETMQ_SECRET_KEY"])
def test_one_half_is_an_error_that_names_the_other(given: str) -> None:
    with pytest.raises(SettingsError, match="rocketmq-operator-credentials") as told:
        from_environment({given: "hush"})
    assert "hush" not in str(told.value)
