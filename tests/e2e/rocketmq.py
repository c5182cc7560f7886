"""RocketMQ itself, asked from outside the operator: by the protocol client, over the pods' own addresses."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import TypeVar

from rocketmq_operator.admin import Admin

from .kubectl import Json, Kubectl, until

T = TypeVar("T")


def ask(question: Callable[[Admin], Awaitable[T]]) -> T:
    """One question to RocketMQ."""

    async def asked() -> T:
        async with Admin(timeout=20, connect_timeout=10) as admin:
            return await question(admin)

    return asyncio.run(asked())


def address(pod: Json, port: int) -> str:
    """A port of a pod."""
    return f"{pod['status']['podIP']}:{port}"


def listed(kubectl: Kubectl, namespace: str, selector: str) -> dict[str, dict[str, dict[int, str]]]:
    """For each name server's pod, what it lists: broker name → id → host."""
    found = {}
    for name, pod in kubectl.pods(namespace, selector).items():
        server = address(pod, 9876)
        info = ask(lambda admin, server=server: admin.cluster_info(server))  # type: ignore[misc]
        found[name] = {group: hosts(entry.addresses) for group, entry in info.brokers.items()}
    return found


def all_list(
    kubectl: Kubectl, namespace: str, selector: str, wanted: dict[str, dict[int, str]], *, among_others: bool = False
) -> list[str]:
    """Until every name server lists exactly these brokers, or these among others; the servers' pods. A broker whose connection to
    one name server breaks is unlisted there, and registers again within 30 s."""

    def good(table: dict[str, dict[int, str]]) -> bool:
        return table.items() >= wanted.items() if among_others else table == wanted

    found: dict[str, dict[str, dict[int, str]]] = until(
        lambda: listed(kubectl, namespace, selector),
        lambda seen: bool(seen) and all(map(good, seen.values())),
        60,
    )
    return sorted(found)


def hosts(addresses: Mapping[int, str]) -> dict[int, str]:
    """Broker id → pod, from the stable names under which brokers register."""
    return {broker_id: each.partition(".")[0] for broker_id, each in addresses.items()}


def own_words(pod: Json) -> Mapping[str, str]:
    """What the broker in a pod says of its own settings (code 26)."""
    broker = address(pod, 10911)
    return ask(lambda admin: admin.broker_config(broker))
