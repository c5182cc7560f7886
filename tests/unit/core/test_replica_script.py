"""How a slave's script begins a copy: what it asks, what it writes, and when it would rather wait."""

import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from .entry import Pod
from .master import FILE, Master, record


@pytest.fixture
def master() -> Iterator[Master]:
    with Master().listening() as made:
        yield made


@pytest.fixture
def pod(tmp_path: Path, master: Master) -> Pod:
    """A slave of an opened group; its master's port serves as a name server that listens."""
    made = Pod(tmp_path)
    made.conf += f"mappedFileSizeCommitLog={FILE}\n"
    made.master = master.address
    made.intent |= {"nameServers": master.address, "initialized": "true"}
    return made


def waits(pod: Pod, words: str, seconds: float = 2) -> bool:
    """Whether the script says so while it waits; on a busy machine it gets more time to say it."""
    for times in (1, 4, 15):
        with pytest.raises(subprocess.TimeoutExpired) as told:
            pod.start(member=1, seconds=seconds * times)
        if words in (told.value.stdout or b"").decode():
            return True
    return False


def log_files(pod: Pod) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in (pod.store / "commitlog").glob("*")}


def left(pod: Pod) -> set[str]:
    return {path.name for path in pod.store.iterdir()}


@pytest.mark.parametrize("size", [100, 300, 40_000])
def test_a_slave_with_nothing_starts_with_the_first_record_of_its_master(pod: Pod, master: Master, size: int) -> None:
    master.records[master.low] = record(master.low, size)
    run = pod.start(member=1)
    assert run.returncode == 0, run.stderr
    wanted = record(3 * FILE, size)
    assert log_files(pod) == {f"{3 * FILE:020d}": wanted + bytes(FILE - size)}
    assert left(pod) == {".rocketmq-operator", "abort", "commitlog"}
    assert "is being copied" in run.stdout
    assert not list((pod.root / "var/lib/rocketmq/run").glob("master-*"))


def test_a_record_with_a_long_topic_is_one_too(pod: Pod, master: Master) -> None:
    master.records[master.low] = record(master.low, magic=0xDAA320AB)
    assert pod.start(member=1).returncode == 0
    assert len(log_files(pod)) == 1


def test_nothing_is_written_where_the_master_holds_nothing(pod: Pod, master: Master) -> None:
    for master.low, master.high in ((-1, 0), (0, 0), (FILE, FILE)):
        assert pod.start(member=1).returncode == 0
        assert log_files(pod) == {} and 33 not in master.asked


@pytest.mark.parametrize(
    "spoilt",
    [
        b"",
        b"short",
        record(3 * FILE, magic=0xCBD43194),
        record(0),
        record(3 * FILE)[:-1],
        record(3 * FILE) + b"x",
        record(3 * FILE, FILE - 4),
    ],
)
def test_what_is_no_first_record_is_never_taken(pod: Pod, master: Master, spoilt: bytes) -> None:
    master.records[master.low] = spoilt
    assert waits(pod, f"what it gave is not the record at {3 * FILE}")
    assert log_files(pod) == {} and "abort" not in left(pod)


def test_an_answer_that_breaks_off_is_asked_for_again(pod: Pod, master: Master) -> None:
    master.cut = 10
    assert waits(pod, "does not answer", seconds=6)
    assert master.asked.count(26) > 1


def test_another_broker_at_the_masters_address_gives_nothing(pod: Pod, master: Master) -> None:
    master.name = "broker-1"
    assert waits(pod, "is not the master of broker-0")
    assert 33 not in master.asked


def test_log_files_of_another_size_are_refused(pod: Pod, master: Master) -> None:
    master.file_size = 2 * FILE
    assert pod.start(member=1).returncode == 64
    assert pod.last_words.startswith("LogFileSizeDiffers: ")
    assert "mappedFileSizeCommitLog" in pod.last_words


