"""The Admin client on the simulated servers: the same methods, the same replies, and everything that goes wrong on the way."""

from rocketmq_operator.remoting.bodies.routing import ClusterInfo

from .admin_brokers import BrokerCalls
from .admin_log import LogCalls
from .admin_offsets import OffsetCalls
from .registry import NameServer


class SimAdmin(BrokerCalls, OffsetCalls, LogCalls):
    """Duck-typed on ``rocketmq_operator.admin.Admin``; here what it asks and tells name servers."""

    async def cluster_info(self, ns: str) -> ClusterInfo:
        return await self._server(ns, "cluster_info", lambda server: server.cluster_info())

    async def topics(self, ns: str, cluster: str | None = None) -> frozenset[str]:
        return await self._server(
            ns, "topics", lambda server: frozenset(topic for route in server.routes.values() for topic in route)
        )

    async def wipe_write_permission(self, ns: str, broker_name: str) -> int:
        return await self._server(ns, "wipe", lambda server: server.wipe(broker_name), write=broker_name)

    async def add_write_permission(self, ns: str, broker_name: str) -> int:
        return await self._server(ns, "add", lambda server: server.add(broker_name), write=broker_name)

    async def put_kv(self, ns: str, namespace: str, key: str, value: str) -> None:
        def put(server: NameServer) -> None:
            server.kv.setdefault(namespace, {})[key] = value

        await self._server(ns, "put_kv", put, write=(namespace, key, value))

    async def get_kv(self, ns: str, namespace: str, key: str) -> str | None:
        return await self._server(ns, "get_kv", lambda server: server.kv.get(namespace, {}).get(key))

    async def delete_kv(self, ns: str, namespace: str, key: str) -> None:
        await self._server(
            ns, "delete_kv", lambda server: server.kv.get(namespace, {}).pop(key, None), write=(namespace, key)
        )

    async def list_kv(self, ns: str, namespace: str) -> dict[str, str]:
        return await self._server(ns, "list_kv", lambda server: dict(server.kv.get(namespace, {})))

    async def delete_topic_route(self, ns: str, topic: str, cluster: str | None = None) -> None:
        def forget(server: NameServer) -> None:
            for route in server.routes.values():
                route.pop(topic, None)

        await self._server(ns, "delete_topic_route", forget, write=topic)
