"""Going back: which revision, which annotation, and what is to be said about it."""

from rocketmq_operator.core import names
from rocketmq_operator.core.facts import ObjectFact
from rocketmq_operator.core.rollout import revisions
from rocketmq_operator.core.rollout.target import KIND
from rocketmq_operator.kube.port import Kube

from . import history, plans
from .frame import Refused
from .notes import annotate, noted, order
from .observe import Seen


async def go_back(kube: Kube, seen: Seen, number: int | None) -> str:
    """Let another revision run than the spec asks for; says what happens."""
    target, there = seen.target, seen.snapshot.objects
    chosen = history.of_number(seen, number) if number is not None else _last_good(seen)
    if chosen.name == target.revision:
        raise Refused(f"{seen.ref}: revision {chosen.number} ({chosen.name}) is the one that is to run already")
    if chosen.name == target.asked:
        return await forget(kube, seen)
    if (KIND, target.asked) not in there:
        raise Refused(f"{seen.ref}: the operator has not taken the newest spec in yet; try again in a moment")
    notes = {names.RUN_REVISION: f"{target.asked} {chosen.name}"}
    found = await plans.foretold(kube, seen, noted(seen.item, notes))
    if found.verdict == "refused" and not found.restarts:
        raise Refused(f"{seen.ref} cannot go back to revision {chosen.number}: {found.problems[0].message}")
    await annotate(kube, seen.ref, seen.item.metadata.uid, notes)
    return (
        f"{seen.ref} goes back to revision {chosen.number} ({chosen.name}); {order(found)}\n"
        f"The spec is not edited and still asks for {target.asked}. The next edit of what it asks of pods, by 'kubectl apply' or GitOps, "
        "ends the undo; so put what is to stay there into the file. "
        "'kubectl rocketmq rollout undo --forget' takes the undo back."
    )


async def forget(kube: Kube, seen: Seen) -> str:
    """What the spec asks for is to run again."""
    if names.RUN_REVISION not in seen.item.metadata.annotations:
        raise Refused(f"{seen.ref}: no undo is in force, what runs is what the spec asks for")
    notes = {names.RUN_REVISION: None}
    found = await plans.foretold(kube, seen, noted(seen.item, notes))
    await annotate(kube, seen.ref, seen.item.metadata.uid, notes)
    return f"{seen.ref}: the undo is taken back, {seen.target.asked} runs again as the spec asks; {order(found)}"


def _last_good(seen: Seen) -> ObjectFact:
    name = revisions.last_good(seen.target, seen.snapshot.objects, seen.item.metadata.uid)
    if not name:
        known = ", ".join(str(fact.number) for fact in reversed(history.facts(seen))) or "none"
        raise Refused(
            f"{seen.ref} has no other revision that ran everywhere; name one with --to-revision (there are: {known})"
        )
    return seen.snapshot.objects[(KIND, name)]
