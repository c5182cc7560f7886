// Package registration tells kubelet of the driver: kubelet watches a folder for sockets and asks each what it is.
// Protocol: k8s.io/kubelet/pkg/apis/pluginregistration/v1.
package registration

import (
	"context"
	"path/filepath"

	"k8s.io/klog/v2"
	registration "k8s.io/kubelet/pkg/apis/pluginregistration/v1"
)

// SocketPath is where kubelet with this root folder looks for the driver's registration socket.
func SocketPath(kubeletRoot string) string {
	return filepath.Join(kubeletRoot, "plugins_registry", "lab-volumes.sock")
}

// Server answers kubelet's questions about one CSI driver.
type Server struct {
	registration.UnimplementedRegistrationServer
	// Name of the driver.
	Name string
	// Endpoint is the path of the driver's own socket.
	Endpoint string
}

// GetInfo says that this is a CSI driver, and where it listens.
func (s *Server) GetInfo(context.Context, *registration.InfoRequest) (*registration.PluginInfo, error) {
	return &registration.PluginInfo{
		Type:              registration.CSIPlugin,
		Name:              s.Name,
		Endpoint:          s.Endpoint,
		SupportedVersions: []string{"1.0.0"},
	}, nil
}

// NotifyRegistrationStatus hears what became of it. A failure is only logged: kubelet tries again by itself.
func (s *Server) NotifyRegistrationStatus(
	_ context.Context, result *registration.RegistrationStatus,
) (*registration.RegistrationStatusResponse, error) {
	if result.GetPluginRegistered() {
		klog.InfoS("registered with kubelet", "driver", s.Name)
	} else {
		klog.ErrorS(nil, "kubelet refused the driver", "driver", s.Name, "reason", result.GetError())
	}
	return &registration.RegistrationStatusResponse{}, nil
}
