"""What is kept is what would be made, and there is never more of it than allowed."""

from functools import partial

from hypothesis import given
from hypothesis import strategies as st

from rocketmq_operator.core.facts import ObjectFact
from rocketmq_operator.core.memo import Derived, Memo

NAMES = st.sampled_from("abcdef")
INPUTS = st.dictionaries(st.sampled_from("xyz"), st.integers(0, 2), max_size=2)


@given(st.lists(st.tuples(NAMES, INPUTS)))
def test_a_memo_gives_what_its_inputs_make(asked: list[tuple[str, dict[str, int]]]) -> None:
    memo: Memo[str] = Memo(3)
    for name, inputs in asked:
        made = f"{name}{sorted(inputs.items())}"  # mappings in another order are equal
        assert memo.get(name, dict(inputs), partial(str, made)) == made
        assert len(memo._kept) <= 3


@given(st.lists(st.tuples(st.integers(0, 5), st.booleans())))
def test_what_is_derived_belongs_to_its_source(asked: list[tuple[int, bool]]) -> None:
    sources = [[number] for number in range(6)]
    derived: Derived[str] = Derived(3)
    for number, how in asked:
        assert derived.get(sources[number], how, partial(str, f"{number}{how}")) == f"{number}{how}"
        assert len(derived._kept) <= 3


def test_no_other_object_gets_what_belonged_to_one_that_is_gone() -> None:
    derived: Derived[int] = Derived(1000)
    assert [derived.get([number], None, partial(int, number)) for number in range(500)] == list(range(500))


def test_a_changed_fact_remembers_nothing() -> None:
    fact = ObjectFact("ConfigMap", "a")
    assert fact.known("question", lambda: 1) == 1
    assert fact.known("question", lambda: 2) == 1
    assert ObjectFact("ConfigMap", "a").known("question", lambda: 2) == 2
