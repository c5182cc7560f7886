"""Troubles that staged plays make: each lasts as long as it is meant to, and hurts nobody else."""

import asyncio

import pytest

from rocketmq_operator.admin.errors import Refused, Unreachable
from rocketmq_operator.kube.resources import POD
from rocketmq_operator.remoting.bodies.metadata import TopicConfig

from . import calm
from .driver.history import History
from .driver.plot import SCENES, scene_of


def test_a_container_that_is_stuck_starts_later() -> None:
    async def test(history: History) -> None:
        pod = history.world.kubelets.pods["ns", "c-0-1"]
        pod.stuck_until = history.kernel.now() + 30
        history.world.kubelets.restart(pod)
        await asyncio.sleep(25)
        assert pod.process is None
        await asyncio.sleep(20)
        assert calm.broker(history, "c-0-1").listening

    calm.run(test)


def test_only_what_ends_again_within_minutes_starts_after_a_pause() -> None:
    async def test(history: History) -> None:
        pod = history.world.kubelets.pods["ns", "c-0-1"]
        for rest, reason in ((0, ""), (30, "CrashLoopBackOff"), (660, "")):
            await asyncio.sleep(rest)
            history.world.kubelets.restart(pod)
            assert pod.waiting[0] == reason

    calm.run(test)


def test_probes_that_fail_make_a_pod_unready_though_it_serves() -> None:
    async def test(history: History) -> None:
        pod = history.world.kubelets.pods["ns", "c-0-0"]
        history.world.kubelets.starve(pod, 10)
        await asyncio.sleep(5)
        assert not pod.is_ready and calm.broker(history, "c-0-0").listening
        await asyncio.sleep(10)
        assert pod.is_ready

    calm.run(test)


def test_a_controller_manager_that_is_away_makes_no_pod() -> None:
    async def test(history: History) -> None:
        history.world.sets.away_until = history.kernel.now() + 40
        history.world.api.delete(POD, ("ns", "c-0-1"))
        await asyncio.sleep(35)
        assert history.world.api.find("pods", ("ns", "c-0-1")) is None
        await asyncio.sleep(10)
        assert history.world.api.find("pods", ("ns", "c-0-1")) is not None

    calm.run(test)


def test_a_broker_that_is_not_heard_serves_and_a_full_one_makes_no_topic() -> None:
    async def test(history: History) -> None:
        broker, admin = calm.broker(history, "c-0-0"), history.operators[0].admin
        calm.topic(history, "topic-0", "c-0-0")
        broker.unheard_until = history.kernel.now() + 10
        codes = calm.send(history, "c-0-0", "topic-0")
        with pytest.raises(Unreachable):
            await admin.runtime(broker.address)
        await asyncio.sleep(11)
        assert codes == [0]
        broker.full_until = history.kernel.now() + 10
        with pytest.raises(Refused):
            await admin.upsert_topic(broker.address, TopicConfig(name="topic-1"))
        await asyncio.sleep(11)
        await admin.upsert_topic(broker.address, TopicConfig(name="topic-1"))

    calm.run(test)


def test_each_staged_play_comes_up_within_as_many_histories_as_there_are() -> None:
    assert {scene_of(seed).name for seed in range(len(SCENES))} == {each.name for each in SCENES}
