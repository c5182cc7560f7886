// Package socket serves and calls gRPC services on unix sockets.
package socket

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/status"
	"k8s.io/klog/v2"
)

// maximumPath is how many bytes a socket's path may have: sun_path in unix(7), less its closing zero.
const maximumPath = 107

// stopPatience is how long calls under way may take to end after a stop.
const stopPatience = 2 * time.Second

// Service is what one socket offers.
type Service struct {
	Path     string
	Register func(grpc.ServiceRegistrar)
}

// Serve offers the services, each on its socket, opened in the order given, until the context ends or one fails.
// Folders are made, sockets that a killed process left are replaced, and all are removed at the end.
func Serve(ctx context.Context, services ...Service) error {
	failed := make(chan error, len(services))
	for _, service := range services {
		listener, err := listen(service.Path)
		if err != nil {
			return err
		}
		server := grpc.NewServer(grpc.UnaryInterceptor(logFailure))
		service.Register(server)
		defer stop(server)
		go func() { failed <- server.Serve(listener) }()
	}
	select {
	case <-ctx.Done():
		return nil
	case err := <-failed:
		return err
	}
}

// CheckPath says what is wrong with a socket's path, before anything else is done.
func CheckPath(path string) error {
	if !filepath.IsAbs(path) {
		return fmt.Errorf("socket path %s: must be absolute", path)
	}
	if len(path) > maximumPath {
		return fmt.Errorf("socket path %s: %d bytes, at most %d are possible: choose a shorter folder", path, len(path), maximumPath)
	}
	return nil
}

func listen(path string) (net.Listener, error) {
	if err := CheckPath(path); err != nil {
		return nil, err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o750); err != nil {
		return nil, err
	}
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, err
	}
	return net.Listen("unix", path)
}

func stop(server *grpc.Server) {
	timer := time.AfterFunc(stopPatience, server.Stop)
	defer timer.Stop()
	server.GracefulStop()
}

// logFailure makes calls that fail visible; their content holds no secrets and is not logged.
func logFailure(ctx context.Context, request any, info *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
	start := time.Now()
	response, err := handler(ctx, request)
	if err != nil {
		klog.ErrorS(err, "call failed", "method", info.FullMethod, "seconds", time.Since(start).Seconds())
	} else {
		klog.V(2).InfoS("call", "method", info.FullMethod, "seconds", time.Since(start).Seconds())
	}
	return response, err
}

// Call runs one exchange with the service on the socket. Nobody listening within patience is codes.Unavailable, with
// ErrNobody: nothing was begun then.
func Call(ctx context.Context, path string, patience time.Duration, exchange func(context.Context, *grpc.ClientConn) error) error {
	connection, err := grpc.NewClient("unix://"+path, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		return err
	}
	defer connection.Close()
	if !awaitListener(ctx, path, patience) {
		return fmt.Errorf("%w: %w", ErrNobody, status.Errorf(codes.Unavailable, "nobody listens on %s", path))
	}
	return exchange(ctx, connection)
}

// ErrNobody says that a call never began, for nobody listens on the socket.
var ErrNobody = errors.New("no driver")

// pollInterval is the time between two looks at a socket that nobody serves.
const pollInterval = 50 * time.Millisecond

func awaitListener(ctx context.Context, path string, patience time.Duration) bool {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	for {
		connection, err := (&net.Dialer{}).DialContext(ctx, "unix", path)
		if err == nil {
			connection.Close()
			return true
		}
		select {
		case <-ctx.Done():
			return false
		case <-time.After(pollInterval):
		}
	}
}
