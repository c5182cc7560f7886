"""What tests of changes share: edits as a user makes them, and the end of a rollout."""

import json
from typing import Any

from .kubectl import Json, Kubectl, until

LIMIT = 900
"""Seconds that a whole rollout may take on a machine with two busy processors."""


class Namespace:
    """Resources of one namespace, as they are edited and looked at."""

    def __init__(self, kubectl: Kubectl, name: str) -> None:
        self._kubectl = kubectl
        self._name = name

    def edit(self, kind: str, name: str, **spec: Any) -> None:
        """Change fields of a spec as a user does."""
        patch = json.dumps({"spec": spec})
        self._kubectl("patch", kind, name, "-n", self._name, "--type=merge", "-p", patch)

    def spec(self, kind: str, name: str) -> Json:
        """The spec of now."""
        found: Json = self._kubectl.json("get", kind, name, "-n", self._name)["spec"]
        return found

    def uids(self, selector: str) -> dict[str, str]:
        """Which pods there are, by name: another uid is another pod."""
        return {name: pod["metadata"]["uid"] for name, pod in self._kubectl.pods(self._name, selector).items()}

    def images(self, selector: str) -> dict[str, str]:
        """What each pod runs, by name."""
        pods = self._kubectl.pods(self._name, selector)
        return {name: pod["spec"]["containers"][0]["image"] for name, pod in pods.items()}

    def rolling(self, kind: str, name: str) -> Json:
        """The condition RollingOut, once it speaks of the spec of now; empty before."""
        found = self._kubectl.json("get", kind, name, "-n", self._name)
        conditions = found.get("status", {}).get("conditions", [])
        condition: Json = next((each for each in conditions if each["type"] == "RollingOut"), {})
        return condition if condition.get("observedGeneration") == found["metadata"]["generation"] else {}

    def rolled(self, kind: str, name: str, seconds: float = LIMIT) -> None:
        """Until nothing is left to restart and all is Ready."""
        until(lambda: self.rolling(kind, name), lambda seen: seen.get("status") == "False", seconds)
        self._kubectl.wait_ready(kind, name, self._name, 120)
