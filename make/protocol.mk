# RocketMQ's protocol: what decoding costs, and the tests against real servers.

.PHONY: bench-protocol test-protocol
bench-protocol: venv ## CPU time of decoding large replies, over the floor of a standard parser
	@$(PY) -m tests.unit.remoting.measure_bodies

test-protocol: venv ## the protocol's tests, those against real RocketMQ servers on loopback included
	@$(PY) -m pytest tests/unit/remoting tests/unit/admin tests/property/remoting tests/integration/admin

.PHONY: test-protocol-versions
test-protocol-versions: venv ## the protocol against other RocketMQ versions too: ROCKETMQ_VERSIONS, default 4.9.7,5.3.3,5.5.0
	@ROCKETMQ_VERSIONS=$${ROCKETMQ_VERSIONS:-4.9.7,5.3.3,5.5.0} $(PY) -m pytest tests/integration/admin/test_other_versions.py
