# RocketMQ's protocol: what decoding costs, and the tests against real servers.

.PHONY: bench-protocol test-protocol
bench-protocol: venv ## CPU time of decoding large replies, over the floor of a standard parser
	@$(PY) -m tests.unit.remoting.measure_bodies

test-protocol: venv ## the protocol's tests, those against real RocketMQ servers on loopback included
	@$(PY) -m pytest tests/unit/remoting tests/unit/admin tests/property/remoting tests/integration/admin
