package registration_test

import (
	"context"
	"testing"
	"time"

	"google.golang.org/grpc"
	kubelet "k8s.io/kubelet/pkg/apis/pluginregistration/v1"

	"rocketmq-operator/lab/volumes/internal/registration"
	"rocketmq-operator/lab/volumes/internal/socket"
)

// TestKubeletLearnsOfTheDriver asks what kubelet asks, where kubelet looks.
func TestKubeletLearnsOfTheDriver(t *testing.T) {
	path := registration.SocketPath(t.TempDir())
	server := &registration.Server{Name: "driver.example", Endpoint: "/state/csi.sock"}
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error)
	go func() {
		ended <- socket.Serve(ctx, socket.Service{Path: path, Register: func(registrar grpc.ServiceRegistrar) {
			kubelet.RegisterRegistrationServer(registrar, server)
		}})
	}()
	err := socket.Call(ctx, path, 10*time.Second, func(ctx context.Context, connection *grpc.ClientConn) error {
		client := kubelet.NewRegistrationClient(connection)
		info, err := client.GetInfo(ctx, &kubelet.InfoRequest{})
		if info.GetType() != kubelet.CSIPlugin || info.GetName() != server.Name || info.GetEndpoint() != server.Endpoint ||
			len(info.GetSupportedVersions()) == 0 {
			t.Errorf("info %v", info)
		}
		if err == nil {
			_, err = client.NotifyRegistrationStatus(ctx, &kubelet.RegistrationStatus{PluginRegistered: true})
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
	stop()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}
