"""Looks at RocketMQ itself: who is registered where, and what each broker says of itself. Bounded, concurrent, never fatal."""

import asyncio
from collections.abc import Iterable, Mapping

from rocketmq_operator.admin import Admin, AdminError
from rocketmq_operator.core import names
from rocketmq_operator.core.facts import BrokerFact, PodFact, Registered, Registrations


async def registrations(admin: Admin, servers: Iterable[str]) -> Registrations:
    """What each name server lists; None for one that does not answer."""
    asked = list(servers)
    answers = await asyncio.gather(*(_listed(admin, server) for server in asked))
    return dict(zip(asked, answers, strict=True))


async def _listed(admin: Admin, server: str) -> Mapping[str, Registered] | None:
    try:
        info = await admin.cluster_info(server)
    except AdminError:
        return None
    return {name: Registered(entry.cluster, dict(entry.addresses)) for name, entry in info.brokers.items()}


async def brokers(admin: Admin, pods: Iterable[PodFact]) -> Mapping[str, BrokerFact]:
    """What the broker in each running pod says; pods that do not answer are left out.

    Slaves are asked before masters: while messages come in, a slave asked a moment later than its master shows more than the
    master did, and would seem to be ahead of it.
    """
    running = [pod for pod in pods if pod.container and pod.ip]
    found: dict[str, BrokerFact] = {}
    for asked in ([pod for pod in running if pod.member], [pod for pod in running if not pod.member]):
        answers = await asyncio.gather(*(_broker(admin, f"{pod.ip}:{names.BROKER_PORT}") for pod in asked))
        found |= {pod.name: fact for pod, fact in zip(asked, answers, strict=True) if fact}
    return found


async def _broker(admin: Admin, address: str) -> BrokerFact | None:
    try:
        config, runtime = await asyncio.gather(admin.broker_config(address), admin.runtime(address))
    except AdminError:
        return None
    return BrokerFact(
        cluster=config.get("brokerClusterName", ""),
        name=config.get("brokerName", ""),
        broker_id=int(config.get("brokerId", "-1")),
        role=config.get("brokerRole", ""),
        version=runtime.version_name.removeprefix("V").replace("_", "."),
        permission=int(config.get("brokerPermission", "6")),
        accepts_from=int(config.get("startAcceptSendRequestTimeStamp", "0")),
        min_offset=runtime.commit_log_min_offset,
        max_offset=runtime.commit_log_max_offset,
        name_servers=config.get("namesrvAddr", ""),
    )
