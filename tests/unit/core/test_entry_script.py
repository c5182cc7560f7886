"""The entry scripts themselves, run by bash: they decide what a restarting broker may do while nobody watches."""

import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from .entry import Pod

FENCED = "startAcceptSendRequestTimeStamp=4102444800000"


@pytest.fixture
def name_server() -> Iterator[str]:
    """Something that listens where a name server should."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"127.0.0.1:{server.getsockname()[1]}"


@pytest.fixture
def pod(tmp_path: Path, name_server: str) -> Pod:
    made = Pod(tmp_path)
    made.intent["nameServers"] = name_server
    return made


def test_first_start_of_a_master_is_fenced_and_stamped(pod: Pod) -> None:
    run = pod.start()
    assert run.returncode == 0, run.stderr
    lines = pod.broker_conf.splitlines()
    assert lines[:4] == ["#header", "brokerName=broker-0", "brokerId=0", "brokerRole=SYNC_MASTER"]
    assert "inSyncReplicas=2" in lines
    assert FENCED in lines
    assert "brokerIP1=c-0-0.c-broker.ns.svc.cluster.local" in lines
    assert (pod.store / ".rocketmq-operator").read_text().split() == ["uid-1", "0", "0", "1"]


def test_the_broker_reads_a_copy_with_the_same_lines(pod: Pod) -> None:
    run = pod.start()
    arguments = run.stdout.splitlines()
    copy = Path(arguments[arguments.index("-c") + 1])
    assert copy != pod.home / "conf/broker.conf"
    assert copy.read_text() == pod.broker_conf


def test_java_gets_memory_from_the_limit_and_the_users_options_whole(pod: Pod) -> None:
    arguments = pod.start().stdout.splitlines()
    assert {"-Xms400m", "-Xmx400m", "-XX:MaxDirectMemorySize=256m", "-Dwith=a space"} <= set(arguments)


@pytest.mark.parametrize(
    ("limit", "direct", "threads"), [(300, 105, 2), (700, 245, 2), (1024, 256, 4), (2048, 512, 8), (16384, 4096, 16)]
)
def test_threads_that_store_fit_the_direct_memory(pod: Pod, limit: int, direct: int, threads: int) -> None:
    """Each keeps a buffer of 4 MiB; from 700 Mi on all that a broker can have at work at once (about 48 others) fit."""
    pod.memory_mib = limit
    assert f"-XX:MaxDirectMemorySize={direct}m" in pod.start().stdout.splitlines()
    assert f"\nendTransactionThreadPoolNums={threads}\n" in pod.broker_conf
    assert limit < 700 or (threads + 48) * 4.1 <= direct
    pod.conf += "endTransactionThreadPoolNums=3\n"
    pod.start()
    assert pod.broker_conf.count("endTransactionThreadPoolNums=") == 1


def test_a_slave_has_its_id_and_no_fence(pod: Pod) -> None:
    pod.start(member=1)
    assert "brokerRole=SLAVE" in pod.broker_conf
    assert "brokerId=1" in pod.broker_conf
    assert "startAcceptSendRequestTimeStamp" not in pod.broker_conf
    assert "inSyncReplicas" not in pod.broker_conf


def test_a_users_in_sync_replicas_stands(pod: Pod) -> None:
    pod.conf += "inSyncReplicas=3\n"
    pod.start()
    assert [line for line in pod.broker_conf.splitlines() if line.startswith("inSync")] == ["inSyncReplicas=3"]


def test_proven_volume_of_an_opened_group_opens_by_itself(pod: Pod) -> None:
    pod.start()
    pod.write_messages()
    pod.intent["initialized"] = "true"
    before = time.time() * 1000
    pod.start()
    fence = next(line for line in pod.broker_conf.splitlines() if line.startswith("startAccept"))
    opens = int(fence.partition("=")[2])
    assert before + 25_000 < opens < time.time() * 1000 + 31_000


def test_proven_volume_stays_fenced_while_its_group_is_closed(pod: Pod) -> None:
    pod.start()
    pod.intent |= {"initialized": "true", "brokerPermission": "4"}
    pod.start()
    assert FENCED in pod.broker_conf
    assert "brokerPermission=4" in pod.broker_conf


def test_empty_volume_of_an_opened_group_is_refused(pod: Pod) -> None:
    pod.intent["initialized"] = "true"
    run = pod.start()
    assert run.returncode == 64
    assert pod.last_words.startswith("VolumeLost: ")
    assert "onLostVolume" in pod.last_words
    assert not (pod.store / ".rocketmq-operator").exists()


def test_empty_volume_is_accepted_when_the_spec_says_so(pod: Pod) -> None:
    pod.intent["initialized"] = "true"
    pod.settings["ON_LOST_VOLUME"] = "StartEmpty"
    assert pod.start().returncode == 0
    assert FENCED in pod.broker_conf


def test_a_slave_may_start_empty_while_nothing_was_opened(pod: Pod) -> None:
    assert pod.start(member=1).returncode == 0


def test_a_slave_with_nothing_waits_for_its_master_once_there_are_messages(pod: Pod) -> None:
    pod.intent["initialized"] = "true"
    with pytest.raises(subprocess.TimeoutExpired) as told:
        pod.start(member=1, seconds=3)
    assert "waiting for the master to begin a copy of it" in (told.value.stdout or b"").decode()
    assert not (pod.home / "conf/broker.conf").exists()


def test_a_slave_with_messages_never_waits_for_its_master(pod: Pod) -> None:
    pod.start(member=1)
    pod.write_messages()
    pod.intent["initialized"] = "true"
    assert pod.start(member=1).returncode == 0


@pytest.mark.parametrize(("owner", "member"), [("uid-2", 0), ("uid-1", 1)])
def test_a_volume_of_another_is_refused(pod: Pod, owner: str, member: int) -> None:
    pod.store.mkdir(parents=True)
    (pod.store / ".rocketmq-operator").write_text(f"{owner}\n0\n{member}\n")
    assert pod.start().returncode == 64
    assert pod.last_words.startswith("VolumeOfAnother: ")


def test_a_volume_is_adopted_by_uid_and_only_for_the_same_member(pod: Pod) -> None:
    pod.settings["ADOPT_CLUSTER_UID"] = "uid-2"
    pod.store.mkdir(parents=True)
    stamp = pod.store / ".rocketmq-operator"
    stamp.write_text("uid-2\n0\n1\n")
    assert pod.start().returncode == 64
    stamp.write_text("uid-2\n0\n0\n")
    assert pod.start().returncode == 0
    assert stamp.read_text().split() == ["uid-1", "0", "0", "1"]
    assert FENCED in pod.broker_conf


def kept(pod: Pod, life: str | None = None, member: int = 0) -> None:
    """A volume with messages that this member left behind in an earlier or later life of its group."""
    pod.write_messages()
    (pod.store / "config").mkdir()
    (pod.store / "config/topics.json").write_text("{}")
    (pod.store / ".rocketmq-operator").write_text("\n".join(["uid-1", "0", str(member), *([life] if life else []), ""]))


@pytest.mark.parametrize("member", [0, 1])
def test_a_volume_of_a_life_that_ended_drained_is_taken_back_empty(pod: Pod, member: int) -> None:
    kept(pod, member=member)
    pod.intent |= {"life": "2", "previousLife": "drained"}
    run = pod.start(member=member)
    assert run.returncode == 0, run.stdout
    assert "emptying the volume" in run.stdout
    assert [path.name for path in pod.store.iterdir()] == [".rocketmq-operator"]
    assert (pod.store / ".rocketmq-operator").read_text().split() == ["uid-1", "0", str(member), "2"]
    assert (FENCED in pod.broker_conf) == (member == 0)


@pytest.mark.parametrize(("life", "previous"), [("2", "forced"), ("2", ""), ("3", "drained")])
def test_a_volume_of_a_life_that_ended_otherwise_is_refused(pod: Pod, life: str, previous: str) -> None:
    kept(pod)
    pod.intent |= {"life": life, "previousLife": previous}
    assert pod.start().returncode == 64
    assert pod.last_words.startswith("VolumeOfEarlierLife: ")
    assert (pod.store / "commitlog/00000000000000000000").exists()


def test_a_volume_of_a_later_life_is_anothers(pod: Pod) -> None:
    kept(pod, "3")
    pod.intent["life"] = "2"
    assert pod.start().returncode == 64
    assert pod.last_words.startswith("VolumeOfAnother: ")


def test_a_volume_of_this_life_goes_on(pod: Pod) -> None:
    kept(pod, "2")
    pod.intent |= {"life": "2", "previousLife": "drained", "initialized": "true"}
    assert pod.start().returncode == 0
    assert (pod.store / "commitlog/00000000000000000000").exists()


def test_an_earlier_lifes_volume_is_no_volume_of_a_master_with_messages(pod: Pod) -> None:
    kept(pod, "1")
    pod.intent |= {"life": "2", "previousLife": "drained", "initialized": "true"}
    assert pod.start().returncode == 64
    assert pod.last_words.startswith("VolumeLost: ")
    assert (pod.store / "commitlog/00000000000000000000").exists()


def test_members_and_copies_come_from_the_intent(tmp_path: Path, name_server: str) -> None:
    wanted = {("5.4.0", "3", "2"): "inSyncReplicas=2", ("5.4.0", "1", "1"): "inSyncReplicas=1"}
    for (version, members, copies), line in wanted.items():
        pod = Pod(tmp_path / members, version=version)
        pod.intent |= {"nameServers": name_server, "members": members, "inSyncReplicas": copies}
        pod.start()
        assert line in pod.broker_conf.splitlines()


def test_an_intent_from_before_it_had_members_still_starts(pod: Pod) -> None:
    del pod.intent["members"], pod.intent["inSyncReplicas"]
    pod.settings["MEMBERS"] = "1"
    assert pod.start().returncode == 0
    assert "inSyncReplicas=1" in pod.broker_conf
    del pod.settings["MEMBERS"]
    assert pod.start().returncode == 0
    assert "inSyncReplicas=2" in pod.broker_conf


def test_messages_without_a_stamp_are_refused(pod: Pod) -> None:
    pod.write_messages()
    assert pod.start().returncode == 64
    assert pod.last_words.startswith("VolumeUnstamped: ")
    pod.settings["ADOPT_CLUSTER_UID"] = "unstamped"
    assert pod.start().returncode == 0


def test_old_versions_get_a_list_and_new_ones_a_name(tmp_path: Path, name_server: str) -> None:
    port = name_server.partition(":")[2]
    for version, wanted in (("5.4.0", f"namesrvAddr=localhost:{port}"), ("4.9.7", f"namesrvAddr={name_server}")):
        pod = Pod(tmp_path / version, version=version)
        pod.intent |= {"nameServers": name_server, "nameServersDns": f"localhost:{port}"}
        pod.start()
        lines = pod.broker_conf.splitlines()
        assert wanted in lines
        assert ("fetchNameSrvAddrByDnsLookup=true" in lines) == (version == "5.4.0")
        assert ("inSyncReplicas=2" in lines) == (version == "5.4.0")


def test_a_single_member_of_4_9_is_never_sync(tmp_path: Path, name_server: str) -> None:
    pod = Pod(tmp_path, version="4.9.7")
    pod.intent |= {"nameServers": name_server, "members": "1"}
    pod.start()
    assert "brokerRole=ASYNC_MASTER" in pod.broker_conf


def test_java_8_gets_no_flag_that_it_lacks(tmp_path: Path, name_server: str) -> None:
    pod = Pod(tmp_path, java="1.8.0_402")
    pod.intent["nameServers"] = name_server
    arguments = pod.start().stdout.splitlines()
    assert not [each for each in arguments if each.startswith("--add-")]


def test_without_a_name_server_it_waits_and_stops_when_told(pod: Pod) -> None:
    pod.intent["nameServers"] = ""
    with pytest.raises(subprocess.TimeoutExpired):
        pod.start(seconds=2)


def test_an_image_without_rocketmq_is_named(pod: Pod) -> None:
    for jar in (pod.home / "lib").iterdir():
        jar.unlink()
    assert pod.start().returncode == 64
    assert pod.last_words.startswith("NoRocketMQ: ")


def test_a_name_server_starts_with_its_configuration(pod: Pod) -> None:
    run = pod.start(script="name-server.sh")
    assert run.returncode == 0, run.stderr
    assert "org.apache.rocketmq.namesrv.NamesrvStartup" in run.stdout


def test_class_data_is_used_where_the_image_has_it(pod: Pod) -> None:
    (pod.home / "cds").mkdir()
    (pod.home / "cds/broker.jsa").touch()
    (pod.home / "cds/classpath").write_text("a.jar:b.jar\n")
    arguments = pod.start().stdout.splitlines()
    assert f"-XX:SharedArchiveFile={pod.home}/cds/broker.jsa" in arguments
    assert arguments[arguments.index("-cp") + 1] == f"a.jar:b.jar:{pod.home}/conf"


def test_no_certificate_is_made_unless_the_user_asks_for_tls(pod: Pod) -> None:
    assert "-Dtls.server.mode=disabled" in pod.start().stdout.splitlines()
    pod.settings["JVM_OPTIONS"] = ["-Dtls.config.file=/etc/tls"]
    assert "-Dtls.server.mode=disabled" not in pod.start().stdout.splitlines()
