"""Simulated servers keep to what was run on real ones (the facts are those of docs and ROCKETMQ's own code)."""

import asyncio
from typing import Any

import pytest

from . import calm
from .driver.history import History
from .invariants.copies import leaves_a_copy
from .world import internal
from .world.kernel import Violation
from .world.ledger import Batch
from .world.store import FILE, Store

FENCE = {"startAcceptSendRequestTimeStamp": "4102444800000"}


def test_a_lost_volume_is_reported() -> None:
    """The control: a wiped store with an acknowledged, unread message must end the history."""

    async def test(history: History) -> None:
        calm.topic(history, "topic-0", "c-0-0")
        assert calm.send(history, "c-0-0", "topic-0", ("readers",)) == [0]
        history.watchdog.look()
        assert not history.kernel.failed.done()
        for volume in history.world.volumes.all.values():
            volume.gone = True
        history.watchdog.look()

    with pytest.raises(Violation, match="nothing-acknowledged-is-lost"):
        calm.run(test, membersPerGroup=1)


def test_a_copy_on_a_slave_is_not_lost_and_what_was_read_may_go() -> None:
    async def test(history: History) -> None:
        calm.topic(history, "topic-0", "c-0-0")
        codes = calm.send(history, "c-0-0", "topic-0", ("readers",))
        await asyncio.sleep(2)
        assert codes == [0]
        for volume in history.world.volumes.all.values():
            volume.gone = volume.name.endswith("c-0-0")
        history.watchdog.look()
        assert not history.kernel.failed.done()
        for batch in list(history.world.ledger.unread.values()):
            history.world.ledger.consumed(batch, "readers")
        for volume in history.world.volumes.all.values():
            volume.gone = True
        history.watchdog.look()

    calm.run(test)


def test_sync_waits_for_a_slave_and_follows_the_live_setting() -> None:
    async def test(history: History) -> None:
        calm.topic(history, "topic-0", "c-0-0")
        calm.broker(history, "c-0-1").lagging_until = 1e9
        codes = calm.send(history, "c-0-0", "topic-0")
        assert codes == []
        await asyncio.sleep(4)
        assert codes == [12]
        calm.broker(history, "c-0-0").configure({"inSyncReplicas": "1"})
        assert calm.send(history, "c-0-0", "topic-0") == [0]

    calm.run(test, replicationMode="SYNC")


def test_a_closed_permission_stops_only_order_topics_and_the_fence_stops_all() -> None:
    async def test(history: History) -> None:
        master = calm.broker(history, "c-0-0")
        calm.topic(history, "topic-0", "c-0-0")
        master.configure({"brokerPermission": "4"})
        assert calm.send(history, "c-0-0", "topic-0") == [0]
        await asyncio.sleep(1)
        routes = [server.routes["broker-0"]["topic-0"][2] for server in history.world.rocketmq.name_servers()]
        assert routes == [4, 4]
        master.store.topics["topic-0"] = type(master.store.topics["topic-0"])(name="topic-0", order=True)
        assert calm.send(history, "c-0-0", "topic-0") == [16]
        history.operators[0].kill()
        master.configure(FENCE | {"brokerPermission": "6"})
        assert calm.send(history, "c-0-0", "topic-0") == [1]

    calm.run(test, membersPerGroup=1)


def test_what_was_set_live_is_gone_with_the_process() -> None:
    async def test(history: History) -> None:
        history.operators[0].kill()
        await asyncio.sleep(90)
        calm.broker(history, "c-0-0").configure({"inSyncReplicas": "1", **FENCE})
        history.world.kubelets.restart(history.world.kubelets.pods["ns", "c-0-0"])
        await asyncio.sleep(12)
        master = calm.broker(history, "c-0-0")
        assert master.config["inSyncReplicas"] == "2"
        assert int(master.config["startAcceptSendRequestTimeStamp"]) - history.kernel.milliseconds() < 30_000

    calm.run(test, replicationMode="SYNC")


def test_an_empty_slave_copies_only_the_last_file_unless_its_script_seeds_it() -> None:
    async def test(history: History) -> None:
        history.operators[0].kill()
        calm.topic(history, "topic-0", "c-0-0")
        for _ in range(FILE * 2 + 3):
            calm.send(history, "c-0-0", "topic-0")
        await asyncio.sleep(5)
        master = calm.broker(history, "c-0-0").store
        pod = history.world.kubelets.pods["ns", "c-0-1"]
        for initialized, least in (("false", FILE * 2), ("true", 0)):
            pod.intent["initialized"] = initialized
            pod.volumes["brokerstore"].store = fresh = type(master)()
            history.world.kubelets.restart(pod)
            await asyncio.sleep(60)
            assert (fresh.base, fresh.end) == (least, master.end)

    calm.run(test, replicationMode="ASYNC")


def test_a_volume_of_an_earlier_life_is_emptied_or_refused() -> None:
    async def test(history: History) -> None:
        history.operators[0].kill()
        await asyncio.sleep(100)
        pod = history.world.kubelets.pods["ns", "c-0-1"]
        for previous, life in (("forced", "1"), ("drained", "2")):
            pod.intent |= {"life": "2", "previousLife": previous, "initialized": "false"}
            history.world.kubelets.restart(pod)
            await asyncio.sleep(20)
            assert pod.volumes["brokerstore"].stamp[3] == life
        assert history.kernel.seen["entry/VolumeOfEarlierLife"]

    calm.run(test)


