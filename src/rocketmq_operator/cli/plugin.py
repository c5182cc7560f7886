"""``kubectl rocketmq``: clusters as people look at them. Talks to the API server only, so it works from a laptop.

Live figures come from the operator through the API server's Service proxy; without the operator the plugin shows what the
statuses say and tells that the rest is missing.
"""

import cyclopts

from rocketmq_operator import __version__
from rocketmq_operator.api import BrokerCluster
from rocketmq_operator.kube.errors import Forbidden, KubeError, NotFound
from rocketmq_operator.reconcile.figures import ClusterFigures

from . import access, changes, plans, render, rollouts
from .frame import All, Context, Namespace, Operator, Output, err, out, run, write_json

app = cyclopts.App(
    name="kubectl-rocketmq",
    help="Looks at RocketMQ clusters on Kubernetes, and sees changes through.",
    version=__version__,
    version_flags=[],
)

app.command(plans.plan)
app.command(rollouts.app)
app.command(changes.promote)
app.command(changes.restart)


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
            write_json([{"resource": each, "live": live} for each, live in zip(clusters, figures, strict=True)])
            return
        for each, live in zip(clusters, figures, strict=True):
            out.print(render.cluster_tree(each, live))

    run(show, namespace, context, operator_namespace)


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
            write_json([row for live in tables for row in live.rows])
            return
        for text in dict.fromkeys(live.table.rstrip("\n") for live in tables if live.table):
            print(text)

    run(show, namespace, context, operator_namespace)


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
            write_json(found)
        else:
            out.print(render.clusters_table(found))

    run(show, namespace, context)


@app.command
def version(*, output: Output = "text") -> None:
    """The plugin's version."""
    if output == "json":
        write_json({"version": __version__})
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


def main() -> None:
    """Entry point."""
    app()
