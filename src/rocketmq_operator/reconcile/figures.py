"""Live figures of a cluster as the operator's HTTP port serves them and the kubectl plugin reads them.

They are never in a status: a rate or a lag there would be a write for ever.
"""

from typing import Any

import msgspec

from .progress import GroupProgress


class BrokerFigures(msgspec.Struct, frozen=True, rename="camel"):
    """One registered broker. Rates in messages a second, ``behind`` in bytes of the commit log, None where unknown."""

    group: str
    broker_id: int
    address: str
    version: str = ""
    put_rate: float | None = None
    get_rate: float | None = None
    behind: int | None = None
    problem: str = ""


class ClusterFigures(msgspec.Struct, frozen=True, rename="camel"):
    """All brokers that the cluster's name servers list; ``table`` is mqadmin's clusterList of the same moment."""

    namespace: str
    name: str
    name_server: str = ""
    brokers: list[BrokerFigures] = []
    rows: list[dict[str, Any]] = []
    table: str = ""
    progress: list[GroupProgress] = []
    problem: str = ""
