// Command lab-volumes gives the lab its persistent volumes; README.md says which processes a lab runs.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"

	"google.golang.org/grpc"
	"k8s.io/klog/v2"
	kubelet "k8s.io/kubelet/pkg/apis/pluginregistration/v1"

	"rocketmq-operator/lab/volumes/internal/controller"
	"rocketmq-operator/lab/volumes/internal/driver"
	"rocketmq-operator/lab/volumes/internal/image"
	"rocketmq-operator/lab/volumes/internal/registration"
	"rocketmq-operator/lab/volumes/internal/socket"
)

const usage = `lab-volumes: the lab's persistent volumes (README.md)
  lab-volumes node       --node-name NAME --state DIR --kubelet-root DIR
  lab-volumes controller --kubeconfig FILE --driver-socket '.../{node}/.../csi.sock'
  lab-volumes detach     --state DIR    unmount and detach all volumes whose files are below DIR; keep the files
  lab-volumes cleanup    --state DIR    detach, then remove the volumes of one node's state folder
`

type command func(ctx context.Context, arguments []string) error

var commands = map[string]command{
	"node":       runNode,
	"controller": runController,
	"detach":     onState(image.Detach),
	"cleanup":    onState(cleanup),
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, os.Interrupt)
	defer stop()
	var chosen command
	if len(os.Args) > 1 {
		chosen = commands[os.Args[1]]
	}
	if chosen == nil {
		fmt.Fprint(os.Stderr, usage)
		os.Exit(2)
	}
	if err := chosen(ctx, os.Args[2:]); err != nil && ctx.Err() == nil {
		fmt.Fprintf(os.Stderr, "lab-volumes %s: %v\n", os.Args[1], err)
		os.Exit(1)
	}
}

// parse reads the flags, each of which is mandatory but for the logger's own.
func parse(arguments []string, values map[string]*string) error {
	flags := flag.NewFlagSet("lab-volumes", flag.ContinueOnError)
	klog.InitFlags(flags)
	for name, value := range values {
		flags.StringVar(value, name, "", "")
	}
	if err := flags.Parse(arguments); err != nil {
		return err
	}
	if flags.NArg() > 0 {
		return fmt.Errorf("unexpected argument %q", flags.Arg(0))
	}
	for name, value := range values {
		if *value == "" {
			return fmt.Errorf("--%s is missing", name)
		}
	}
	return nil
}

func runNode(ctx context.Context, arguments []string) error {
	var name, state, kubeletRoot string
	if err := parse(arguments, map[string]*string{"node-name": &name, "state": &state, "kubelet-root": &kubeletRoot}); err != nil {
		return err
	}
	if err := image.CheckHost(); err != nil {
		return err
	}
	state, err := filepath.Abs(state)
	if err != nil {
		return err
	}
	store, err := image.OpenStore(state)
	if err != nil {
		return err
	}
	if err := store.RemoveUnfinished(); err != nil {
		return err
	}
	endpoint := filepath.Join(state, socketName)
	announcement := &registration.Server{Name: driver.Name, Endpoint: endpoint}
	return socket.Serve(ctx,
		socket.Service{Path: endpoint, Register: driver.New(name, store).Register},
		socket.Service{Path: registration.SocketPath(kubeletRoot), Register: func(server grpc.ServiceRegistrar) {
			kubelet.RegisterRegistrationServer(server, announcement)
		}},
	)
}

func runController(ctx context.Context, arguments []string) error {
	var kubeconfig, pattern string
	if err := parse(arguments, map[string]*string{"kubeconfig": &kubeconfig, "driver-socket": &pattern}); err != nil {
		return err
	}
	if !strings.Contains(pattern, controller.NodePlaceholder) {
		return fmt.Errorf("--driver-socket %s: %s must stand for the node's name", pattern, controller.NodePlaceholder)
	}
	return controller.Run(ctx, kubeconfig, controller.Drivers{Pattern: pattern})
}

// socketName is the file of the driver's socket in its state folder.
const socketName = "csi.sock"

func cleanup(state string) error {
	if err := os.Remove(filepath.Join(state, socketName)); err != nil && !os.IsNotExist(err) {
		return err
	}
	return image.Cleanup(state)
}

// onState makes a command of what works on a folder alone.
func onState(action func(state string) error) command {
	return func(_ context.Context, arguments []string) error {
		var state string
		if err := parse(arguments, map[string]*string{"state": &state}); err != nil {
			return err
		}
		return action(state)
	}
}
