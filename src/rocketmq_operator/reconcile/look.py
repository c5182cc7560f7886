"""Looks beyond the watched world: who is registered where, what each broker says of itself, what a storage class allows.

Bounded, concurrent; of RocketMQ, never fatal.
"""

import asyncio
from collections.abc import Iterable, Mapping

from rocketmq_operator.admin import Admin, AdminError
from rocketmq_operator.admin.nameserver import ORDER_NAMESPACE
from rocketmq_operator.core import names
from rocketmq_operator.core.facts import BrokerFact, PodFact, Registered, Registrations
from rocketmq_operator.core.rollout.live_keys import LIVE_KEYS
from rocketmq_operator.kube.errors import Forbidden, NotFound
from rocketmq_operator.kube.port import Kube
from rocketmq_operator.kube.resources import STORAGE_CLASS
from rocketmq_operator.kube.types import Ref


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


async def orders(admin: Admin, servers: Iterable[str]) -> Mapping[str, Mapping[str, str] | None]:
    """The order configuration that each name server holds (value by topic); None for one that does not answer."""
    asked = list(servers)
    answers = await asyncio.gather(*(_ordered(admin, server) for server in asked))
    return dict(zip(asked, answers, strict=True))


async def _ordered(admin: Admin, server: str) -> Mapping[str, str] | None:
    try:
        return await admin.list_kv(server, ORDER_NAMESPACE)
    except AdminError:
        return None


async def brokers(admin: Admin, pods: Iterable[PodFact]) -> Mapping[str, BrokerFact]:
    """What the broker in each running pod says; pods that do not answer are left out.

    Slaves are asked before their master, or one that copies while messages stream in would look ahead of it; and their
    master once more before them, so that one that keeps up can be told from one that lags.
    """
    running = [pod for pod in pods if pod.container and pod.ip]
    followed = {pod.group for pod in running if pod.member}
    masters, slaves = [pod for pod in running if not pod.member], [pod for pod in running if pod.member]
    leading = [pod for pod in masters if pod.group in followed]
    ends = dict(
        zip((pod.name for pod in leading), await asyncio.gather(*(_end(admin, pod) for pod in leading)), strict=True)
    )
    # One that did not answer is not asked again: a broker that hangs would make the others wait twice.
    answering = [pod for pod in masters if ends.get(pod.name, -1) is not None]
    found: dict[str, BrokerFact] = {}
    for some in (slaves, answering):
        answers = await asyncio.gather(*(_broker(admin, pod, ends.get(pod.name)) for pod in some))
        found |= {pod.name: fact for pod, fact in zip(some, answers, strict=True) if fact}
    return found


async def expandable(kube: Kube, storage_class: str) -> bool | None:
    """Whether a storage class lets its volumes grow; None if we may not know. A class that is gone lets nothing grow."""
    try:
        found = await kube.get(Ref(STORAGE_CLASS, None, storage_class))
    except NotFound:
        return False
    except Forbidden:
        return None
    return found.get("allowVolumeExpansion") is True


def _address(pod: PodFact) -> str:
    return f"{pod.ip}:{names.BROKER_PORT}"


async def _end(admin: Admin, pod: PodFact) -> int | None:
    """Where a broker's commit log ends."""
    try:
        return (await admin.runtime(_address(pod))).commit_log_max_offset
    except AdminError:
        return None


async def _broker(admin: Admin, pod: PodFact, before: int | None) -> BrokerFact | None:
    address = _address(pod)
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
        boot=runtime.boot_timestamp,
        in_sync=int(config.get("inSyncReplicas", "0")),
        dispatch_behind=runtime.dispatch_behind_bytes,
        file_reserved=int(config.get("fileReservedTime", "0")),
        before=-1 if before is None else before,
        followers=await _followers(admin, address, config, runtime.boot_timestamp),
        settings={key: config[key] for key in LIVE_KEYS if key in config},
    )


async def _followers(admin: Admin, address: str, config: Mapping[str, str], boot: int) -> int:
    """How many slaves are connected to a master that began fenced (907); -1 where it is not asked, or cannot answer (4.x)."""
    if int(config.get("startAcceptSendRequestTimeStamp", "0")) <= boot or config.get("brokerRole") != "SYNC_MASTER":
        return -1
    try:
        return len((await admin.ha_status(address)).slaves)
    except AdminError:
        return -1
