"""How far copies are, and what the controllers decided."""

import msgspec


class HaSlave(msgspec.Struct, frozen=True):
    """A slave as its master sees it. `behind` is in bytes of commit log."""

    address: str = msgspec.field(name="addr")
    acked_offset: int = msgspec.field(name="slaveAckOffset")
    behind: int = msgspec.field(name="diff")
    in_sync: bool = msgspec.field(default=False, name="inSync")
    bytes_per_second: int = msgspec.field(default=0, name="transferredByteInSecond")
    transfer_from: int = msgspec.field(default=0, name="transferFromWhere")


class HaClient(msgspec.Struct, frozen=True):
    """A slave as it sees itself. `master` may be stale after a change of roles: ask the master too."""

    master: str | None = msgspec.field(default=None, name="masterAddr")
    max_offset: int = msgspec.field(default=0, name="maxOffset")
    master_flushed: int = msgspec.field(default=0, name="masterFlushOffset")
    bytes_per_second: int = msgspec.field(default=0, name="transferredByteInSecond")
    read_ms: int = msgspec.field(default=0, name="lastReadTimestamp")
    written_ms: int = msgspec.field(default=0, name="lastWriteTimestamp")


class HaStatus(msgspec.Struct, frozen=True):
    """Reply 907. A master fills `slaves`, a slave fills `client`."""

    is_master: bool = msgspec.field(name="master")
    max_offset: int = msgspec.field(default=0, name="masterCommitLogMaxOffset")
    in_sync_slaves: int = msgspec.field(default=0, name="inSyncSlaveNums")
    slaves: list[HaSlave] = msgspec.field(default_factory=list, name="haConnectionInfo")
    client: HaClient | None = msgspec.field(default=None, name="haClientRuntimeInfo")


class Epoch(msgspec.Struct, frozen=True):
    """A reign of one master: from `start_offset` on."""

    epoch: int
    start_offset: int = msgspec.field(name="startOffset")
    end_offset: int = msgspec.field(default=0, name="endOffset")


class EpochTable(msgspec.Struct, frozen=True):
    """Reply 1007 (controller mode only). `broker_id` is 0 for a master, as with the name servers."""

    broker_id: int = msgspec.field(name="brokerId")
    max_offset: int = msgspec.field(name="maxOffset")
    cluster: str = msgspec.field(default="", name="clusterName")
    broker: str = msgspec.field(default="", name="brokerName")
    epochs: list[Epoch] = msgspec.field(default_factory=list, name="epochList")


class Replica(msgspec.Struct, frozen=True):
    """One member of a group, as the controllers know it."""

    broker: str = msgspec.field(name="brokerName")
    broker_id: int = msgspec.field(name="brokerId")
    address: str = msgspec.field(default="", name="brokerAddress")
    alive: bool = False


class SyncState(msgspec.Struct, frozen=True):
    """A group's part of reply 1006. `master_id` is the persistent id, not the name server's 0."""

    master_id: int | None = msgspec.field(default=None, name="masterBrokerId")
    master_address: str | None = msgspec.field(default=None, name="masterAddress")
    master_epoch: int = msgspec.field(default=0, name="masterEpoch")
    sync_set_epoch: int = msgspec.field(default=0, name="syncStateSetEpoch")
    in_sync: list[Replica] = msgspec.field(default_factory=list, name="inSyncReplicas")
    not_in_sync: list[Replica] = msgspec.field(default_factory=list, name="notInSyncReplicas")


class SyncStates(msgspec.Struct, frozen=True):
    """Reply 1006; groups that no controller knows are missing."""

    groups: dict[str, SyncState] = msgspec.field(default_factory=dict, name="replicasInfoTable")
