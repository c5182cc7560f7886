"""What the broker's entry script decides, read off ``core/build/scripts/broker.sh``; that script's own tests hold it to its word."""

import shlex
from functools import lru_cache
from typing import TYPE_CHECKING

from .pod import Pod
from .store import Store
from .volumes import Volume

if TYPE_CHECKING:
    from .broker import Broker

FAR_AHEAD = 4_102_444_800_000


class RefusedError(Exception):
    """The script ends with code 64; ``reason`` and text are its termination message."""


@lru_cache(maxsize=512)
def settings(text: str) -> dict[str, str]:
    """The script's settings."""
    found = {}
    for line in text.splitlines():
        name, _, value = line.partition("=")
        words = shlex.split(value.strip("()"))
        found[name] = words[0] if words else ""
    return found


@lru_cache(maxsize=512)
def properties(text: str) -> dict[str, str]:
    """Lines of ``key=value``."""
    pairs = (line.partition("=") for line in text.splitlines() if "=" in line and not line.startswith("#"))
    return {key: value for key, _, value in pairs}


def at_least(version: str, wanted: tuple[int, int]) -> bool:
    """Whether a version such as 5.4.0 is that or newer."""
    major, minor = version.split(".")[:2]
    return (int(major), int(minor)) >= wanted


class Start:
    """One run of the script in one container, up to the point where Java starts."""

    def __init__(self, pod: Pod, version: str) -> None:
        self.pod = pod
        self.version = version
        self.settings = settings(pod.config["settings"])
        self.member = int(pod.name.rpartition("-")[2])
        self.group = pod.environment("GROUP")
        self.name = f"{self.settings['BROKER_NAME_PREFIX']}-{self.group}"
        self.fresh = False
        self.dns = ""

    def intent(self, key: str) -> str:
        """A key of the intent as it is projected now."""
        return self.pod.intent.get(key, "")

    def guard_volume(self, volume: Volume) -> Store:
        """The store, or RefusedError."""
        mine = (self.settings["CLUSTER_UID"], self.group, str(self.member))
        store = volume.store
        if volume.stamp:
            if volume.stamp != mine:
                adopted = volume.stamp[0] == self.settings["ADOPT_CLUSTER_UID"] and volume.stamp[1:] == mine[1:]
                if not adopted:
                    raise RefusedError(f"VolumeOfAnother: the volume belongs to {volume.stamp}")
        elif store is not None and store.records:
            if self.settings["ADOPT_CLUSTER_UID"] != "unstamped":
                raise RefusedError("VolumeUnstamped: the volume holds messages but no stamp")
        else:
            self.fresh = True
            lost = self.member == 0 and self.intent("initialized") == "true"
            if lost and self.settings["ON_LOST_VOLUME"] != "StartEmpty":
                raise RefusedError("VolumeLost: the volume of this master is empty but its group held messages")
        volume.stamp = mine
        if volume.store is None:
            volume.store = Store()
        return volume.store

    @property
    def members(self) -> int:
        """How many members the group has."""
        return int(self.intent("members") or self.settings.get("MEMBERS") or 1)

    def role(self) -> str:
        """The broker's role."""
        if self.member:
            return "SLAVE"
        several = self.members > 1
        sync = self.settings["REPLICATION_MODE"] == "SYNC" and (at_least(self.version, (5, 0)) or several)
        return "SYNC_MASTER" if sync else "ASYNC_MASTER"

    def fence(self, milliseconds: int) -> int:
        """When a master accepts messages if the operator says nothing."""
        known = not self.fresh and self.intent("initialized") == "true"
        if known and self.intent("brokerPermission") != "4":
            return milliseconds + int(self.settings["FENCE_GRACE_SECONDS"]) * 1000
        return FAR_AHEAD

    def config(self, host: str, milliseconds: int) -> dict[str, str]:
        """broker.conf as the broker reads it."""
        role = self.role()
        found = dict(properties(self.pod.config["broker.conf"]))
        permission = self.intent("brokerPermission")
        found |= {
            "brokerName": self.name,
            "brokerId": str(self.member),
            "brokerRole": role,
            "brokerIP1": host,
            "brokerPermission": permission if permission.isdecimal() else "6",
            "namesrvAddr": self.dns or self.intent("nameServers"),
        }
        if self.member == 0:
            found["startAcceptSendRequestTimeStamp"] = str(self.fence(milliseconds))
        if role == "SYNC_MASTER" and self.members > 1 and at_least(self.version, (5, 0)):
            found.setdefault("inSyncReplicas", self.intent("inSyncReplicas") or "2")
        return found


def find_name_servers(broker: "Broker", start: Start, waited: float) -> bool:
    """Whether a name server is reachable by what the intent says; a volume with messages waits no longer than 30 s."""
    dns, listed = start.intent("nameServersDns"), start.intent("nameServers")
    new = at_least(start.version, (5, 1))
    start.dns = ""
    if dns and new and broker.world.resolve(dns.rpartition(":")[0]):
        start.dns = known = dns
    elif listed and (not dns or not new):
        known = listed
    else:
        known = ""
    if any(broker.world.name_servers_at(address) for address in known.split(";") if address):
        return True
    return bool(known) and not start.fresh and waited >= 30
