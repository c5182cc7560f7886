# The workload clients: official Java client, ledgers of what was sent and what arrived (tests/clients/README.md).
.PHONY: clients test-clients
clients: ## build the Java workload clients, print the jar's path
	@tests/clients/build.sh

test-clients: ## test the workload clients' accounts (no network)
	@mvn -q -B -Dstyle.color=never -f tests/clients/pom.xml test
