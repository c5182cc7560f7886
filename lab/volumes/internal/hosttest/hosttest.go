// Package hosttest lets tests use loop devices and mounts without a trace on the machine.
package hosttest

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"rocketmq-operator/lab/volumes/internal/image"
)

const insideVariable = "LAB_VOLUMES_TEST_INSIDE"

// Main runs the tests in a mount namespace of their own, which ends with them, however they end; the loop devices detach
// themselves with the mounts. Without root it runs them as they are: those that need a mount skip themselves (Need).
func Main(m *testing.M) {
	switch {
	case os.Geteuid() != 0:
		os.Exit(m.Run())
	case os.Getenv(insideVariable) == "":
		os.Exit(runInside())
	}
	if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
		fmt.Fprintf(os.Stderr, "no private mounts: %v\n", err)
		os.Exit(1)
	}
	os.Exit(m.Run())
}

func runInside() int {
	runtime.LockOSThread() // the death signal is that of the thread that started the child
	command := exec.Command("/proc/self/exe", os.Args[1:]...)
	command.Env = append(os.Environ(), insideVariable+"=1")
	command.Stdin, command.Stdout, command.Stderr = os.Stdin, os.Stdout, os.Stderr
	command.SysProcAttr = &syscall.SysProcAttr{Cloneflags: unix.CLONE_NEWNS, Pdeathsig: unix.SIGKILL}
	err := command.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		fmt.Fprintf(os.Stderr, "no mount namespace for the tests: %v\n", err)
		return 1
	}
	return command.ProcessState.ExitCode()
}

// Need skips the test where this machine cannot mount volumes, and says what it lacks.
func Need(t *testing.T) {
	t.Helper()
	if err := image.CheckHost(); err != nil {
		t.Skipf("NOT RUN: %v", err)
	}
}

// NeedFormat skips the test where volumes cannot even be formatted, for which no root is needed.
func NeedFormat(t *testing.T) {
	t.Helper()
	if _, err := exec.LookPath("mkfs.xfs"); err != nil {
		t.Skip("NOT RUN: mkfs.xfs is missing: apt-get install xfsprogs")
	}
}
