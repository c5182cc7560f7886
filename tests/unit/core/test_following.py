"""Lists of name servers follow live; never to nothing, and not where brokers look a name up themselves."""

import msgspec
import pytest

from rocketmq_operator.core.addresses import NameServers
from rocketmq_operator.core.facts import BrokerFact, PodFact
from rocketmq_operator.core.following import decide

POD = PodFact("c-0-0", "uid", 0, ip="10.1.0.1")
BROKER = BrokerFact("DefaultCluster", "broker-0", 0, "SYNC_MASTER", version="5.4.0", name_servers="a:1;b:1")
LIST = NameServers(addresses=("b:1", "c:1"))


def test_a_changed_list_is_told() -> None:
    change = decide(POD, BROKER, LIST)
    assert change is not None and change.values == {"namesrvAddr": "b:1;c:1"} and change.address == "10.1.0.1:10911"


@pytest.mark.parametrize(
    "servers",
    [
        NameServers(addresses=("b:1", "a:1")),
        NameServers(),
        NameServers(addresses=("c:1",), problem="not to be trusted"),
        NameServers(dns="names:1", addresses=("c:1",)),
    ],
    ids=["same", "unknown", "doubtful", "looked up by the broker"],
)
def test_otherwise_nothing_is_told(servers: NameServers) -> None:
    assert decide(POD, BROKER, servers) is None


def test_before_5_1_a_broker_is_told_addresses_even_if_there_is_a_name() -> None:
    old = msgspec.structs.replace(BROKER, version="4.9.7")
    assert decide(POD, old, NameServers(dns="names:1", addresses=("c:1",))) is not None


def test_a_broker_that_does_not_answer_is_left_alone() -> None:
    assert decide(POD, None, LIST) is None
