# The lab: a real Kubernetes on this machine (docs/lab.md). LAB_NAME=... chooses another one beside the default.
LAB := lab/lab

.PHONY: lab-up lab-down lab-status kubeconfig
lab-up: venv ## start the lab: a real Kubernetes of NODES=1..3 nodes (3)
	@$(LAB) up $(if $(NODES),--nodes $(NODES))

lab-down: ## remove the lab and everything it made
	@$(LAB) down

lab-status: ## what runs in the lab
	@$(LAB) status

kubeconfig: ## print the path of the lab's kubeconfig (make -s kubeconfig)
	@$(LAB) kubeconfig
