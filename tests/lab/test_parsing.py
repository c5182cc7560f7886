"""What the lab reads: /proc, its own state, DNS answers, mount suggestions."""

import os
import struct
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rocketmq_lab import cli, dns, mounts, processes, state
from rocketmq_lab.controlplane import ready_nodes, renewed_nodes
from rocketmq_lab.layout import Layout
from rocketmq_lab.processes import Processes, read_stat
from rocketmq_lab.volumes import NODE_LABEL

MOUNTINFO = """\
22 1 254:0 / / rw,relatime - ext4 /dev/vda rw
40 22 0:35 / /run/lab/a rw - tmpfs tmpfs rw
41 40 0:36 / /run/lab/a/with\\040space rw shared:3 - tmpfs tmpfs rw
42 22 0:37 / /run/lab/ab rw - tmpfs tmpfs rw
"""


def test_mount_points_are_decoded_and_found_below_a_folder_latest_first() -> None:
    points = mounts.parse(MOUNTINFO)
    assert mounts.below(Path("/run/lab/a"), points) == [Path("/run/lab/a/with space"), Path("/run/lab/a")]
    assert mounts.below(Path("/nowhere"), points) == []


@settings(deadline=None)
@given(st.text(st.characters(exclude_characters="\n\0", codec="utf-8"), min_size=1, max_size=15))
def test_a_process_name_cannot_confuse_the_reader_of_stat(name: str) -> None:
    fields = " ".join(str(number) for number in range(4, 53))
    assert processes.parse_stat(f"17 ({name}) S {fields}") == processes.Stat(state="S", started=22)


def test_a_recorded_id_counts_only_with_its_start_time(tmp_path: Path) -> None:

    layout = Layout("x", 211, tmp_path / "state", tmp_path / "run")
    table = Processes(layout)
    records = layout.run / "processes"
    records.mkdir(parents=True)
    mine = read_stat(os.getpid())
    assert mine is not None
    (records / "node1.mine").write_text(f'{{"pid": {os.getpid()}, "started": {mine.started}}}')
    (records / "node1.other").write_text(f'{{"pid": {os.getpid()}, "started": {mine.started - 1}}}')
    (records / "node2.torn").write_text('{"pid": ')
    assert table.pid("node1.mine") == os.getpid()
    assert table.pid("node1.other") is None
    assert table.pid("node2.torn") is None
    assert table.pid("node2.never") is None
    assert table.recorded("node1") == ["node1.mine", "node1.other"]
    table.end("node1.other", grace=0.0)
    assert table.recorded() == ["node1.mine", "node2.torn"]


def test_records_of_the_dead_are_dropped_before_a_start(tmp_path: Path) -> None:
    layout = Layout("x", 211, tmp_path / "state", tmp_path / "run")
    table, records = Processes(layout), layout.run / "processes"
    records.mkdir(parents=True)
    mine = read_stat(os.getpid())
    assert mine is not None
    for name, started in (("node1.mine", mine.started), ("node1.dead", mine.started - 1), ("node2.dead", 1)):
        (records / name).write_text(f'{{"pid": {os.getpid()}, "started": {started}}}')
    assert table.forget_dead("node1") == ["node1.dead"]
    assert table.recorded() == ["node1.mine", "node2.dead"]


def test_a_run_folder_belongs_to_one_start_of_the_machine(tmp_path: Path) -> None:
    layout = Layout("x", 211, tmp_path / "state", tmp_path / "run")
    current = tmp_path / "boot_id"
    current.write_text("one\n")
    boot = state.Boot(layout, current)
    assert not boot.is_another()  # nothing there yet
    layout.run.mkdir(parents=True)
    assert boot.is_another()  # made by nobody knows which
    boot.remember()
    assert not boot.is_another()
    current.write_text("two\n")
    assert boot.is_another()


def test_state_is_read_back(tmp_path: Path) -> None:
    layout = Layout("x", 217, tmp_path)
    state.save(layout, state.State(number=217, nodes=2))
    assert state.load("x", tmp_path) == state.State(number=217, nodes=2)
    assert state.load("y", tmp_path) is None


@pytest.mark.parametrize("text", ["", "{", "[]", "3", '{"number": 1}', '{"number": "x", "nodes": 1}'])
def test_a_torn_state_is_no_state(text: str, tmp_path: Path) -> None:
    with pytest.raises(ValueError):
        state.parse(text)
    (tmp_path / "x").mkdir()
    (tmp_path / "x" / "state.json").write_text(text)
    assert state.load("x", tmp_path) is None


def test_marks_are_set_and_cleared_by_node(tmp_path: Path) -> None:
    marks = state.Marks(Layout("x", 211, tmp_path, tmp_path))
    marks.set("killed", "node1")
    marks.set("cut", "node2")
    assert marks.has("killed", "node1") and not marks.has("killed", "node2")
    marks.clear("node1")
    assert not marks.has("killed", "node1") and marks.has("cut", "node2")


def test_a_dns_question_is_well_formed() -> None:
    message = dns.question("kubernetes.default", 0x1234)
    assert message == (b"\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\x0akubernetes\x07default\x00\x00\x01\x00\x01")


@pytest.mark.parametrize(
    ("identifier", "flags", "answers", "good"),
    [
        (7, 0x8180, 1, True),
        (8, 0x8180, 1, False),  # the reply to another question
        (7, 0x8183, 0, False),  # no such name
        (7, 0x8182, 1, False),  # server failure
        (7, 0x8180, 0, False),  # no address
        (7, 0x0100, 1, False),  # a question
    ],
)
def test_only_a_good_reply_counts(identifier: int, flags: int, answers: int, good: bool) -> None:
    assert dns.has_answer(struct.pack(">6H", identifier, flags, 1, answers, 0, 0), 7) is good
    assert dns.has_answer(b"short", 7) is False


def node(name: str, ready: str, volumes: bool) -> dict[str, object]:
    labels = {NODE_LABEL: name} if volumes else {}
    return {
        "metadata": {"name": name, "labels": labels},
        "status": {"conditions": [{"type": "MemoryPressure", "status": "False"}, {"type": "Ready", "status": ready}]},
    }


def test_a_node_counts_when_it_is_ready_and_has_volumes() -> None:
    items = [node("a", "True", True), node("b", "Unknown", True), node("c", "True", False)]
    unborn = {"metadata": {"name": "d"}, "status": {}}
    assert ready_nodes({"items": [*items, unborn]}) == {"a"}


def test_only_a_sign_of_life_after_the_start_counts() -> None:
    since = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
    times = {"old": "2026-01-02T03:04:04.999999Z", "new": "2026-01-02T03:04:05.000001Z"}
    items = [{"metadata": {"name": name}, "spec": {"renewTime": time}} for name, time in times.items()]
    unborn = {"metadata": {"name": "unborn"}, "spec": {}}
    assert renewed_nodes({"items": [*items, unborn]}, since) == {"new"}


def test_errors_are_said_without_a_traceback(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("LAB_NAME", "Not A Name")
    assert cli.main(["kubeconfig"]) == 1
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith("lab: LAB_NAME='Not A Name'")


@pytest.mark.parametrize("arguments", [[], ["up", "--nodes", "4"], ["node", "hug", "node1"], ["load"]])
def test_wrong_arguments_are_refused(arguments: list[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        cli.main(arguments)
    assert SimpleNamespace(code=caught.value.code) == SimpleNamespace(code=2)
