"""What decoding costs: `python -m tests.unit.remoting.measure_bodies`. Not a test.

The bodies are those of a large installation: 1,000 broker groups of two (reply 106), 500 topics of 16 queues (reply 317).
The floor is msgspec on the same content as standard JSON.
"""

import json
import time
from collections.abc import Callable

from rocketmq_operator.remoting.bodies.consumption import BacklogReply
from rocketmq_operator.remoting.bodies.routing import ClusterInfo
from rocketmq_operator.remoting.body import decode_body
from rocketmq_operator.remoting.lenient import to_standard_json

_ROUNDS = 7


def cluster_reply(groups: int = 1000) -> bytes:
    """Reply 106."""
    host = "my-cluster-{group}-{member}.my-cluster.some-namespace.svc:10911"
    entries = (
        f'"broker-{group}":{{"brokerAddrs":{{0:"{host.format(group=group, member=0)}",'
        f'1:"{host.format(group=group, member=1)}"}},"brokerName":"broker-{group}","cluster":"DefaultCluster",'
        '"enableActingMaster":false}'
        for group in range(groups)
    )
    names = json.dumps([f"broker-{group}" for group in range(groups)])
    return f'{{"brokerAddrTable":{{{",".join(entries)}}},"clusterAddrTable":{{"DefaultCluster":{names}}}}}'.encode()


def backlog_reply(topics: int = 500, queues: int = 16) -> bytes:
    """Reply 317."""
    progress = '{"brokerOffset":123456,"consumerOffset":123400,"lastTimestamp":1700000000000,"pullOffset":123410}'
    entries = ",".join(
        f'{{"brokerName":"broker-0","queueId":{queue},"topic":"some-topic-{topic}"}}:{progress}'
        for topic in range(topics)
        for queue in range(queues)
    )
    stats = f'{{"consumeTps":0.0,"offsetTable":{{{entries}}}}}'
    return f'{{"consumeStatsList":[{{"group":[{stats}]}}],"totalDiff":1,"totalInflightDiff":0}}'.encode()


def milliseconds(work: Callable[[], object]) -> float:
    """CPU time of the best round."""
    rounds = []
    for _ in range(_ROUNDS):
        began = time.process_time()
        work()
        rounds.append(time.process_time() - began)
    return min(rounds) * 1000


def main() -> None:
    for name, body, kind in (
        ("106, 1,000 groups of 2", cluster_reply(), ClusterInfo),
        ("317, 8,000 queues", backlog_reply(), BacklogReply),
    ):
        standard = to_standard_json(body)
        floor = milliseconds(lambda standard=standard, kind=kind: decode_body(standard, kind))  # type: ignore[misc]
        ours = milliseconds(lambda body=body, kind=kind: decode_body(body, kind))  # type: ignore[misc]
        full = milliseconds(lambda body=body: to_standard_json(body))  # type: ignore[misc]
        print(
            f"{name}: {len(body) / 1024:.0f} KiB; standard JSON {floor:.1f} ms; as it arrives {ours:.1f} ms "
            f"({ours / floor:.0f} x); full lenient parser alone {full:.1f} ms ({full / floor:.0f} x)"
        )


if __name__ == "__main__":
    main()
