"""The claims of a little world and what stands behind them: they grow when the test says so."""

from typing import Any

import msgspec

from rocketmq_operator.core.facts import ClaimFact


class Volumes:
    """Claims by name; ``expandable`` says of each storage class whether its volumes can grow, None if that may not be read."""

    def __init__(self, storage_class: str = "grows") -> None:
        self.claims: dict[str, ClaimFact] = {}
        self.expandable: dict[str, bool | None] = {"grows": True, "fixed": False, "secret": None}
        self.storage_class = storage_class
        self._made = 0

    def copy(self) -> "Volumes":
        """The same, to be changed without changing this one."""
        other = Volumes(self.storage_class)
        other.claims, other.expandable, other._made = dict(self.claims), dict(self.expandable), self._made
        return other

    def claim(self, spec: dict[str, Any], pod: str) -> None:
        """What the StatefulSet controller does for a pod: claims that are not there are made from the templates."""
        for template in spec.get("volumeClaimTemplates", ()):
            name, size = f"{template['metadata']['name']}-{pod}", template["spec"]["resources"]["requests"]["storage"]
            if name not in self.claims:
                self._made += 1
                uid, storage_class = f"claim-{self._made}", template["spec"].get("storageClassName", self.storage_class)
                self.claims[name] = ClaimFact(
                    name, uid, "1", size, size, storage_class=storage_class, volume=f"pv-{self._made}"
                )

    def change(self, name: str, **changes: Any) -> None:
        """Something about a claim is different now."""
        version = str(int(self.claims[name].resource_version) + 1)
        self.claims[name] = msgspec.structs.replace(self.claims[name], resource_version=version, **changes)

    def grow(self, *, on_node: bool = False) -> None:
        """The storage does what it was asked for; ``on_node``: the file systems do not follow yet."""
        for name, claim in self.claims.items():
            if claim.requested != claim.capacity and not claim.failed:
                done = {"on_node": True} if on_node else {"on_node": False, "capacity": claim.requested}
                self.change(name, **done)
