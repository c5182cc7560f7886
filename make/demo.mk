# The tutorial on the lab, or on the cluster that DEMO_KUBECONFIG names (its images must be known there: docs/images.md).
.PHONY: demo demo-down
demo: venv ## the tutorial, for real: a Kubernetes, the operator, a cluster, messages sent and received
	@bash demo/run.sh

demo-down: venv ## remove the lab and all in it
	@lab/lab down
