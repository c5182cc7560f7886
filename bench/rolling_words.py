"""Where a rollout stands, in the words of its resource. Pure."""

import re
from collections.abc import Collection

from .kubectl import Json
from .restarts import SIZE
from .timeline import SETTLED, UNSEEN, Stretch

_TOLD = re.compile(r" are at [^\s;]+(?: \(.*?\))?; (.*)", re.DOTALL)
"""Behind the figures of `RollingOut`: what is done now."""


def phase(resource: Json) -> str:
    """Which group is closed and what is done to it or waited for; while none is closed, what is done first of all."""
    status = resource.get("status") or {}
    conditions = {each["type"]: each for each in status.get("conditions", [])}
    rolling, ready = conditions.get("RollingOut"), conditions.get("Ready")
    generation = resource["metadata"]["generation"]
    if not rolling or not ready or min(each["observedGeneration"] for each in (rolling, ready)) < generation:
        return UNSEEN
    phases = {each["name"]: each["phase"] for each in status.get("brokerGroups", [])}
    doing = told(rolling.get("message", ""), phases)
    closed = [f"{name} {at}: {doing.get(name, '')}".rstrip(": ") for name, at in phases.items() if at]
    if closed:
        return "; ".join(closed)
    if rolling["status"] != "False":
        return next((f"{name} {words}".strip() for name, words in doing.items()), str(rolling["reason"]))
    return SETTLED if ready["status"] == "True" else str(ready["reason"])


def told(message: str, groups: Collection[str]) -> dict[str, str]:
    """What `RollingOut` says of each group; of a NameServer, which has none, under an empty name."""
    found = _TOLD.search(message)
    if not found:
        return {}
    if not groups:
        return {"": found[1]}
    names = "|".join(map(re.escape, groups))
    _, *parts = re.split(rf"(?:^|; )({names}) ", found[1])
    return dict(zip(parts[::2], parts[1::2], strict=True))


def by_role(timeline: list[Stretch]) -> list[Stretch]:
    """The same without names, so that what happens to each group adds up."""
    return [Stretch(_unnamed(each.phase), each.seconds) for each in timeline]


def _unnamed(text: str) -> str:
    for pod, (_, number) in SIZE.brokers().items():
        text = text.replace(pod, f"slave {number}" if number else "its master")
    for server in SIZE.servers():
        text = text.replace(server, "a name server")
    for group in {name for name, _ in SIZE.listed()}:
        text = re.sub(rf"(^|; ){group} ", r"\1", text).replace(group, "another group")
    return text
