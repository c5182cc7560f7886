"""Volumes over random histories: never smaller, never half done, one group at a time, and always an end."""

from typing import Any

import msgspec
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from rocketmq_operator.core import quantity
from rocketmq_operator.core.facts import ClaimFact
from rocketmq_operator.core.plan import GrowClaim, Orphan, Rebuild, Remove
from rocketmq_operator.core.volumes.view import less, templates
from tests.unit.core.volumes import Volumes
from tests.unit.core.world import World, cluster

SIZES = ("5Gi", "5120Mi", "6Gi", "8Gi", "1Ti")
CLAIMS = [
    f"{volume}-c-{group}-{member}" for volume in ("brokerlogs", "brokerstore") for group in (0, 1) for member in (0, 1)
]


class Histories(RuleBasedStateMachine):
    """Two groups of two; users change sizes, storage does its part late or never, the operator looks at any moment."""

    world: World
    volumes: Volumes

    @initialize(storage_class=st.sampled_from(("grows", "grows", "fixed", "secret")))
    def create(self, storage_class: str) -> None:
        self.spec: dict[str, Any] = {"storage": {"size": "5Gi", "logSize": "5Gi"}}
        self.world = World(cluster(**self.spec))
        self.world.volumes = self.volumes = Volumes(storage_class)
        self.world.plan()
        self.world.start_pods()
        for _ in range(3):
            self.world.plan()
        self.pods = {name: pod.uid for name, pod in self.world.pods.items()}
        self.sets = {name: self._set(name) for name in ("c-0", "c-1")}

    def _set(self, name: str) -> dict[str, Any]:
        spec = self.world.objects[("StatefulSet", name)].content()["spec"]
        return {**spec, "volumeClaimTemplates": None}

    def step(self, world: World) -> tuple[object, ...]:
        """One plan, carried out; what must be true of every single one."""
        assert world.volumes is not None
        claims = dict(world.volumes.claims)
        gaps = {name for name in self.sets if ("StatefulSet", name) not in world.objects}
        actions = world.plan().actions
        for action in actions:
            match action:
                case GrowClaim(name=name, size=size, uid=uid):
                    assert claims[name].uid == uid
                    assert less(claims[name].capacity, size), "a volume is only ever asked to be bigger than it is"
                case Orphan(name=name):
                    assert not gaps, "one group at a time"
                    gaps.add(name)
                    self._all_grown(claims, name)
                case Remove(kind=kind):
                    assert kind != "Pod"
                case Rebuild():
                    raise AssertionError("nothing was lost")
        return actions

    @rule(times=st.integers(1, 3))
    def look(self, times: int) -> None:
        for _ in range(times):
            self.step(self.world)

    @rule()
    def a_minute_passes(self) -> None:
        for _ in range(6):
            self.step(self.world)
            self.volumes.grow()

    def _all_grown(self, claims: dict[str, ClaimFact], workload: str) -> None:
        for name, claim in claims.items():
            if f"-{workload}-" in name:
                wanted = self.spec["storage"]["logSize" if name.startswith("brokerlogs") else "size"]
                assert not less(claim.requested, wanted) and not less(claim.capacity, wanted), name

    @rule(field=st.sampled_from(("size", "logSize")), size=st.sampled_from(SIZES))
    def user_changes_a_size(self, field: str, size: str) -> None:
        self.spec = {"storage": {**self.spec["storage"], field: size}}
        self.world.want(**self.spec)

    @rule(on_node=st.booleans())
    def storage_works(self, on_node: bool) -> None:
        self.volumes.grow(on_node=on_node)

    @rule(name=st.sampled_from(CLAIMS))
    def storage_fails(self, name: str) -> None:
        claim = self.volumes.claims[name]
        if less(claim.capacity, claim.requested):
            self.volumes.change(name, failed="no space left in the pool")

    @rule(group=st.integers(0, 1), member=st.integers(0, 1), ready=st.booleans())
    def a_pod_is_away_or_back(self, group: int, member: int, ready: bool) -> None:
        name = f"c-{group}-{member}"
        gate = "True" if ready else "False"
        self.world.pods[name] = msgspec.structs.replace(self.world.pods[name], ready=ready, gate=gate)

    @invariant()
    def pods_stay_and_sets_are_what_they_were(self) -> None:
        assert {name: pod.uid for name, pod in self.world.pods.items()} == self.pods
        for name, before in self.sets.items():
            if ("StatefulSet", name) in self.world.objects:
                assert self._set(name) == before

    @invariant()
    def templates_never_shrink(self) -> None:
        for name in self.sets:
            fact = self.world.objects.get(("StatefulSet", name))
            for each, template in templates(fact.content()["spec"]).items() if fact else ():
                size = quantity.parse(template.size)
                assert size is not None and size >= self.largest.get((name, each), 0)
                self.largest[(name, each)] = int(size)

    largest: dict[tuple[str, str], int]

    def __init__(self) -> None:
        super().__init__()
        self.largest = {}

    @invariant()
    def whatever_was_begun_comes_to_an_end(self) -> None:
        copied = self.world.copy()
        assert copied.volumes is not None
        for _ in range(16):
            last = self.step(copied)
            copied.volumes.grow()
        for name in self.sets:
            assert ("StatefulSet", name) in copied.objects, "no group is left without its set"
        assert last == ()


Histories.TestCase.settings = settings(max_examples=25, stateful_step_count=12, deadline=None)
TestHistories = Histories.TestCase
