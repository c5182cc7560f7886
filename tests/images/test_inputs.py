"""What makes an image another one, and what does not."""

from pathlib import Path

import pytest
from images.builder import inputs


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    (tmp_path / "src" / "deep").mkdir(parents=True)
    (tmp_path / "src" / "a.py").write_text("a")
    (tmp_path / "src" / "deep" / "b.py").write_text("b")
    return tmp_path


def key(tree: Path, *words: str) -> str:
    return inputs.digest([tree / "src"], words, tree)


def test_the_same_state_elsewhere_has_the_same_key(tree: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    other = tmp_path_factory.mktemp("other")
    (other / "src" / "deep").mkdir(parents=True)
    (other / "src" / "deep" / "b.py").write_text("b")
    (other / "src" / "a.py").write_text("a")
    assert key(tree) == key(other)


@pytest.mark.parametrize("change", ["content", "name", "mode", "new", "gone", "word", "moved"])
def test_every_change_of_an_input_changes_the_key(tree: Path, change: str) -> None:
    before = key(tree)
    file = tree / "src" / "a.py"
    match change:
        case "content":
            file.write_text("b")
        case "name":
            file.rename(file.with_name("c.py"))
        case "mode":
            file.chmod(0o755)
        case "new":
            (tree / "src" / "empty").write_text("")
        case "gone":
            file.unlink()
        case "moved":
            file.rename(tree / "src" / "deep" / "a.py")
    assert key(tree, *(["word"] if change == "word" else [])) != before


def test_words_do_not_run_together(tree: Path) -> None:
    assert key(tree, "ab", "c") != key(tree, "a", "bc")


def test_what_use_leaves_behind_does_not_count(tree: Path) -> None:
    before = key(tree)
    (tree / "src" / "__pycache__").mkdir()
    (tree / "src" / "__pycache__" / "a.pyc").write_bytes(b"x")
    (tree / "src" / "p.egg-info").mkdir()
    (tree / "src" / "p.egg-info" / "SOURCES.txt").write_text("x")
    assert key(tree) == before
