"""Operations on one broker: its settings, state and replication."""

from collections.abc import Mapping

from rocketmq_operator.admin.caller import Caller
from rocketmq_operator.admin.errors import Malformed
from rocketmq_operator.admin.redact import Settings
from rocketmq_operator.admin.settings import read_settings
from rocketmq_operator.remoting.bodies.replication import EpochTable, HaStatus
from rocketmq_operator.remoting.bodies.routing import StringTable
from rocketmq_operator.remoting.bodies.runtime import RuntimeInfo, read_runtime
from rocketmq_operator.remoting.codes import RequestCode
from rocketmq_operator.remoting.errors import BodyError
from rocketmq_operator.remoting.properties import encode_settings


class BrokerOperations(Caller):
    """What one can ask and tell any broker, master or slave."""

    async def broker_config(self, addr: str) -> Settings:
        """All settings as the broker holds them now (26). They may hold secrets; their representation does not."""
        code = RequestCode.GET_BROKER_CONFIG
        return read_settings(addr, code, await self.call(addr, code))

    async def update_broker_config(self, addr: str, values: Mapping[str, str]) -> None:
        """Change settings at run time (25) and kick an immediate registration with the name servers.

        Success proves little: unknown keys and values of a wrong type are taken silently, and many settings are read
        only at start. The broker also rewrites the file it was started with.
        """
        await self.call(addr, RequestCode.UPDATE_BROKER_CONFIG, body=encode_settings(values))

    async def runtime(self, addr: str) -> RuntimeInfo:
        """The broker's state in numbers (28)."""
        code = RequestCode.GET_BROKER_RUNTIME_INFO
        reply = await self.ask(addr, code, StringTable)
        try:
            return read_runtime(reply.table)
        except BodyError as error:
            raise Malformed(addr, code.name, str(error)) from None

    async def ha_status(self, addr: str) -> HaStatus:
        """Replication, seen from this broker (907, from 5.0 on)."""
        return await self.ask(addr, RequestCode.GET_BROKER_HA_STATUS, HaStatus)

    async def epochs(self, addr: str) -> EpochTable:
        """Reigns of masters in this copy (1007); Refused where the broker does not run under controllers."""
        return await self.ask(addr, RequestCode.GET_BROKER_EPOCH_CACHE, EpochTable)
