SOURCES := src lab/rocketmq_lab images tools tests bench conftest.py

.PHONY: check format
check: venv ## format, lint, types, boundaries, generated files
	@$(VENV)/bin/ruff format --check $(wildcard $(SOURCES))
	@$(VENV)/bin/ruff check $(wildcard $(SOURCES))
	@$(VENV)/bin/mypy $(wildcard $(SOURCES))
	@$(VENV)/bin/lint-imports
	@$(PY) -m rocketmq_operator.crd.write --check
	@test -z "$$(gofmt -l lab)" || { echo "gofmt -w is needed for:"; gofmt -l lab; exit 1; }

format: venv ## put the code into its one format
	@$(VENV)/bin/ruff check --fix $(wildcard $(SOURCES))
	@$(VENV)/bin/ruff format $(wildcard $(SOURCES))
	@gofmt -w lab
