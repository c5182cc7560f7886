"""Operations on controllers (5.x). All but `controller_metadata` must go to the leader; others say NOT_LEADER."""

import time
from collections.abc import Callable, Iterable, Mapping

import msgspec

from rocketmq_operator.admin.caller import Caller
from rocketmq_operator.admin.redact import Settings
from rocketmq_operator.admin.settings import read_settings
from rocketmq_operator.remoting.bodies.replication import SyncStates
from rocketmq_operator.remoting.body import encode_body
from rocketmq_operator.remoting.codes import RequestCode
from rocketmq_operator.remoting.properties import encode_settings


class ControllerMetadata(msgspec.Struct, frozen=True):
    """Who leads the controllers. `leader` is empty while they elect one."""

    group: str
    leader_id: str
    leader: str
    is_leader: bool
    peers: str


class Master(msgspec.Struct, frozen=True):
    """A group's master as the controllers decided; `broker_id` and `address` are None while there is none."""

    broker_id: int | None
    address: str | None
    epoch: int


class ControllerOperations(Caller):
    """What one can ask and tell controllers."""

    _wall: Callable[[], float] = staticmethod(time.time)

    async def controller_metadata(self, addr: str) -> ControllerMetadata:
        """Which controller leads (1005), asked of any."""
        fields = (await self.call(addr, RequestCode.CONTROLLER_GET_METADATA_INFO)).fields
        return ControllerMetadata(
            group=fields.get("group", ""),
            leader_id=fields.get("controllerLeaderId", ""),
            leader=fields.get("controllerLeaderAddress", ""),
            is_leader=fields.get("isLeader") == "true",
            peers=fields.get("peers", ""),
        )

    async def replica_info(self, leader: str, broker_name: str) -> Master:
        """A group's master (1004)."""
        code = RequestCode.CONTROLLER_GET_REPLICA_INFO
        response = await self.call(leader, code, {"brokerName": broker_name})
        return _master(response.fields)

    async def sync_states(self, leader: str, broker_names: Iterable[str]) -> SyncStates:
        """Masters and sync sets of groups (1006)."""
        return await self.ask(
            leader, RequestCode.CONTROLLER_GET_SYNC_STATE_DATA, SyncStates, body=encode_body(list(broker_names))
        )

    async def elect_master(self, leader: str, cluster: str, broker_name: str, broker_id: int) -> Master:
        """Make a member, by its persistent id, the master (1002). Refused with CONTROLLER_MASTER_STILL_EXIST or
        CONTROLLER_ELECT_MASTER_FAILED where it may not be: the latter outside the sync set."""
        fields = {
            "clusterName": cluster,
            "brokerName": broker_name,
            "brokerId": broker_id,
            "designateElect": True,
            "invokeTime": self._now_ms(),
        }
        return _master((await self.call(leader, RequestCode.CONTROLLER_ELECT_MASTER, fields)).fields)

    async def next_broker_id(self, leader: str, cluster: str, broker_name: str) -> int:
        """The persistent id that the group's next new member gets (1012)."""
        code = RequestCode.CONTROLLER_GET_NEXT_BROKER_ID
        response = await self.call(leader, code, {"clusterName": cluster, "brokerName": broker_name})
        return self.number(leader, code, response, "nextBrokerId")

    async def controller_config(self, addr: str) -> Settings:
        """All settings of a controller (1010)."""
        code = RequestCode.GET_CONTROLLER_CONFIG
        return read_settings(addr, code, await self.call(addr, code))

    async def update_controller_config(self, addr: str, values: Mapping[str, str]) -> None:
        """Change settings of a controller (1009)."""
        await self.call(addr, RequestCode.UPDATE_CONTROLLER_CONFIG, body=encode_settings(values))

    async def clean_broker_data(
        self, leader: str, cluster: str, broker_name: str, broker_ids: Iterable[int] = (), *, living: bool = False
    ) -> None:
        """Make the controllers forget members by persistent id (1011), or a whole group where no id is given. They
        refuse for members that live, unless `living`."""
        fields = {
            "clusterName": cluster,
            "brokerName": broker_name,
            "brokerControllerIdsToClean": ";".join(str(broker_id) for broker_id in broker_ids) or None,
            "isCleanLivingBroker": living,
            "invokeTime": self._now_ms(),
        }
        await self.call(leader, RequestCode.CLEAN_BROKER_DATA, fields)

    def _now_ms(self) -> int:
        return int(self._wall() * 1000)


def _master(fields: Mapping[str, str]) -> Master:
    broker_id, epoch = fields.get("masterBrokerId", ""), fields.get("masterEpoch", "")
    return Master(
        broker_id=int(broker_id) if broker_id.lstrip("-").isdecimal() else None,
        address=fields.get("masterAddress") or None,
        epoch=int(epoch) if epoch.isdecimal() else 0,
    )
