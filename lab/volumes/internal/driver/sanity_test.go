package driver_test

import (
	"context"
	"path/filepath"
	"testing"
	"time"

	"github.com/kubernetes-csi/csi-test/v5/pkg/sanity"
	"google.golang.org/grpc"

	"rocketmq-operator/lab/volumes/internal/driver"
	"rocketmq-operator/lab/volumes/internal/hosttest"
	"rocketmq-operator/lab/volumes/internal/image"
	"rocketmq-operator/lab/volumes/internal/socket"
)

func TestMain(m *testing.M) { hosttest.Main(m) }

// TestSanity runs the CSI project's own suite against the driver.
func TestSanity(t *testing.T) {
	hosttest.Need(t)
	state := t.TempDir()
	config := sanity.NewTestConfig()
	config.Address = serve(t, state)
	config.TargetPath = filepath.Join(t.TempDir(), "target")
	config.StagingPath = filepath.Join(t.TempDir(), "staging")
	config.TestVolumeSize = 1 << 30
	config.TestVolumeExpandSize = 2 << 30
	sanity.Test(t, config)
}

// serve starts a driver on a socket of its own until the test ends, and then makes sure that it left no mount.
func serve(t *testing.T, state string) (path string) {
	t.Helper()
	store, err := image.OpenStore(state)
	if err != nil {
		t.Fatal(err)
	}
	path = filepath.Join(state, "csi.sock")
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error)
	go func() {
		ended <- socket.Serve(ctx, socket.Service{Path: path, Register: driver.New("node-1", store).Register})
	}()
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
		if err := image.Detach(state); err != nil {
			t.Error(err)
		}
	})
	// The suite's own wait for a connection gives up where its first attempt came too early.
	if err := socket.Call(ctx, path, 10*time.Second, func(context.Context, *grpc.ClientConn) error { return nil }); err != nil {
		t.Fatal(err)
	}
	return path
}
