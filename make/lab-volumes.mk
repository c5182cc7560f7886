.PHONY: test-lab-volumes
test-lab-volumes: ## test the lab's volume driver (all of it only as root, with xfsprogs)
	@cd lab/volumes && gofmt -l . | (! grep .) && go vet ./... && CGO_ENABLED=0 go test ./...
	@test "$$(id -u)" = 0 || echo "NOT RUN: tests on real loop devices and the CSI sanity suite: they need root"
