# The simulator: histories of a simulated world, each decided by its seed (docs/simulator.md).
SEEDS ?= 1000
SEED ?= 1
FIRST ?= 1
JOBS ?= $(shell nproc)
# Histories that have their beginning in common cost less each; with BRANCH= each is worked out from its own beginning.
BRANCH ?= --branch

.PHONY: sim sim-plays sim-replay sim-mutations
sim: venv ## SEEDS=n histories of the simulated world on all cores; rules, coverage, histories per second
	@quick=/usr/bin/$$($(PY) -c 'import sys; print("python%d.%d" % sys.version_info[:2])'); [ -x $$quick ] || quick=$(PY); \
	PYTHONPATH=src:$$($(PY) -c 'import sysconfig; print(sysconfig.get_path("purelib"))') \
		$$quick -m tests.sim $(BRANCH) --first $(FIRST) --seeds $(SEEDS) --jobs $(JOBS)

sim-plays: venv ## the staged plays of SEEDS=n histories, with little more than that: five times as many in the same time
	@$(PY) -m tests.sim --events 1 --no-table --keep-going --seeds $(SEEDS) --jobs $(JOBS)

sim-replay: venv ## the story of one history: SEED=n, or with its ways SEED=n.ww
	@$(PY) -m tests.sim --replay $(SEED)

sim-mutations: venv ## breaks each rule by hand and counts the seeds until the simulator finds it (SEEDS at most)
	@$(PY) -m tests.sim.mutations --seeds $(SEEDS) --jobs $(JOBS)
