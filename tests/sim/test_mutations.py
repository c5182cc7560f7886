"""The list of broken rules fits the product, so that it cannot rot; that each is found is ``make sim-mutations``."""

from pathlib import Path

import pytest

from .broken_rules import ALL, CORE, Broken

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("rule", ALL, ids=lambda rule: rule.name)
def test_the_text_of_a_rule_stands_in_the_product_once(rule: Broken) -> None:
    assert (ROOT / CORE / rule.file).read_text().count(rule.old) == 1 and rule.new != rule.old


def test_names_tell_rules_apart() -> None:
    assert len({rule.name for rule in ALL}) == len(ALL)
