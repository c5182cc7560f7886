"""Rules about writes to the API server. Each gets the write before it takes effect and returns what is wrong, or None."""

from collections.abc import Callable
from typing import Any

from rocketmq_operator.core import names

from ..world import World
from . import facts, rollouts
from .copies import leaves_a_copy, moves_only_equal
from .leaving import name_server_goes_last, opens_with_everything
from .remade import remade_around_its_pods

Key = tuple[str, str]
Rule = Callable[[World, str, str, Key, Any], str | None]


def never_another_owners(world: World, verb: str, plural: str, key: Key, body: Any) -> str | None:
    """What belongs to somebody else is neither applied to nor deleted."""
    if verb not in ("apply", "delete") or plural in ("leases", "events"):
        return None
    there = world.api.find(plural, key)
    if there is None or plural in ("pods", "persistentvolumeclaims"):
        return None
    wanted = body.get("metadata", {}).get("ownerReferences", ()) if verb == "apply" else ()
    mine = {each["uid"] for each in wanted} or {each["metadata"]["uid"] for each in facts.clusters(world)}
    mine |= {each["metadata"]["uid"] for each in world.api.objects("nameservers")}
    owners = {each["uid"] for each in there["metadata"].get("ownerReferences", ())}
    return None if owners & mine else f"{verb} of {plural} {key[1]}, which belongs to {owners or 'nobody'}"


def list_never_empty(world: World, verb: str, plural: str, key: Key, body: Any) -> str | None:
    """A starting broker is never left without name servers once they were known."""
    if not _is_intent(verb, plural, key):
        return None
    before = (world.api.find(plural, key) or {}).get("data", {})
    after = body.get("data", {})
    known = ("nameServers", "nameServersDns")
    lost = any(before.get(each) for each in known) and not any(after.get(each) for each in known)
    return f"{key[1]} loses its name servers" if lost else None


def lives_go_forward(world: World, verb: str, plural: str, key: Key, body: Any) -> str | None:
    """A group that was open does not join once more in the same life, and no life comes back."""
    if not _is_intent(verb, plural, key):
        return None
    there = world.api.find(plural, key)
    before, after = (there or {}).get("data", {}), body.get("data", {})
    version = body["metadata"].get("resourceVersion")
    refused = there is not None and (verb == "create" or version not in (None, there["metadata"]["resourceVersion"]))
    if refused or "life" not in before or "life" not in after:
        return None
    if int(after["life"]) < int(before["life"]):
        return f"{key[1]} goes back from life {before['life']} to {after['life']}"
    closed = before["initialized"] == "true" and after["initialized"] != "true" and after["life"] == before["life"]
    return f"{key[1]} forgets that its group was open" if closed and after["phase"] != "Left" else None


def claims_are_the_users(world: World, verb: str, plural: str, key: Key, body: Any) -> str | None:
    """A claim is deleted only where the policy says so."""
    if verb != "delete" or plural != "persistentvolumeclaims":
        return None
    claim = world.api.find(plural, key)
    name = claim["metadata"].get("labels", {}).get(names.CLUSTER_LABEL, "") if claim else ""
    cluster = facts.cluster(world, (key[0], name))
    policy = (cluster or {}).get("spec", {}).get("storage", {}).get("volumePolicy", "Retain")
    return None if policy == "Delete" or claim is None else f"claim {key[1]} is deleted under policy {policy}"


def _is_intent(verb: str, plural: str, key: Key) -> bool:
    return plural == "configmaps" and "-broker-intent-" in key[1] and verb in ("create", "apply")


OBJECT_RULES: tuple[tuple[str, Rule], ...] = (
    ("never-another-owners", never_another_owners),
    ("list-never-empty", list_never_empty),
    ("lives-go-forward", lives_go_forward),
    ("leaves-a-copy", leaves_a_copy),
    ("moves-only-equal", moves_only_equal),
    ("restarts-only-equal", rollouts.restarts_only_equal),
    ("one-group-closed-at-a-time", rollouts.one_group_closed_at_a_time),
    ("halted-means-halted", rollouts.halted_means_halted),
    ("no-step-back", rollouts.no_step_back),
    ("opens-with-everything", opens_with_everything),
    ("name-server-goes-last", name_server_goes_last),
    ("claims-are-the-users", claims_are_the_users),
    ("remade-around-its-pods", remade_around_its_pods),
)
