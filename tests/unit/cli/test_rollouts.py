"""Commands that look at a rollout, hold it, take it back, let it go on."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from rocketmq_operator.cli import changes, history, progress, rollouts, undo
from rocketmq_operator.cli.access import Access
from rocketmq_operator.cli.frame import Refused
from rocketmq_operator.cli.observe import Seen, look, named
from rocketmq_operator.core import names
from tests.unit.core.names_world import NamesWorld
from tests.unit.core.rollout.rolling import Rolling
from tests.unit.reconcile.memory import MemoryKube

from .server import of_cluster, of_servers

AT = "2026-11-26T00:00:00Z"


def halfway(**spec: Any) -> Rolling:
    """A rollout in whose midst a slave of the first group has restarted."""
    world = Rolling(**spec)
    world.world.edit(brokerImage="other")
    while not world.taken or "c-0-1" not in world.world.brokers:
        world.second()
    world.pass_seconds(1)
    return world


async def seen(kube: Any, name: str = "c") -> Seen:
    return await look(kube, named(name, "brokercluster", "ns"))


def notes(kube: MemoryKube, kind: str = "BrokerCluster", name: str = "c") -> dict[str, str]:
    found: dict[str, str] = kube.find(kind, name)["metadata"]["annotations"]
    return found


async def refused(act: Callable[[Seen], Awaitable[str]], kube: MemoryKube, words: str) -> None:
    with pytest.raises(Refused, match=words):
        await act(await seen(kube))
    assert kube.writes == []


async def test_history_says_what_each_revision_changed() -> None:
    found = history.entries(await seen(of_cluster(halfway())))
    assert [(each.revision, each.complete, each.current, each.asked) for each in found] == [
        (2, False, True, True),
        (1, True, False, False),
    ]
    assert [change.words() for change in found[0].changes] == ["image apache/rocketmq:5.4.0 -> other"]
    assert history.table(found).row_count == 2


async def test_the_content_of_one_revision() -> None:
    there = await seen(of_cluster(halfway()))
    assert "brokerImage: other" in history.content_text(history.of_number(there, 2))
    with pytest.raises(Refused, match="no revision 7; there are: 1, 2"):
        history.of_number(there, 7)


async def test_undo_goes_back_as_the_operator_understands_it() -> None:
    world = halfway()
    kube: Any = of_cluster(world)
    said = await undo.go_back(kube, await seen(kube), None)
    assert "revision 1" in said and "in this order: c-0-1\n" in said and "not edited" in said
    there = await seen(kube)
    assert there.target.undone and there.target.content.spec["brokerImage"] == "apache/rocketmq:5.4.0"
    world.world.annotate(**{names.RUN_REVISION: notes(kube)[names.RUN_REVISION]})
    world.taken.clear()
    world.pass_seconds(120)
    assert world.taken == ["c-0-1"]
    found = history.entries(await seen(of_cluster(world)))
    assert [(each.current, each.asked) for each in found] == [(True, False), (False, True)]
    said = await undo.forget(kube, await seen(kube))
    assert "taken back" in said and names.RUN_REVISION not in notes(kube)


async def test_undo_says_why_it_cannot() -> None:
    kube: Any = of_cluster(halfway())
    await refused(lambda there: undo.go_back(kube, there, 9), kube, "there are: 1, 2")
    await refused(lambda there: undo.go_back(kube, there, 2), kube, "is to run already")
    await refused(lambda there: undo.forget(kube, there), kube, "no undo is in force")
    fresh: Any = of_cluster(Rolling())
    await refused(lambda there: undo.go_back(fresh, there, None), fresh, "no other revision that ran everywhere")


async def test_pause_and_resume() -> None:
    kube: Any = of_cluster(Rolling())
    access = Access(kube, "ns", "o")
    await refused(lambda there: rollouts.hold(access, there, False), kube, "not paused")
    await rollouts.hold(access, await seen(kube), True)
    assert notes(kube) == {names.ROLLOUT_PAUSED: "true"}
    kube.writes.clear()
    await refused(lambda there: rollouts.hold(access, there, True), kube, "paused already")
    await rollouts.hold(access, await seen(kube), False)
    assert notes(kube) == {}


async def test_promotion_of_a_canary() -> None:
    kube: Any = of_cluster(Rolling())
    await refused(lambda there: changes.accept(kube, there), kube, "spec.rollout.canary is not set")
    kube = of_cluster(Rolling(rollout={"canary": {}}))
    await refused(lambda there: changes.accept(kube, there), kube, "no group waits")
    world = halfway(rollout={"canary": {}})
    kube = of_cluster(world)
    await refused(lambda there: changes.accept(kube, there), kube, "nothing to promote yet")
    world.pass_seconds(100)
    kube = of_cluster(world)
    assert "broker-1 may follow broker-0" in await changes.accept(kube, await seen(kube))
    world.world.annotate(**notes(kube))
    world.pass_seconds(150)
    assert len(world.taken) == 4


async def test_restarts_of_all_of_a_group_and_of_a_pod() -> None:
    kube: Any = of_cluster(Rolling())
    said = await changes.ask(kube, await seen(kube), None, None, AT)
    assert "c-0-1, c-0-0, c-1-1, c-1-0" in said and notes(kube) == {names.RESTART: AT}
    kube = of_cluster(Rolling())
    assert "in this order: c-1-1, c-1-0\n" in await changes.ask(kube, await seen(kube), 1, None, AT)
    assert notes(kube, "StatefulSet", "c-1")[names.RESTART] == AT
    kube = of_cluster(Rolling())
    assert "in this order: c-0-1\n" in await changes.ask(kube, await seen(kube), None, "c-0-1", AT)


async def test_a_restart_names_what_there_is() -> None:
    kube: Any = of_cluster(Rolling())
    await refused(lambda there: changes.ask(kube, there, 7, None, AT), kube, "there are: 0, 1")
    await refused(lambda there: changes.ask(kube, there, None, "x", AT), kube, "there are: c-0-0")
    await refused(lambda there: changes.ask(kube, there, 0, "c-0-0", AT), kube, "one of")


async def test_name_servers_too() -> None:
    servers = NamesWorld(2)
    servers.settle()
    kube: Any = of_servers(servers)
    there = await seen(kube, "nameserver/n")
    assert progress.standing(there).done and [each.revision for each in history.entries(there)] == [1]
    assert "n-ns-1, n-ns-0" in await changes.ask(kube, there, None, None, AT)
    with pytest.raises(Refused, match="no groups"):
        await changes.ask(kube, there, 0, None, AT)
    with pytest.raises(Refused, match="no canary"):
        await changes.accept(kube, there)


async def test_status_tells_how_far_it_is(capsys: pytest.CaptureFixture[str]) -> None:
    world = halfway()
    found = progress.standing(await seen(of_cluster(world)))
    assert found.state == "Rolling" and found.message.startswith("ImageChanged: 1 of 4 brokers")
    assert {each.pod for each in found.pods if each.revision == found.revision} == {"c-0-1"}

    async def looked() -> Seen:
        world.pass_seconds(20)
        return await seen(of_cluster(world))

    await rollouts.until_done(looked, 0.0)
    assert progress.standing(await seen(of_cluster(world))).done
    told = capsys.readouterr().out
    assert told.count("Rolling") > 2


async def test_watching_ends_when_it_halts() -> None:
    world = Rolling()
    world.world.edit(brokerImage="bad", rollout={"stepTimeoutSeconds": 30})
    world.bad = {world.second().status.revision}
    world.pass_seconds(130)

    async def looked() -> Seen:
        return await seen(of_cluster(world))

    with pytest.raises(Refused, match="c-0-1 is not ready"):
        await rollouts.until_done(looked, 0.0)
