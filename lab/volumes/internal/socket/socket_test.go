package socket_test

import (
	"context"
	"errors"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc"

	"rocketmq-operator/lab/volumes/internal/socket"
)

func nothing(grpc.ServiceRegistrar) {}

func noExchange(context.Context, *grpc.ClientConn) error { return nil }

func TestSocketsThatCannotBeAreSaid(t *testing.T) {
	for _, path := range []string{"relative/csi.sock", "/tmp/" + strings.Repeat("x", 120)} {
		if err := socket.Serve(context.Background(), socket.Service{Path: path, Register: nothing}); err == nil || !strings.Contains(err.Error(), path) {
			t.Errorf("%s: %v", path, err)
		}
	}
}

func TestSocketOfAKilledProcessIsReplacedAndOursIsRemoved(t *testing.T) {
	path := filepath.Join(t.TempDir(), "new", "csi.sock")
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	stale, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
	if err != nil {
		t.Fatal(err)
	}
	stale.SetUnlinkOnClose(false)
	stale.Close()
	if err := socket.Call(context.Background(), path, time.Millisecond, noExchange); !errors.Is(err, socket.ErrNobody) {
		t.Errorf("stale socket: %v", err)
	}
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error)
	go func() { ended <- socket.Serve(ctx, socket.Service{Path: path, Register: nothing}) }()
	if err := socket.Call(ctx, path, 10*time.Second, noExchange); err != nil {
		t.Error(err)
	}
	stop()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(path); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the socket is still there: %v", err)
	}
}
