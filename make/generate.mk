.PHONY: generate
generate: venv ## write the generated files anew: CRDs, install.yaml, API reference
	@$(PY) -m rocketmq_operator.crd.write
