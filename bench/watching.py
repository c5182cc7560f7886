"""One operation as it is seen from outside: what the resource says, which pods there are, what each name server lists."""

import asyncio
import time
from collections.abc import Callable

import msgspec

from rocketmq_operator.admin import Admin, AdminError
from rocketmq_operator.core.names import BROKER_PORT, NAME_SERVER_PORT

from .commands import BenchError
from .fixtures import Registered, listed
from .kubectl import Json, Kubectl
from .operations import Operation, Size
from .timeline import SETTLED, Seen, phase

POLL_SECONDS = 0.5
"""Between two questions to the API server."""
LOOK_SECONDS = 0.2
"""Between two looks at name servers and new brokers; how exact their part of a floor is."""
LIMIT_SECONDS = 300.0


class World(msgspec.Struct, frozen=True):
    """What the API server says: resources as `kind/name` in small letters, and pods by name."""

    resources: dict[str, Json]
    pods: dict[str, Json]

    def address(self, pod: str, port: int) -> str | None:
        """Where a pod is reached, once it has an address and until it is being deleted."""
        found = self.pods.get(pod, {"metadata": {}, "status": {}})
        ip = found["status"].get("podIP")
        return f"{ip}:{port}" if ip and "deletionTimestamp" not in found["metadata"] else None

    def ready(self) -> list[str]:
        """Pods whose containers answer their probes; gates do not count."""
        conditions = {name: pod["status"].get("conditions", []) for name, pod in self.pods.items()}
        wanted = ("ContainersReady", "True")
        return [
            name for name, found in conditions.items() if wanted in {(each["type"], each["status"]) for each in found}
        ]


async def world(kubectl: Kubectl, namespace: str) -> World:
    """One question."""
    found = (await kubectl.json("get", "nameservers,brokerclusters,pods", "-n", namespace))["items"]
    resources = {f"{each['kind'].lower()}/{each['metadata']['name']}": each for each in found if each["kind"] != "Pod"}
    return World(resources, {each["metadata"]["name"]: each for each in found if each["kind"] == "Pod"})


class Watch:
    """Watches a resource until it and the world around it are as wanted.

    `seen` is what the resource said, `said` when it first called itself settled for good; `sightings` and `holding` are when
    (seconds since 1970) a name server first listed a broker, and when a new broker first held all `topics`; `ready` is when
    the containers of a pod were first seen ready. `says` reads the phase of a resource, `limit` is in seconds.
    """

    says: Callable[[Json], str] = staticmethod(phase)
    limit = LIMIT_SECONDS

    def __init__(
        self, kubectl: Kubectl, admin: Admin, namespace: str, resource: str, wanted: Size, topics: frozenset[str]
    ) -> None:
        self._kubectl, self._admin, self._namespace = kubectl, admin, namespace
        self._resource, self._wanted, self._topics = resource, wanted, topics
        self._world = World({}, {})
        self._lists: dict[str, Registered] = {}
        self.seen: list[Seen] = []
        self.said: float | None = None
        self.sightings: dict[tuple[str, str, int], float] = {}
        self.holding: dict[str, float] = {}
        self.ready: dict[str, float] = {}

    async def until_settled(self, began: float, new: Operation | None = None) -> float:
        """When all was as wanted, in seconds since 1970, as `began`; BenchError if it takes too long."""
        looking = asyncio.create_task(self._look(new.come() if new and new.what == "groups" else []))
        try:
            while True:
                self._world = await world(self._kubectl, self._namespace)
                at = time.time()
                if self._note(at, began) and self._as_wanted():
                    return at
                if at > began + self.limit:
                    raise BenchError(f"not within {self.limit:.0f} s: {self._resource}, {self.seen[-1].phase}")
                await asyncio.sleep(max(0.0, at + POLL_SECONDS - time.time()))
        finally:
            looking.cancel()
            await asyncio.gather(looking, return_exceptions=True)

    def _note(self, at: float, began: float) -> bool:
        says = self.says(self._world.resources[self._resource])
        self.seen.append(Seen(at - began, says))
        for name in self._world.ready():
            self.ready.setdefault(name, at)
        self.said = (self.said or at) if says == SETTLED else None
        return says == SETTLED

    def _as_wanted(self) -> bool:
        lists = [self._lists.get(server) for server in self._wanted.servers()]
        return set(self._world.pods) == self._wanted.pods() and all(each == self._wanted.listed() for each in lists)

    async def _look(self, brokers: list[str]) -> None:
        while True:
            servers = {name: self._world.address(name, NAME_SERVER_PORT) for name in self._world.pods if "-ns-" in name}
            fresh = {name: self._world.address(name, BROKER_PORT) for name in brokers if name not in self.holding}
            for name in self._lists.keys() - {name for name, address in servers.items() if address}:
                del self._lists[name]
            await asyncio.gather(
                *(self._ask_server(name, address) for name, address in servers.items() if address),
                *(self._ask_broker(name, address) for name, address in fresh.items() if address),
            )
            await asyncio.sleep(LOOK_SECONDS)

    async def _ask_server(self, name: str, address: str) -> None:
        found = await listed(self._admin, address)
        if found is None:
            self._lists.pop(name, None)  # what one said before it restarted is no answer
            return
        self._lists[name] = found
        for broker, number in found:
            self.sightings.setdefault((name, broker, number), time.time())

    async def _ask_broker(self, name: str, address: str) -> None:
        try:
            table = await self._admin.topic_configs(address)
        except AdminError:
            return
        if self._topics <= table.topics.keys():
            self.holding.setdefault(name, time.time())
