"""``kubectl rocketmq rollout``: how changes reach running pods; to be looked at, held, and taken back."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Annotated

import cyclopts
from cyclopts import Parameter

from rocketmq_operator.core import names

from . import access, history, progress, undo
from .frame import Context, Kind, Namespace, Output, Refused, out, run, write_json
from .notes import annotate
from .observe import Seen, look, named

app = cyclopts.App(name="rollout", help="How changes reach running pods: status, history, pause, resume, undo.")

LOOK_SECONDS = 2.0

Watch = Annotated[bool, Parameter(name=["--watch", "-w"], negative="", help="until it is done; 1 if it halts")]
Revision = Annotated[int | None, Parameter(name="--revision", help="show the content of this revision")]
ToRevision = Annotated[
    int | None, Parameter(name="--to-revision", help="default: the newest other one that ran everywhere")
]
Forget = Annotated[bool, Parameter(name="--forget", negative="", help="run what the spec asks for again")]


@app.command
def status(
    name: str,
    /,
    *,
    kind: Kind = "brokercluster",
    watch: Watch = False,
    namespace: Namespace = None,
    context: Context = None,
    output: Output = "text",
) -> None:
    """How far it is: which pods run what they should, and what is waited for."""

    async def show(kube: access.Access) -> None:
        ref = named(name, kind, kube.namespace)
        if watch:
            await until_done(lambda: look(kube.kube, ref))
        found = progress.standing(await look(kube.kube, ref))
        if output == "json":
            write_json(found)
        else:
            out.print(progress.text(found))

    run(show, namespace, context)


async def until_done(looked: Callable[[], Awaitable[Seen]], seconds: float = LOOK_SECONDS) -> None:
    """Each change of the state in a line; Refused if the rollout halts."""
    before = ""
    while not (found := progress.standing(await looked())).done:
        if found.message != before:
            out.print(progress.line(found))
        before = found.message
        if found.state == "Halted":
            raise Refused(f"{found.name}: {found.message}")
        await asyncio.sleep(seconds)


@app.command(name="history")
def history_(
    name: str,
    /,
    *,
    kind: Kind = "brokercluster",
    revision: Revision = None,
    namespace: Namespace = None,
    context: Context = None,
    output: Output = "text",
) -> None:
    """The revisions of what the spec asked of pods, and what each changed."""

    async def show(kube: access.Access) -> None:
        seen = await look(kube.kube, named(name, kind, kube.namespace))
        found = history.entries(seen)
        if revision is not None:
            fact = history.of_number(seen, revision)
            found = [each for each in found if each.name == fact.name]
        if output == "json":
            write_json(found)
        elif revision is not None:
            print(history.content_text(fact), end="")
        else:
            out.print(history.table(found) if found else f"{seen.ref} has no revisions yet")

    run(show, namespace, context)


@app.command
def pause(name: str, /, *, kind: Kind = "brokercluster", namespace: Namespace = None, context: Context = None) -> None:
    """Hold it: no pod restarts, a closed group opens again. Everything else goes on."""
    _told(lambda kube, seen: hold(kube, seen, True), name, kind, namespace, context)


@app.command
def resume(name: str, /, *, kind: Kind = "brokercluster", namespace: Namespace = None, context: Context = None) -> None:
    """Let it go on."""
    _told(lambda kube, seen: hold(kube, seen, False), name, kind, namespace, context)


async def hold(kube: access.Access, seen: Seen, wanted: bool) -> str:
    """Write or take away the annotation of a pause; says what that means."""
    paused = seen.item.metadata.annotations.get(names.ROLLOUT_PAUSED) == "true"
    if paused == wanted:
        raise Refused(f"{seen.ref}: its rollouts are {'' if paused else 'not '}paused{' already' if paused else ''}")
    notes = {names.ROLLOUT_PAUSED: "true" if wanted else None}
    await annotate(kube.kube, seen.ref, seen.item.metadata.uid, notes)
    if wanted:
        return f"{seen.ref}: rollouts are paused; 'kubectl rocketmq rollout resume' lets them go on"
    return f"{seen.ref}: rollouts go on"


@app.command(name="undo")
def undo_(
    name: str,
    /,
    *,
    kind: Kind = "brokercluster",
    to_revision: ToRevision = None,
    forget: Forget = False,
    namespace: Namespace = None,
    context: Context = None,
) -> None:
    """Go back to a revision, without an edit of the spec; the next edit ends it."""

    async def go(kube: access.Access, seen: Seen) -> str:
        if forget and to_revision is not None:
            raise Refused("give one of --forget and --to-revision")
        return await (undo.forget(kube.kube, seen) if forget else undo.go_back(kube.kube, seen, to_revision))

    _told(go, name, kind, namespace, context)


def _told(
    act: Callable[[access.Access, Seen], Awaitable[str]],
    name: str,
    kind: str,
    namespace: str | None,
    context: str | None,
) -> None:
    """Look at a resource, act on it, and say what was done."""

    async def show(kube: access.Access) -> None:
        out.print(await act(kube, await look(kube.kube, named(name, kind, kube.namespace))), markup=False)

    run(show, namespace, context)
