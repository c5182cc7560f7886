"""The templates of a StatefulSet, and the pods that are made of them."""

import hashlib

import msgspec

from rocketmq_operator.core.memo import Derived
from rocketmq_operator.core.quantity import parse

from .stored import Json
from .volumes import Volumes

_digests: Derived[str] = Derived(size=200)
"""Asked for more often than there are new templates; none is changed once it is stored."""


class Revisions:
    """The templates that a set has had: the one that runs, the newest."""

    def __init__(self) -> None:
        self.templates: dict[str, Json] = {}
        self.current = ""
        self.newest = ""
        self.generation = -1

    def look(self, name: str, obj: Json) -> None:
        """Note the template as it is now."""
        generation = obj["metadata"]["generation"]
        if generation != self.generation:
            self.generation = generation
            template = obj["spec"]["template"]
            self.newest = name_of(name, template)
            self.templates[self.newest] = template
            self.current = self.current or self.newest


def name_of(workload: str, template: Json) -> str:
    """The name of a template's revision."""
    return f"{workload}-{_digests.get(template, None, lambda: _digest(template))}"


def _digest(template: Json) -> str:
    text = msgspec.json.encode(_canonical(template), order="sorted")
    return hashlib.sha256(text).hexdigest()[:10]


def _canonical(template: Json) -> Json:
    """As it is stored: the API server spells quantities its own way (1024Mi is 1Gi)."""
    containers = [
        {
            **each,
            "resources": {
                kind: {name: str(parse(value)) for name, value in sizes.items()}
                for kind, sizes in each.get("resources", {}).items()
            },
        }
        for each in template["spec"]["containers"]
    ]
    return {**template, "spec": {**template["spec"], "containers": containers}}


def pod_of(obj: Json, ordinal: int, revisions: Revisions, volumes: Volumes) -> Json:
    """A pod of a set, whose claims are made where they are missing."""
    spec, metadata = obj["spec"], obj["metadata"]
    partition = spec.get("updateStrategy", {}).get("rollingUpdate", {}).get("partition", 0)
    revision = revisions.current if ordinal < partition else revisions.newest
    template = revisions.templates[revision]
    name = f"{metadata['name']}-{ordinal}"
    owner = owner_of(obj)
    keep = spec.get("persistentVolumeClaimRetentionPolicy", {}).get("whenDeleted") != "Delete"
    claims = []
    for each in spec.get("volumeClaimTemplates", ()):
        volume = each["metadata"]["name"]
        claim = f"{volume}-{name}"
        volumes.claim(
            metadata["namespace"],
            {**each, "metadata": {**each["metadata"], "name": claim}},
            [] if keep else [owner],
        )
        claims.append({"name": volume, "persistentVolumeClaim": {"claimName": claim}})
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {
            **template["metadata"],
            "name": name,
            "namespace": metadata["namespace"],
            "labels": {
                **template["metadata"]["labels"],
                "apps.kubernetes.io/pod-index": str(ordinal),
                "statefulset.kubernetes.io/pod-name": name,
                "controller-revision-hash": revision,
            },
            "ownerReferences": [owner],
        },
        "spec": {
            **template["spec"],
            "hostname": name,
            "subdomain": spec.get("serviceName", ""),
            "volumes": [*template["spec"].get("volumes", ()), *claims],
        },
        "status": {"phase": "Pending"},
    }


def owner_of(obj: Json) -> Json:
    """How a set is named as an owner."""
    metadata = obj["metadata"]
    return {
        "apiVersion": "apps/v1", "kind": "StatefulSet", "name": metadata["name"], "uid": metadata["uid"],
        "controller": True, "blockOwnerDeletion": True,
    }  # fmt: skip
