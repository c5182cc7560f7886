"""What the operator counts, as Prometheus reads it."""

from rocketmq_operator.cli.operator import Process
from rocketmq_operator.cli.settings import Settings
from rocketmq_operator.remoting.codes import RequestCode


def test_requests_to_rocketmq_are_counted_by_name() -> None:
    process = Process(Settings())
    for code in (RequestCode.GET_BROKER_CLUSTER_INFO, RequestCode.GET_BROKER_CLUSTER_INFO, RequestCode.PUT_KV_CONFIG):
        process._called(code)
    lines = process._metrics.text().decode().splitlines()
    assert [line for line in lines if line.startswith("rocketmq_operator_rocketmq_requests_total")] == [
        'rocketmq_operator_rocketmq_requests_total{request="GET_BROKER_CLUSTER_INFO"} 2.0',
        'rocketmq_operator_rocketmq_requests_total{request="PUT_KV_CONFIG"} 1.0',
    ]
