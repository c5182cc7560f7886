# Quick tests first; the end-to-end part last, on a lab of its own or on the cluster that E2E_KUBECONFIG names.
TESTS := unit property sim lab images integration e2e

.PHONY: test test-quick
test: venv ## every test; the end-to-end part needs root
	@$(VENV)/bin/pytest $(wildcard $(filter-out tests/e2e,$(TESTS:%=tests/%)) bench/tests tests/e2e)

test-quick: venv ## the tests that need no server
	@$(VENV)/bin/pytest tests/unit tests/property tests/sim
