"""What a spec asks of volumes that exist and Kubernetes cannot give: less, another class. Each with the way out."""

from collections.abc import Iterator, Mapping, Sequence

from ..build import storage
from ..build.storage import Wish
from ..facts import ClusterSnapshot, Problem
from .view import Group, less


def problems(snapshot: ClusterSnapshot, found: Sequence[Group]) -> list[Problem]:
    """Everything of that kind, each thing once."""
    wishes = storage.wishes(snapshot.cluster.spec)
    unread = _unread(wishes, found) if snapshot.claims is None else iter(())
    return [*_smaller(wishes, found), *_other_class(wishes, found), *unread]


def in_force(found: Sequence[Group], name: str) -> tuple[str, str]:
    """The biggest size that a StatefulSet's template of that name says, and the group that has it; empty without one."""
    size, owner = "", ""
    for group in found:
        template = group.templates.get(name)
        if template and (not size or less(size, template.size)):
            size, owner = template.size, group.name
    return size, owner


def _smaller(wishes: Mapping[str, Wish], found: Sequence[Group]) -> Iterator[Problem]:
    """A size below the one in force. The API server refuses what it sees of that (``api/storage.py``)."""
    for name, wish in wishes.items():
        size, owner = in_force(found, name)
        if less(wish.size, size):
            yield Problem(
                "VolumesCannotShrink",
                f"{wish.field} is {wish.size}, but the volumes {name} of {owner} have {size}, and Kubernetes shrinks no volume; set it to "
                "at least that, or create a new cluster with smaller volumes and move to it",
            )


def _other_class(wishes: Mapping[str, Wish], found: Sequence[Group]) -> Iterator[Problem]:
    for name, wish in wishes.items():
        for group in found:
            template = group.templates.get(name)
            if template is None or template.storage_class == wish.storage_class:
                continue
            kept, asked = (each or "the default class" for each in (template.storage_class, wish.storage_class))
            yield Problem(
                "StorageClassCannotChange",
                f"{wish.class_field} asks for {asked}, but the volumes {name} of {group.name} were made with {kept}, and Kubernetes moves "
                "no volume to another class; set it back, or create a new cluster with the other class and move to it",
            )
            break


def _unread(wishes: Mapping[str, Wish], found: Sequence[Group]) -> Iterator[Problem]:
    """Volumes are to grow, and claims may not be read."""
    for name, wish in wishes.items():
        small = [
            group.name for group in found if name in group.templates and less(group.templates[name].size, wish.size)
        ]
        if small:
            yield Problem(
                "VolumesUnknown",
                f"the volumes {name} of {', '.join(small)[:200]} are to have {wish.size}, but the operator cannot read "
                "PersistentVolumeClaims; give it the rights of deploy/02-rbac.yaml",
            )
