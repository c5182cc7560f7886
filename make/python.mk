# The virtual environment, made from the locked, hashed requirements file.
VENV := .venv
PY := $(VENV)/bin/python

$(VENV)/.stamp: requirements.lock pyproject.toml
	@command -v python3.11 >/dev/null || python3 -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed: apt-get install python3 python3-venv"; exit 1; }
	@echo "installing Python packages into $(VENV) ..."
	@python3 -m venv $(VENV)
	@$(PY) -m pip install -q --require-hashes -r requirements.lock
	@$(PY) -m pip install -q --no-deps --no-build-isolation -e .
	@touch $@

.PHONY: venv lock
venv: $(VENV)/.stamp ## the virtual environment with all Python packages

COMPILE := build/lock/bin/pip-compile -q --generate-hashes --allow-unsafe --strip-extras --no-emit-index-url --no-emit-trusted-host \
	--no-emit-find-links --no-header --no-annotate
lock: ## write requirements.lock and the operator image's part of it anew from pyproject.toml
	@python3 -m venv build/lock && build/lock/bin/pip install -q pip-tools
	@$(COMPILE) --all-extras -o requirements.lock pyproject.toml
	@$(COMPILE) -c requirements.lock -o images/operator/requirements.lock pyproject.toml
