// Package controller makes, expands and deletes the volumes of the cluster, by calling the driver of the volume's node.
package controller

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/container-storage-interface/spec/lib/go/csi"
	"google.golang.org/grpc"
	core "k8s.io/api/core/v1"

	"rocketmq-operator/lab/volumes/internal/driver"
	"rocketmq-operator/lab/volumes/internal/socket"
)

const (
	// NodePlaceholder stands for the node's name in a Drivers pattern.
	NodePlaceholder = "{node}"
	// driverPatience is how long a driver may take to appear: a node that is just starting has its driver within that.
	driverPatience = 5 * time.Second
)

// Drivers finds the driver of a node: a socket's path with NodePlaceholder in it.
type Drivers struct{ Pattern string }

// Call runs one exchange with the node's controller service; socket.ErrNobody where the node's driver is down.
func (d Drivers) Call(ctx context.Context, node string, exchange func(context.Context, csi.ControllerClient) error) error {
	path := strings.ReplaceAll(d.Pattern, NodePlaceholder, node)
	return socket.Call(ctx, path, driverPatience, func(ctx context.Context, connection *grpc.ClientConn) error {
		return exchange(ctx, csi.NewControllerClient(connection))
	})
}

// isOurs says whether the volume was made by this driver.
func isOurs(volume *core.PersistentVolume) bool {
	return volume.Spec.CSI != nil && volume.Spec.CSI.Driver == driver.Name
}

// nodeOf reads from a volume's affinity which node holds it.
func nodeOf(volume *core.PersistentVolume) (string, error) {
	if affinity := volume.Spec.NodeAffinity; affinity != nil && affinity.Required != nil {
		for _, term := range affinity.Required.NodeSelectorTerms {
			for _, expression := range term.MatchExpressions {
				if expression.Key == driver.TopologyKey && len(expression.Values) == 1 {
					return expression.Values[0], nil
				}
			}
		}
	}
	return "", fmt.Errorf("volume %s has no affinity to a node by %s", volume.Name, driver.TopologyKey)
}

// affinityTo binds a volume to the topology that its driver reported.
func affinityTo(topologies []*csi.Topology) *core.VolumeNodeAffinity {
	var terms []core.NodeSelectorTerm
	for _, topology := range topologies {
		var expressions []core.NodeSelectorRequirement
		for key, value := range topology.GetSegments() {
			expressions = append(expressions, core.NodeSelectorRequirement{
				Key: key, Operator: core.NodeSelectorOpIn, Values: []string{value},
			})
		}
		terms = append(terms, core.NodeSelectorTerm{MatchExpressions: expressions})
	}
	return &core.VolumeNodeAffinity{Required: &core.NodeSelector{NodeSelectorTerms: terms}}
}
