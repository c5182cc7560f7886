// Package driver is the CSI driver of one node: identity, controller and node service over the node's volume files.
// Specification: github.com/container-storage-interface/spec, version 1.12.
package driver

import (
	"sync"

	"github.com/container-storage-interface/spec/lib/go/csi"
	"google.golang.org/grpc"

	"rocketmq-operator/lab/volumes/internal/image"
)

const (
	// Name of the driver: CSIDriver object, StorageClass provisioner, PersistentVolume source.
	Name = "volumes.lab.rocketmq.huanwei.io"
	// TopologyKey is the node label that says where a volume is; its value is the node's name.
	TopologyKey = "lab.rocketmq.huanwei.io/node"
	// Version of the driver, as it reports it.
	Version = "1.0.0"
)

// Driver serves the volumes of one node.
type Driver struct {
	csi.UnimplementedIdentityServer
	csi.UnimplementedControllerServer
	csi.UnimplementedNodeServer

	node  string
	store *image.Store
	locks keyedLocks
}

// New makes the driver of the named node.
func New(node string, store *image.Store) *Driver {
	return &Driver{node: node, store: store}
}

// Register offers all services of the driver on the server.
func (d *Driver) Register(server grpc.ServiceRegistrar) {
	csi.RegisterIdentityServer(server, d)
	csi.RegisterControllerServer(server, d)
	csi.RegisterNodeServer(server, d)
}

func (d *Driver) topology() *csi.Topology {
	return &csi.Topology{Segments: map[string]string{TopologyKey: d.node}}
}

// keyedLocks keeps two calls from working on the same volume at once.
type keyedLocks struct{ locks sync.Map }

// lock waits for the volume and gives the function that frees it. Locks are never forgotten: they are small, and a lab's
// volumes are few.
func (k *keyedLocks) lock(identifier string) (unlock func()) {
	entry, _ := k.locks.LoadOrStore(identifier, &sync.Mutex{})
	mutex := entry.(*sync.Mutex)
	mutex.Lock()
	return mutex.Unlock
}
