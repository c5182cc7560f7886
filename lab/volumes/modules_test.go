package main

import (
	"os"
	"regexp"
	"testing"
)

// Building Kubernetes fills the Go build cache with most of what this module needs too, but only where the versions are the same.
func TestModuleVersionsAreThoseOfKubernetes(t *testing.T) {
	ours, theirs := versions(t, "go.mod"), versions(t, "../kubernetes/go.mod")
	if len(ours) < 50 || len(theirs) < 100 {
		t.Fatalf("read only %d and %d modules", len(ours), len(theirs))
	}
	delete(ours, "github.com/container-storage-interface/spec") // ours is newer on purpose; nothing of Kubernetes' depends on it here
	for module, version := range ours {
		if their, shared := theirs[module]; shared && their != version {
			t.Errorf("replace %s => %s %s (here %s)", module, module, their, version)
		}
	}
}

var (
	requirement = regexp.MustCompile(`(?m)^\t(\S+) (v\S+)(?: // indirect)?$`)
	replacement = regexp.MustCompile(`(?m)^(?:replace |\t)(\S+) => (\S+) (v\S+)$`)
)

// versions gives what a module file selects: its requirements, with its replacements carried out.
func versions(t *testing.T, path string) map[string]string {
	t.Helper()
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	selected := map[string]string{}
	for _, match := range requirement.FindAllStringSubmatch(string(content), -1) {
		selected[match[1]] = match[2]
	}
	for _, match := range replacement.FindAllStringSubmatch(string(content), -1) {
		if _, required := selected[match[1]]; required && match[1] == match[2] {
			selected[match[1]] = match[3]
		}
	}
	return selected
}
