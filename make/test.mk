# Quick tests first; the end-to-end part last, on a lab of its own or on the cluster that E2E_KUBECONFIG names.
TESTS := unit property sim lab images integration e2e

.PHONY: test test-quick e2e-scale
test: venv ## every test; the end-to-end part needs root
	@$(VENV)/bin/pytest -rsR --durations=30 $(wildcard $(filter-out tests/e2e,$(TESTS:%=tests/%)) bench/tests tests/e2e)

e2e-scale: venv ## scaling in full: at least 50,000 messages through each operation (E2E_SCALE_MESSAGES)
	@E2E_SCALE_MESSAGES=$${E2E_SCALE_MESSAGES:-50000} $(VENV)/bin/pytest -s tests/e2e/test_5_name_server_scaling.py tests/e2e/test_5_names_under_traffic.py tests/e2e/test_6_groups.py tests/e2e/test_7_members.py

test-quick: venv ## the tests that need no server
	@$(VENV)/bin/pytest tests/unit tests/property tests/sim

.PHONY: e2e-rollout
e2e-rollout: venv ## upgrades and changes in full: at least 50,000 messages (E2E_SCALE_MESSAGES)
	@E2E_SCALE_MESSAGES=$${E2E_SCALE_MESSAGES:-50000} $(VENV)/bin/pytest -s tests/e2e/test_9_rollouts.py tests/e2e/test_9_upgrade_from_4.py