def test_wiped_write_permission_lasts_until_the_topic_changes() -> None:
    async def test(history: History) -> None:
        calm.topic(history, "topic-0", "c-0-0")
        calm.topic(history, "topic-1", "c-0-0")
        server = next(history.world.rocketmq.name_servers())
        assert server.wipe("broker-0") > 2
        await asyncio.sleep(60)
        calm.topic(history, "topic-1", "c-0-0")
        assert [server.routes["broker-0"][name][2] for name in ("topic-0", "topic-1")] == [4, 6]

    calm.run(test)


def test_a_restarted_name_server_knows_nothing_until_brokers_register() -> None:
    async def test(history: History) -> None:
        pod = history.world.kubelets.pods["ns", "names-ns-0"]
        history.operators[0].kill()
        history.world.kubelets.restart(pod)
        await asyncio.sleep(0.6)
        for _ in range(20):
            if pod.process is not None and pod.process.listening:
                break
            await asyncio.sleep(0.5)
        empty = dict(pod.process.table)
        await asyncio.sleep(31)
        assert "broker-0" not in empty or len(empty["broker-0"]) < 2
        assert len(pod.process.table["broker-0"]) == 2

    calm.run(test)


def test_a_vanished_broker_is_listed_until_its_registration_expires() -> None:
    async def test(history: History) -> None:
        pod = history.world.kubelets.pods["ns", "c-0-1"]
        assert pod.node is not None
        servers = [each for each in history.world.rocketmq.name_servers() if each.pod.node is not pod.node]
        history.world.nodes.vanish(pod.node)
        await asyncio.sleep(60)
        assert all(1 in each.cluster_info().brokers["broker-0"].addresses for each in servers)
        await asyncio.sleep(70)
        assert all(1 not in each.cluster_info().brokers["broker-0"].addresses for each in servers)

    calm.run(test)


def test_delayed_and_half_messages_are_written_though_fenced() -> None:
    async def test(history: History) -> None:
        calm.topic(history, "topic-0", "c-0-0")
        history.operators[0].kill()
        master = calm.broker(history, "c-0-0")
        batch = history.world.ledger.sent("topic-0", 1, ())
        for kind in ("delay", "half", "timer"):
            master.send(batch, "topic-0", 0, lambda code: None, 10.0, kind)
        assert master.store.queues.get(("topic-0", 0)) is None
        master.configure(FENCE)
        await asyncio.sleep(45)
        assert master.store.queues["topic-0", 0] == (0, 3)

    calm.run(test)


def test_a_process_that_has_ended_takes_no_message() -> None:
    """It shares its volume with the one that runs now, which would never deliver what it was not told of."""

    async def test(history: History) -> None:
        calm.topic(history, "topic-0", "c-0-0")
        before = calm.broker(history, "c-0-0")
        history.world.kubelets.restart(before.pod)
        await asyncio.sleep(25)
        codes: list[int] = []
        before.send(history.world.ledger.sent("topic-0", 1, ()), "topic-0", 0, codes.append, 10.0, "timer")
        now = calm.broker(history, "c-0-0")
        assert now.listening and now.store is before.store
        assert codes == [] and internal.timers(now) == {}

    calm.run(test)


def test_copied_files_hold_queues_whose_messages_have_expired() -> None:
    """A copy whose queue began anew at 0 would hide new messages from readers that are further on."""
    store = Store()
    gone = Batch(1, "topic-0", 3, frozenset(), 0.0)
    store.append(gone, "topic-0", 0)
    for _ in range(FILE):
        store.append(Batch(2, "topic-1", 1, frozenset(), 0.0), "topic-1", 0)
    store.expire(1)
    copy = store.clone()
    assert copy.queues == store.queues and copy.queues["topic-0", 0] == (3, 3)
    assert copy.append(gone, "topic-0", 0).offset == 3


def test_a_log_that_never_had_a_message_of_a_queue_does_not_reach_one_that_had() -> None:
    """Slaves that began when all of them had expired: their files would begin that queue anew at 0."""
    master, slave = Store(), Store()
    master.append(Batch(1, "topic-0", 3, frozenset(), 0.0), "topic-0", 0)
    for _ in range(FILE):
        master.append(Batch(2, "topic-1", 1, frozenset(), 0.0), "topic-1", 0)
    master.expire(1)
    slave.start_at(master.base)
    slave.copy_from(master, 2 * FILE)
    assert (slave.base, slave.end) == (master.base, master.end)
    assert not slave.reaches(master) and master.reaches(slave) and master.clone().reaches(master)


@pytest.mark.parametrize(("ago", "last"), [(5, False), (40, True)])
def test_what_is_delivered_late_counts_as_missing_once_a_look_could_see_it(ago: int, last: bool) -> None:
    """A slave was cut off while the look was under way that found it a full copy, and its master delivered what was sent long ago."""

    async def test(history: History) -> None:
        await asyncio.sleep(120)
        now = history.kernel.now()
        master, staying, leaving = (calm.broker(history, f"c-0-{member}").store for member in range(3))
        for seconds in (100, *[ago] * 6):
            batch = Batch(history.kernel.number(), "topic-0", 1, frozenset(), now - 100)
            master.append(batch, "topic-0", 0, now=history.kernel.milliseconds() - seconds * 1000)
        staying.copy_from(master, 1)
        leaving.copy_from(master, 7)
        body: dict[str, Any] = {"spec": {"replicas": 2}}
        told = leaves_a_copy(history.world, "patch", "statefulsets", ("ns", "c-0"), body)
        assert told == ("c-0-2 is taken, which is the last full copy" if last else None)

    calm.run(test, membersPerGroup=3)
