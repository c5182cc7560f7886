# Every target describes itself: `make help`. Parts live in make/*.mk, one concern each.
SHELL := /bin/bash
.DEFAULT_GOAL := help

include make/*.mk

.PHONY: help
help: ## this list
	@grep -hE '^[a-zA-Z0-9_-]+:.*## ' $(MAKEFILE_LIST) | sort | awk -F ':.*## ' '{printf "  \033[36m%-16s\033[0m %s\n", $$1, $$2}'