def test_a_half_seed_of_a_crash_is_no_seed(pod: Pod) -> None:
    (pod.store / ".seed").mkdir(parents=True)
    (pod.store / ".seed" / f"{3 * FILE:020d}").write_bytes(b"half")
    assert pod.start(member=1).returncode == 0
    assert log_files(pod)[f"{3 * FILE:020d}"].startswith(record(3 * FILE))
    assert ".seed" not in left(pod)


def copy(pod: Pod, *starts: int) -> None:
    """A copy that was made before, with files ahead of their use, settings and queues."""
    for folder in ("commitlog", "config", "consumequeue"):
        (pod.store / folder).mkdir(parents=True)
    (pod.store / ".rocketmq-operator").write_text("uid-1\n0\n1\n1\n")
    (pod.store / "config/topics.json").write_text("{}")
    for start in starts:
        (pod.store / f"commitlog/{start:020d}").write_bytes(record(start) + bytes(FILE - 300))
    for ahead in (FILE, 2 * FILE):
        (pod.store / f"commitlog/{max(starts) + ahead:020d}").write_bytes(bytes(FILE))


def test_a_copy_that_has_a_place_in_its_masters_log_is_left_alone(pod: Pod) -> None:
    copy(pod, 2 * FILE, 3 * FILE)
    before = log_files(pod)
    assert pod.start(member=1).returncode == 0
    assert log_files(pod) == before and (pod.store / "consumequeue").exists()


def test_a_copy_that_its_master_left_behind_is_made_anew(pod: Pod) -> None:
    copy(pod, FILE, 2 * FILE)
    run = pod.start(member=1)
    assert run.returncode == 0 and "can never catch up" in run.stdout
    assert list(log_files(pod)) == [f"{3 * FILE:020d}"]
    assert left(pod) == {".rocketmq-operator", "abort", "commitlog", "config"}
    assert (pod.store / "config/topics.json").exists()


def test_a_master_that_cannot_say_yet_is_asked_again(pod: Pod, master: Master) -> None:
    copy(pod, FILE, 2 * FILE)
    master.mute = 2
    run = pod.start(member=1)
    assert run.returncode == 0 and "can never catch up" in run.stdout


def test_a_copy_that_is_ahead_of_its_master_is_never_emptied(pod: Pod, master: Master) -> None:
    copy(pod, 9 * FILE)
    before = log_files(pod)
    for master.low, master.high in ((-1, 0), (0, 0), (0, 100), (3 * FILE, 4 * FILE)):
        assert pod.start(member=1).returncode == 0
        assert log_files(pod) == before


def test_files_without_a_record_are_nothing(pod: Pod) -> None:
    copy(pod, 0)
    (pod.store / f"commitlog/{0:020d}").write_bytes(bytes(FILE))
    assert pod.start(member=1).returncode == 0
    assert list(log_files(pod)) == [f"{3 * FILE:020d}"]


def test_copied_files_get_the_time_of_what_is_in_them(pod: Pod) -> None:
    """A minute after the first record of the next file; the last ones, and what has its right time, are left alone."""
    copy(pod, 2 * FILE, 3 * FILE, 4 * FILE, 5 * FILE)
    folder, now = pod.store / "commitlog", int(time.time())
    stored = {2: now - 400_000, 3: now - 300_000, 4: now - 200_000, 5: now - 30}
    for number, seconds in stored.items():
        text = record(number * FILE, stored_ms=seconds * 1000 + 999, v6=number == 4)
        (folder / f"{number * FILE:020d}").write_bytes(text + bytes(FILE - len(text)))
    pod.runs_on(4)
    pod.start(member=1)
    times = [int((folder / f"{number * FILE:020d}").stat().st_mtime) for number in range(2, 7)]
    assert times[:2] == [now - 300_000 + 60, now - 200_000 + 60]
    assert all(abs(each - now) < 20 for each in times[2:])


def test_a_master_never_takes_a_seed(pod: Pod, master: Master) -> None:
    pod.intent["initialized"] = "false"
    assert pod.start(member=0).returncode == 0
    assert master.asked == []


def test_the_master_is_found_under_its_stable_name(pod: Pod) -> None:
    pod.master = ""
    assert waits(pod, "does not answer on c-0-0.c-broker.ns.svc.cluster.local:10911")
