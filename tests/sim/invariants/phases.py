"""Where each group stands and stood a short time ago, by its intent; and how often each step was taken."""

from typing import Any

from rocketmq_operator.core import names

from ..world import World

Json = dict[str, Any]
OPEN = ("", "Opening")
LATE_SECONDS = 60.0
"""Another operator, whose views lag, may act for so long on what was true before."""


class Phases:
    """Listens to intents."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._past: dict[tuple[str, str], list[tuple[float, str]]] = {}
        world.api.listen("configmaps", self._changed)

    def _changed(self, key: tuple[str, str], old: Json | None, new: Json | None) -> None:
        if "-broker-intent-" not in key[1] or new is None:
            return
        before, after = (old or {}).get("data", {}), new.get("data", {})
        self._past.setdefault(key, []).append((self._world.kernel.now(), before.get("phase", "")))
        for what, words in (("phase", "group"), ("members", "members"), ("inSyncReplicas", "copies")):
            if old is not None and before.get(what) != after.get(what):
                self._world.kernel.count(f"transition/{words}/{_word(before, what)}->{_word(after, what)}")

    def now(self, namespace: str, cluster: str, group: int) -> str | None:
        """The phase now; None where there is no intent."""
        found = self._world.api.find("configmaps", (namespace, names.intent(cluster, group)))
        return str(found.get("data", {}).get("phase", "")) if found else None

    def lately(self, namespace: str, cluster: str, group: int) -> set[str]:
        """All phases of the last LATE_SECONDS."""
        since = self._world.kernel.now() - LATE_SECONDS
        past = self._past.get((namespace, names.intent(cluster, group)), ())
        now = self.now(namespace, cluster, group)
        return {phase for ended, phase in past if ended >= since} | ({now} if now is not None else set())


def _word(data: Json, key: str) -> str:
    return str(data.get(key, "")) or ("Serving" if key == "phase" else "none")
