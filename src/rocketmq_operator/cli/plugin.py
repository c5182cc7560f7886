"""``kubectl rocketmq``: clusters as people look at them. Talks to the API server only, so it works from a laptop.

Live figures come from the operator through the API server's Service proxy; without the operator the plugin shows what the
statuses say and tells that the rest is missing.
"""

import asyncio
import sys
from collections.abc import Callable, Coroutine
from typing import Annotated, Any, Literal

import cyclopts
import msgspec
from cyclopts import Parameter
from rich.console import Console

from rocketmq_operator import __version__
from rocketmq_operator.api import BrokerCluster
from rocketmq_operator.kube.errors import Forbidden, KubeError, NotFound, Unconfigured
from rocketmq_operator.reconcile.figures import ClusterFigures

from . import access, render

app = cyclopts.App(
    name="kubectl-rocketmq", help="Looks at RocketMQ clusters on Kubernetes.", version=__version__, version_flags=[]
)

Output = Annotated[
    Literal["text", "json"], Parameter(name=["--output", "-o"], help="text for people, json for programs")
]
Namespace = Annotated[str | None, Parameter(name=["--namespace", "-n"], help="default: the context's namespace")]
All = Annotated[bool, Parameter(name=["--all-namespaces", "-A"], negative="", help="all namespaces")]
Context = Annotated[str | None, Parameter(name="--context", help="context of the kubeconfig")]
Operator = Annotated[str, Parameter(name="--operator-namespace", help="where the operator runs")]

PIPE_WIDTH = 240
"""Columns where no terminal says how many there are: nothing is cut for a program that reads the text."""


def console(*, stderr: bool = False) -> Console:
    """A console that cuts lines only where a terminal would wrap them."""
    stream = sys.stderr if stderr else sys.stdout
    return Console(stderr=stderr, highlight=False, soft_wrap=True, width=None if stream.isatty() else PIPE_WIDTH)


out, err = console(), console(stderr=True)


@app.command
def status(
    name: str | None = None,
    /,
    *,
    namespace: Namespace = None,
    context: Context = None,
    output: Output = "text",
    operator_namespace: Operator = access.OPERATOR_NAMESPACE,
) -> None:
    """A tree of one cluster, or of all of a namespace: groups, brokers, rates, lag, conditions in words."""

    async def show(kube: access.Access) -> None:
        clusters = await kube.some(name)
        if not clusters:
            err.print(
                f"no BrokerCluster in namespace {kube.namespace}; 'kubectl rocketmq clusters -A' lists all there are"
            )
        figures = await _figures(kube, clusters)
        if output == "json":
            _json([{"resource": each, "live": live} for each, live in zip(clusters, figures, strict=True)])
            return
        for each, live in zip(clusters, figures, strict=True):
            out.print(render.cluster_tree(each, live))

    _run(show, namespace, context, operator_namespace)


@app.command
def cluster_list(
    name: str | None = None,
    /,
    *,
    namespace: Namespace = None,
    context: Context = None,
    output: Output = "text",
    operator_namespace: Operator = access.OPERATOR_NAMESPACE,
) -> None:
    """mqadmin's clusterList, without a Java process and from outside the cluster."""

    async def show(kube: access.Access) -> None:
        clusters = await kube.some(name)
        tables = [live for live in await _figures(kube, clusters) if live]
        if output == "json":
            _json([row for live in tables for row in live.rows])
            return
        for text in dict.fromkeys(live.table.rstrip("\n") for live in tables if live.table):
            print(text)

    _run(show, namespace, context, operator_namespace)


@app.command
def clusters(
    *,
    all_namespaces: All = False,
    namespace: Namespace = None,
    context: Context = None,
    output: Output = "text",
) -> None:
    """One line for each cluster, of the whole data center with -A; asks the API server once and no broker."""

    async def show(kube: access.Access) -> None:
        found = await kube.all() if all_namespaces else await kube.some(None)
        if output == "json":
            _json(found)
        else:
            out.print(render.clusters_table(found))

    _run(show, namespace, context, access.OPERATOR_NAMESPACE)


@app.command
def version(*, output: Output = "text") -> None:
    """The plugin's version."""
    if output == "json":
        _json({"version": __version__})
    else:
        print(f"kubectl-rocketmq {__version__}")


async def _figures(kube: access.Access, found: list[BrokerCluster]) -> list[ClusterFigures | None]:
    """Live figures of each cluster; says once why there are none."""
    answers: list[ClusterFigures | None] = []
    for each in found:
        try:
            answers.append(await kube.figures(each))
        except KubeError as error:
            answers.append(None)
            _explain(error, kube.operator_namespace)
    return answers


def _explain(error: KubeError, operator_namespace: str) -> None:
    if isinstance(error, Forbidden):
        why = f"you may not use the operator's Service; bind the Role rocketmq-live-view in namespace {operator_namespace} to you"
    elif isinstance(error, NotFound):
        why = f"no operator Service in namespace {operator_namespace}; name its namespace with --operator-namespace"
    else:
        why = f"the operator does not answer ({error})"
    err.print(f"no live figures: {why}", style="yellow")


def _json(value: Any) -> None:
    sys.stdout.buffer.write(msgspec.json.format(msgspec.json.encode(value), indent=2) + b"\n")


def _run(
    show: Callable[[access.Access], Coroutine[Any, Any, None]],
    namespace: str | None,
    context: str | None,
    operator: str,
) -> None:
    async def connected() -> None:
        async with access.connect(namespace, context, operator) as kube:
            await show(kube)

    try:
        asyncio.run(connected())
    except Unconfigured as error:
        _fail(f"no Kubernetes cluster is configured: {error}; set KUBECONFIG or --context")
    except NotFound as error:
        _fail(f"{error}; 'kubectl rocketmq clusters -A' lists all there are")
    except KubeError as error:
        _fail(str(error))


def _fail(message: str) -> None:
    err.print(f"error: {message}", style="red")
    raise SystemExit(1)


def main() -> None:
    """Entry point."""
    app()
