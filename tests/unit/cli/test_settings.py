"""The operator's settings: the seed's file, ours, and what is wrong said with its place."""

import pytest

from rocketmq_operator.cli.settings import Settings, SettingsError, from_arguments, load


def test_the_seeds_file_watches_everything() -> None:
    assert load("#namespace: rocketmq-operator\n", "f").watched() == (None,)


def test_one_namespace_in_the_seeds_word_and_several_in_ours() -> None:
    assert load("namespace: a", "f").watched() == ("a",)
    assert load("namespaces: [a, b, a]", "f").watched() == ("a", "b")


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("logLevel: loud", "logLevel"),
        ("resyncSeconds: 0", "resyncSeconds"),
        ("workers: 0", "workers"),
        ("nonsense: 1", "nonsense"),
        ("a: [", "f"),
    ],
)
def test_what_is_wrong_is_named(text: str, named: str) -> None:
    with pytest.raises(SettingsError, match=named):
        load(text, "f")


def test_flags_stand_above_the_file(tmp_path: object) -> None:
    assert from_arguments([]) == Settings()
    assert from_arguments(["--log-level", "debug", "--namespace", "a"]).watched() == ("a",)
    assert not from_arguments(["--no-leader-election"]).leader_election
    with pytest.raises(SettingsError, match="No such file"):
        from_arguments(["--config", "/nowhere/at/all"])
