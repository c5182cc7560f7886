# The runtime's own measurements; see docs/runtime.md.
.PHONY: bench-decode
bench-decode: venv ## CPU and memory for reading 5,000 pods, against json.loads; import time
	@$(PY) bench/decode.py
