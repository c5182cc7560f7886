# Settings of RocketMQ's brokers: which could be changed live, and which were shown to be (docs/live-settings.md).
VERSION ?= 5.4.0

.PHONY: broker-keys test-live-keys
broker-keys: venv ## settings of RocketMQ VERSION (5.4.0) by when a broker reads them; KEYS="-o json"
	@$(PY) -m tools.broker_keys $(VERSION) $(KEYS)

test-live-keys: venv ## show the effect of every live setting: ROCKETMQ_VERSIONS, default all that are supported
	@ROCKETMQ_VERSIONS=$${ROCKETMQ_VERSIONS:-4.9.7,5.3.3,5.4.0,5.5.0} $(PY) -m pytest tests/integration/live_keys
