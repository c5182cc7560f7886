"""The machine under the lab: its settings, and the caches of what is built."""

import json
from pathlib import Path

import pytest

from rocketmq_lab import builds, cgroups, host, state


@pytest.fixture
def proc(tmp_path: Path) -> Path:
    folder = tmp_path / "proc"
    for name in host.TUNABLES:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text("1\n")
    return folder


def test_settings_are_those_before_the_first_lab(proc: Path, tmp_path: Path) -> None:
    root = tmp_path / "labs"
    host.remember_tunables(root, proc)
    (proc / "kernel/panic").write_text("10\n")
    host.remember_tunables(root, proc)
    host.restore_tunables(root, proc)
    assert (proc / "kernel/panic").read_text() == "1"
    assert list(root.iterdir()) == []
    (proc / "kernel/panic").write_text("5\n")
    host.restore_tunables(root, proc)
    assert (proc / "kernel/panic").read_text() == "5\n", "nothing is remembered any more"


def test_labs_are_counted_by_their_folders(tmp_path: Path) -> None:
    assert state.names(tmp_path / "none") == []
    (tmp_path / "one").mkdir()
    (tmp_path / "host-settings.json").write_text("{}")
    assert state.names(tmp_path) == ["one"]


def test_a_machine_without_a_setting_is_fine(proc: Path, tmp_path: Path) -> None:
    (proc / "kernel/panic").unlink()
    host.remember_tunables(tmp_path / "labs", proc)
    assert "kernel/panic" not in json.loads((tmp_path / "labs" / "host-settings.json").read_text())


@pytest.fixture
def program(tmp_path: Path) -> builds.GoProgram:
    (tmp_path / "go.mod").write_text("module x\n")
    (tmp_path / "main.go").write_text("package main\n")
    return builds.GoProgram("x", tmp_path, "building x")


def test_a_build_is_known_by_its_inputs(program: builds.GoProgram) -> None:
    first = builds.digest(program, "go1.26")
    assert builds.digest(program, "go1.26") == first
    assert builds.digest(program, "go1.27") != first
    (program.folder / "notes.md").write_text("no input")
    (program.folder / "main_test.go").write_text("no input either")
    assert builds.digest(program, "go1.26") == first
    (program.folder / "sub").mkdir()
    (program.folder / "sub" / "more.go").write_text("package sub\n")
    second = builds.digest(program, "go1.26")
    assert second != first
    (program.folder / "sub" / "more.go").rename(program.folder / "sub" / "less.go")
    assert builds.digest(program, "go1.26") not in (first, second)


def test_the_cache_follows_the_users_setting(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert builds.cache_root() == tmp_path / "rocketmq-operator"
    monkeypatch.delenv("XDG_CACHE_HOME")
    assert builds.cache_root() == Path.home() / ".cache" / "rocketmq-operator"


def test_an_empty_cpuset_takes_over_its_parents(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "cpuset.cpus").write_text("0-1\n")
    (tmp_path / "lab").mkdir()
    (tmp_path / "lab" / "cpuset.cpus").write_text("\n")
    monkeypatch.setattr(cgroups, "ROOT", tmp_path)
    monkeypatch.setattr(cgroups, "trees", lambda: [tmp_path])
    cgroups.make("lab")
    assert (tmp_path / "lab" / "cpuset.cpus").read_text() == "0-1\n"


def test_an_empty_branch_goes_with_what_it_hung_on(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(cgroups, "trees", lambda: [tmp_path])
    cgroups.make("labs/one/node1/daemons")
    cgroups.make("labs/two")
    cgroups.remove("labs/one")
    assert [path.name for path in (tmp_path / "labs").iterdir()] == ["two"]
    cgroups.remove("labs/two")
    assert list(tmp_path.iterdir()) == []
