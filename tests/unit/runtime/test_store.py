"""The store: keys, indexes, notifications, several writers."""

import msgspec

from rocketmq_operator.kube.types import Meta
from rocketmq_operator.runtime import Store


class View(msgspec.Struct, frozen=True):
    metadata: Meta


def view(name: str, version: int = 1, namespace: str = "ns", **labels: str) -> View:
    return View(Meta(name=name, namespace=namespace, resource_version=str(version), labels=labels))


def by_owner(each: View) -> list[str]:
    return [each.metadata.labels["owner"]] if "owner" in each.metadata.labels else []


def test_an_index_follows_every_change() -> None:
    store: Store[View] = Store(indexers={"owner": by_owner})
    writer = store.writer()
    writer.put(view("a", 1, owner="x"))
    writer.put(view("b", 1, owner="x"))
    assert {each.metadata.name for each in store.by_index("owner", "x")} == {"a", "b"}
    writer.put(view("a", 2, owner="y"))
    assert [each.metadata.name for each in store.by_index("owner", "x")] == ["b"]
    assert store.by_index("owner", "x") is store.by_index("owner", "x")
    assert [each.metadata.name for each in store.by_index("owner", "y")] == ["a"]
    writer.remove(("ns", "b"))
    writer.put(view("a", 3))
    assert store.by_index("owner", "x") == store.by_index("owner", "y") == ()


def test_replacing_tells_what_is_gone_new_and_changed_and_nothing_else() -> None:
    store: Store[View] = Store()
    writer = store.writer()
    writer.replace([view("same"), view("gone"), view("changed")], {})
    told: list[tuple[str | None, str | None]] = []
    store.subscribe(
        lambda old, new: told.append((old.metadata.name if old else None, new.metadata.name if new else None))
    )
    writer.replace([view("same"), view("changed", 2), view("new", 3)], {})
    assert told == [("gone", None), ("changed", "changed"), (None, "new")]


def test_writers_of_different_namespaces_leave_each_other_alone() -> None:
    store: Store[View] = Store()
    one, two = store.writer(), store.writer()
    one.replace([view("a", namespace="one")], {})
    assert not store.synced, "half of it is not listed yet"
    two.replace([view("a", namespace="two")], {})
    assert store.synced
    one.replace([], {})
    assert [each.metadata.namespace for each in store.values()] == ["two"]


def test_a_handler_that_fails_disturbs_nobody() -> None:
    store: Store[View] = Store()
    told: list[str] = []

    def broken(old: View | None, new: View | None) -> None:
        raise RuntimeError

    store.subscribe(broken)
    store.subscribe(lambda old, new: told.append("told"))
    store.writer().put(view("a"))
    assert told == ["told"]
    assert store.get("ns", "a") is not None


def test_what_cannot_be_read_is_neither_there_nor_gone() -> None:
    store: Store[View] = Store()
    writer = store.writer()
    writer.put(view("a"))
    writer.refuse(("ns", "a"), "spec is nonsense")
    assert store.get("ns", "a") is None
    assert store.undecodable == {("ns", "a"): "spec is nonsense"}
    writer.put(view("a", 1))
    assert store.get("ns", "a") is not None
    assert store.undecodable == {}
    writer.refuse(("ns", "a"), "again")
    writer.replace([], {})
    assert store.undecodable == {}
