"""What the broker's entry script decides, read off ``core/build/scripts/broker.sh``; that script's own tests hold it to its word."""

import shlex
from functools import lru_cache

from .pod import Pod
from .store import Store
from .volumes import Volume

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
        self.on_lost = pod.intent.get("onLostVolume") or "Refuse"
        self.adopts = pod.intent.get("adoptClusterUid") or "-"
        self.member = int(pod.name.rpartition("-")[2])
        self.group = pod.environment("GROUP")
        self.name = f"{self.settings['BROKER_NAME_PREFIX']}-{self.group}"
        self.fresh = False
        self.dns = ""
        self.role = "SLAVE"
        self.members = 2

    def intent(self, key: str) -> str:
        """A key of the intent as it is projected now."""
        return self.pod.intent.get(key, "")

    def intended(self, key: str, default: int) -> int:
        """A whole number of the intent; one from before it had that key gives the default."""
        text = self.intent(key)
        return int(text) if text.isdecimal() and len(text) < 10 else default

    def guard_volume(self, volume: Volume) -> Store:
        """The store, or RefusedError."""
        now = self.intended("life", 1)
        mine = (self.settings["CLUSTER_UID"], self.group, str(self.member))
        volume.store = store = volume.store or Store()
        self.fresh = False
        if volume.stamp:
            life = int(volume.stamp[3]) if len(volume.stamp) > 3 else 1
            adopted = volume.stamp[0] == self.adopts and volume.stamp[1:3] == mine[1:]
            if volume.stamp[:3] == mine and life != now:
                self._begin_life(store, life, now)
            elif volume.stamp[:3] != mine and not adopted:
                raise RefusedError(f"VolumeOfAnother: the volume belongs to {volume.stamp}")
        elif store.records:
            if self.adopts != "unstamped":
                raise RefusedError("VolumeUnstamped: the volume holds messages but no stamp")
        else:
            self.fresh = True
            self._guard_empty("is empty")
        volume.stamp = (*mine, str(now))
        return store

    def _guard_empty(self, how: str) -> None:
        """A master whose group held messages in this life must not start with nothing."""
        lost = self.member == 0 and self.intent("initialized") == "true"
        if lost and self.on_lost != "StartEmpty":
            raise RefusedError(f"VolumeLost: the volume of this master {how} but its group held messages")

    def _begin_life(self, store: Store, old: int, now: int) -> None:
        """A kept volume of another life of this group: emptied if the group left with nothing in it, refused otherwise."""
        if old > now:
            raise RefusedError(f"VolumeOfAnother: the volume belongs to life {old}, the group is in its life {now}")
        if old != now - 1 or self.intent("previousLife") != "drained":
            raise RefusedError(f"VolumeOfEarlierLife: the volume is from life {old}, the group is in its life {now}")
        self._guard_empty("is from an earlier life of its group")
        self.fresh = True
        store.empty(settings=True)

    def decide_role(self) -> None:
        """The broker's role, by the number of members that the intent names at this moment."""
        self.members = self.intended("members", 2)
        if self.member == 0:
            sync = at_least(self.version, (5, 0)) or self.members > 1
            self.role = "SYNC_MASTER" if self.settings["REPLICATION_MODE"] == "SYNC" and sync else "ASYNC_MASTER"

    def fence(self, milliseconds: int) -> int:
        """When a master accepts messages if the operator says nothing."""
        known = not self.fresh and self.intent("initialized") == "true"
        if known and self.intent("brokerPermission") != "4":
            return milliseconds + int(self.settings["FENCE_GRACE_SECONDS"]) * 1000
        return FAR_AHEAD

    def config(self, host: str, milliseconds: int) -> dict[str, str]:
        """broker.conf as the broker reads it."""
        role = self.role
        found = {**properties(self.pod.config["broker.conf"]), **properties(self.intent("live"))}
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
        if role == "SYNC_MASTER" and at_least(self.version, (5, 0)):
            found.setdefault("inSyncReplicas", str(self.intended("inSyncReplicas", 2 if self.members > 1 else 1)))
        return found
