"""``asyncio.gather`` for the looks of a simulated operator, which ask some thousand questions of a history.

Nearly all of them end without having waited. A task for each would cost more than the answer, so each question is begun at
once, in its order, and becomes a task only if it waits. Nothing in those modules asks which task it runs in.
"""

import asyncio
import types
from collections.abc import Coroutine, Generator
from types import SimpleNamespace
from typing import Any, TypeVar

from rocketmq_operator.reconcile import look, look_deep

T = TypeVar("T")


async def gather(*questions: Coroutine[Any, Any, Any]) -> list[Any]:
    """The answers, in the order of the questions; the first error is raised, when the others have been begun."""
    answers: list[Any] = [None] * len(questions)
    waiting: dict[int, asyncio.Task[Any]] = {}
    error: BaseException | None = None
    for number, question in enumerate(questions):
        if isinstance(error, asyncio.CancelledError):
            question.close()
            continue
        try:
            waits_for = question.send(None)
        except StopIteration as end:
            answers[number] = end.value
        except (Exception, asyncio.CancelledError) as failure:
            error = error or failure
        else:
            waiting[number] = asyncio.create_task(_rest(question, waits_for))
    if error is not None:
        for task in waiting.values():
            task.add_done_callback(_seen)
        raise error
    for number, answer in zip(waiting, await asyncio.gather(*waiting.values()), strict=True) if waiting else ():
        answers[number] = answer
    return answers


def _seen(task: asyncio.Task[Any]) -> None:
    """Nobody waits for this one any more, as with asyncio's own."""
    if not task.cancelled():
        task.exception()


@types.coroutine
def _rest(question: Coroutine[Any, Any, T], waits_for: Any) -> Generator[Any, Any, T]:
    """What is left of a coroutine that has begun and waits."""
    while True:
        try:
            try:
                given = yield waits_for
            except BaseException as error:
                waits_for = question.throw(error)
            else:
                waits_for = question.send(given)
        except StopIteration as end:
            found: T = end.value
            return found


def hasten() -> None:
    """From now on looks begin their questions like this."""
    for module in (look, look_deep):
        vars(module)["asyncio"] = SimpleNamespace(gather=gather)
