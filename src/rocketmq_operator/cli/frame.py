"""What all commands of the plugin share: options, consoles, errors in words, JSON."""

import asyncio
import sys
from collections.abc import Callable, Coroutine
from typing import Annotated, Any, Literal, NoReturn

import msgspec
from cyclopts import Parameter
from rich.console import Console

from rocketmq_operator.kube.errors import KubeError, NotFound, Unconfigured

from . import access

Output = Annotated[
    Literal["text", "json"], Parameter(name=["--output", "-o"], help="text for people, json for programs")
]
Namespace = Annotated[str | None, Parameter(name=["--namespace", "-n"], help="default: the context's namespace")]
All = Annotated[bool, Parameter(name=["--all-namespaces", "-A"], negative="", help="all namespaces")]
Context = Annotated[str | None, Parameter(name="--context", help="context of the kubeconfig")]
Operator = Annotated[str, Parameter(name="--operator-namespace", help="where the operator runs")]
Kind = Annotated[
    Literal["brokercluster", "nameserver"], Parameter(name="--kind", help="or write the name as nameserver/NAME")
]

PIPE_WIDTH = 240
"""Columns where no terminal says how many there are: nothing is cut for a program that reads the text."""


class Refused(Exception):  # noqa: N818
    """What was asked for cannot be done; the message names the object and the way out."""


def console(*, stderr: bool = False) -> Console:
    """A console that cuts lines only where a terminal would wrap them."""
    stream = sys.stderr if stderr else sys.stdout
    return Console(stderr=stderr, highlight=False, soft_wrap=True, width=None if stream.isatty() else PIPE_WIDTH)


out, err = console(), console(stderr=True)


def write_json(value: Any) -> None:
    """For programs."""
    sys.stdout.write(msgspec.json.format(msgspec.json.encode(value), indent=2).decode() + "\n")


def run(
    show: Callable[[access.Access], Coroutine[Any, Any, None]],
    namespace: str | None,
    context: str | None,
    operator: str = access.OPERATOR_NAMESPACE,
) -> None:
    """Connect, do it, and tell what went wrong."""

    async def connected() -> None:
        async with access.connect(namespace, context, operator) as kube:
            await show(kube)

    try:
        asyncio.run(connected())
    except Unconfigured as error:
        fail(f"no Kubernetes cluster is configured: {error}; set KUBECONFIG or --context")
    except NotFound as error:
        fail(f"{error}; 'kubectl rocketmq clusters -A' lists all there are")
    except (KubeError, Refused) as error:
        fail(str(error))


def fail(message: str) -> NoReturn:
    """Say so and end with 1."""
    err.print(f"error: {message}", style="red", markup=False)
    raise SystemExit(1)
