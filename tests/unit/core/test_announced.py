"""The list of name servers that brokers are told: never a name that does not exist, never without one that only restarts."""

from rocketmq_operator.core.announced import of_reference
from rocketmq_operator.core.facts import PodFact


def address(ordinal: int) -> str:
    return f"names-ns-{ordinal}.names-ns-all.ns.svc:9876"


def pod(ordinal: int, *, runs: bool = True, listed: str = "true", deleting: bool = False) -> PodFact:
    name = f"names-ns-{ordinal}"
    container = f"run://{name}" if runs else ""
    ip = f"10.1.0.{ordinal}" if runs else ""
    return PodFact(name, "uid", ordinal, ip=ip, container=container, listed=listed, deleting=deleting)


def told(size: int, pods: list[PodFact], before: list[str]) -> list[str]:
    return list(of_reference("ns", "names", size, pods, before).addresses)


def test_one_name_and_each_pods_own() -> None:
    found = of_reference("ns", "names", 2, [pod(0), pod(1)])
    assert found.dns == "names-ns-all.ns.svc:9876"
    assert found.addresses == (address(0), address(1))
    assert found.queried == ("10.1.0.0:9876", "10.1.0.1:9876")


def test_a_new_one_is_told_when_it_runs() -> None:
    assert told(3, [pod(0)], [address(0)]) == [address(0)]
    assert told(3, [pod(0), pod(1, runs=False), pod(2)], [address(0)]) == [address(0), address(2)]


def test_one_that_restarts_or_moves_stays_told() -> None:
    both = [address(0), address(1)]
    assert told(2, [pod(0), pod(1, runs=False)], both) == both
    assert told(2, [pod(0), pod(1, deleting=True)], both) == both
    assert told(2, [pod(0)], both) == both
    assert told(2, [], both) == both


def test_one_that_leaves_is_told_no_more_and_not_asked() -> None:
    found = of_reference("ns", "names", 2, [pod(0), pod(1, listed="false")], [address(0), address(1)])
    assert found.addresses == (address(0),) and found.queried == ("10.1.0.0:9876",)
    assert told(1, [pod(0), pod(1)], [address(0), address(1)]) == [address(0)]


def test_at_the_very_start_brokers_are_told_of_pods_that_exist() -> None:
    assert told(2, [pod(0, runs=False), pod(1, runs=False)], []) == [address(0), address(1)]
    assert told(2, [], []) == []


def test_only_unlisted_ones_are_better_than_none() -> None:
    found = of_reference("ns", "names", 1, [pod(0, listed="false")])
    assert found.addresses == (address(0),) and found.queried == ("10.1.0.0:9876",)


def test_pods_from_before_the_label_count() -> None:
    assert told(1, [pod(0, listed="")], []) == [address(0)]
