"""What the plugin shows of a drain: exact numbers, rate, estimate."""

from rich.console import Console

from rocketmq_operator.api import BrokerCluster, BrokerClusterSpec, BrokerClusterStatus
from rocketmq_operator.api.brokercluster_status import BrokerGroup
from rocketmq_operator.api.common import Metadata
from rocketmq_operator.cli import render
from rocketmq_operator.core.plan import Progress
from rocketmq_operator.reconcile.figures import ClusterFigures
from rocketmq_operator.reconcile.progress import Board
from rocketmq_operator.reconcile.world import Key

KEY = Key("BrokerCluster", "ns", "c")


def shown(board: Board) -> str:
    group = BrokerGroup("broker-1", 1, phase="Fenced")
    item = BrokerCluster(
        Metadata(name="c", namespace="ns"), BrokerClusterSpec(), BrokerClusterStatus(broker_groups=[group])
    )
    console = Console(width=200, record=True, file=None, quiet=True)
    with console.capture() as captured:
        console.quiet = False
        console.print(render.cluster_tree(item, ClusterFigures("ns", "c", progress=board.of(KEY))))
    return captured.get()


def test_a_drain_is_shown_with_numbers_and_an_estimate() -> None:
    board = Board()
    for second, left in ((0, 4000), (3, 3700), (6, 3400)):
        board.note(KEY, (Progress("broker-1", "Draining", "drains: readers", left, 5000),), float(second))
    text = shown(board)
    assert "broker-1  not ready  Fenced" in text
    assert "draining: drains: readers  3400 of 5000 messages  100/s  about 34 s" in text


def test_a_group_that_arrived_is_no_longer_told_of() -> None:
    board = Board()
    board.note(KEY, (Progress("broker-1", "Draining", "drains", 1, 1),), 0.0)
    board.note(KEY, (), 1.0)
    assert board.of(KEY) == [] and board.all() == []
    assert "draining" not in shown(board)


def test_nothing_read_means_no_estimate() -> None:
    board = Board()
    for second in (0, 3):
        board.note(KEY, (Progress("broker-1", "Draining", "drains", 10, 10),), float(second))
    text = shown(board)
    assert "10 of 10 messages  0/s" in text and "about" not in text
