package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"
	"text/template"
)

// inLab is a namespace of a running lab, seen through kubectl.
type inLab struct {
	*testing.T
	namespace, image string
}

// TestVolumeOnARunningLab follows a claim through its life on a real cluster. It runs where LAB_KUBECONFIG names one;
// LAB_IMAGE is an image with a shell that the nodes have.
func TestVolumeOnARunningLab(t *testing.T) {
	if os.Getenv("LAB_KUBECONFIG") == "" {
		t.Skip("NOT RUN: LAB_KUBECONFIG names no running lab")
	}
	lab := inLab{t, fmt.Sprintf("volumes-%d", os.Getpid()), os.Getenv("LAB_IMAGE")}
	if lab.image == "" {
		lab.image = "docker.io/rocketmq-operator/operator:0.1.0"
	}
	lab.must("create", "namespace", lab.namespace)
	volume := ""
	t.Cleanup(func() {
		lab.must("delete", "namespace", lab.namespace, "--timeout=180s")
		lab.awaitGone("pv/" + volume)
	})

	lab.apply(claimManifest)
	lab.apply(podManifest)
	lab.must("wait", "--for=condition=Ready", "pod/user", "--timeout=180s")
	volume = lab.get("pvc/data", "{.spec.volumeName}")
	if node, bound := lab.get("pod/user", "{.spec.nodeName}"), lab.get("pv/"+volume, affinityPath); node != bound {
		t.Errorf("the pod is on %s, its volume on %s", node, bound)
	}

	if output, err := lab.shell("dd if=/dev/zero of=/data/full bs=1M count=2000"); err == nil || !strings.Contains(output, "No space left") {
		t.Errorf("2000 MiB in a volume of 400: %v %s", err, output)
	}
	before := lab.get("pod/user", podIdentity)
	lab.must("patch", "pvc/data", "--type=merge", "-p", `{"spec":{"resources":{"requests":{"storage":"900Mi"}}}}`)
	lab.must("wait", "--for=jsonpath={.status.capacity.storage}=900Mi", "pvc/data", "--timeout=180s")
	if after := lab.get("pod/user", podIdentity); after != before {
		t.Errorf("the pod was %s and is %s", before, after)
	}
	if output, err := lab.shell("dd if=/dev/zero of=/data/more bs=1M count=400 && echo kept > /data/marker && sync"); err != nil {
		t.Errorf("after the expansion: %v %s", err, output)
	}

	lab.must("delete", "pod/user", "--grace-period=1")
	lab.apply(podManifest)
	lab.must("wait", "--for=condition=Ready", "pod/user", "--timeout=180s")
	if output, err := lab.shell("cat /data/marker"); strings.TrimSpace(output) != "kept" {
		t.Errorf("the next pod reads %q, %v", output, err)
	}
}

const (
	affinityPath = "{.spec.nodeAffinity.required.nodeSelectorTerms[0].matchExpressions[0].values[0]}"
	podIdentity  = "{.metadata.uid} restarts={.status.containerStatuses[0].restartCount}"

	claimManifest = `{"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {"name": "data"},
"spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "400Mi"}}}}`

	// A user other than root writes, by the volume's group, as a broker does.
	podManifest = `{"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "user"}, "spec": {
"securityContext": {"runAsNonRoot": true, "runAsUser": 3000, "runAsGroup": 3000, "fsGroup": 3000, "seccompProfile": {"type": "RuntimeDefault"}},
"containers": [{"name": "user", "image": {{json .}}, "imagePullPolicy": "IfNotPresent", "command": ["sleep", "100000"],
"securityContext": {"allowPrivilegeEscalation": false, "capabilities": {"drop": ["ALL"]}},
"volumeMounts": [{"name": "data", "mountPath": "/data"}]}],
"volumes": [{"name": "data", "persistentVolumeClaim": {"claimName": "data"}}]}}`
)

func (l inLab) kubectl(input string, arguments ...string) (string, error) {
	all := append([]string{"--kubeconfig", os.Getenv("LAB_KUBECONFIG"), "--namespace", l.namespace}, arguments...)
	command := exec.Command("kubectl", all...)
	command.Stdin = strings.NewReader(input)
	output, err := command.CombinedOutput()
	return string(output), err
}

func (l inLab) must(arguments ...string) string {
	l.Helper()
	output, err := l.kubectl("", arguments...)
	if err != nil {
		l.Fatalf("kubectl %s: %v: %s", strings.Join(arguments, " "), err, output)
	}
	return output
}

func (l inLab) get(object, path string) string {
	l.Helper()
	return l.must("get", object, "-o", "jsonpath="+path)
}

func (l inLab) shell(script string) (string, error) {
	return l.kubectl("", "exec", "user", "--", "sh", "-c", script)
}

func (l inLab) apply(manifest string) {
	l.Helper()
	functions := template.FuncMap{"json": func(value any) (string, error) {
		text, err := json.Marshal(value)
		return string(text), err
	}}
	var text bytes.Buffer
	if err := template.Must(template.New("").Funcs(functions).Parse(manifest)).Execute(&text, l.image); err != nil {
		l.Fatal(err)
	}
	if output, err := l.kubectl(text.String(), "apply", "-f", "-"); err != nil {
		l.Fatalf("%v: %s", err, output)
	}
}

func (l inLab) awaitGone(object string) {
	l.Helper()
	if output, err := l.kubectl("", "wait", "--for=delete", object, "--timeout=180s"); err != nil && !strings.Contains(output, "NotFound") {
		l.Errorf("%s stays: %v: %s", object, err, output)
	}
}
