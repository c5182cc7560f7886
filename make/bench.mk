# Benchmarks (docs/benchmarks.md). They bring up a lab of their own, named by LAB_NAME (bench), and remove it at the end.
# BENCH="-o json --rounds 9" gives options, such as --kubeconfig FILE for a cluster of one's own.
BENCH ?=

.PHONY: bench-create bench-throughput bench-cli bench-idle bench-scale bench-rollout
bench-create: venv ## time from apply to four registered brokers, against bare manifests
	@$(PY) -m bench.create $(BENCH)

bench-throughput: venv ## steady throughput by Java flags
	@$(PY) -m bench.throughput $(BENCH)

bench-cli: venv ## kubectl rocketmq against mqadmin; the operator's import, start and memory
	@$(PY) -m bench.cli $(BENCH)

bench-idle: venv ## writes to the API server for an idle cluster: there must be none
	@$(PY) -m bench.idle $(BENCH)

bench-scale: venv ## scaling up and down, in phases, over what it demands by itself; requests of each operation
	@$(PY) -m bench.scale $(BENCH)

bench-rollout: venv ## rolling restarts over bare restarts of the same pods, in phases; gaps in successful sends
	@$(PY) -m bench.rollout $(BENCH)
