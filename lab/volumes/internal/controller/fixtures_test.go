package controller

import (
	"context"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/container-storage-interface/spec/lib/go/csi"
	"google.golang.org/grpc"
	core "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"

	"rocketmq-operator/lab/volumes/internal/driver"
	"rocketmq-operator/lab/volumes/internal/socket"
)

func storage(size string) core.ResourceList {
	return core.ResourceList{core.ResourceStorage: resource.MustParse(size)}
}

// boundClaim asks for requested bytes and has present ones.
func boundClaim(requested, present string) *core.PersistentVolumeClaim {
	return &core.PersistentVolumeClaim{
		ObjectMeta: meta.ObjectMeta{Name: "data", Namespace: "default", UID: "claim-uid"},
		Spec: core.PersistentVolumeClaimSpec{
			VolumeName: "pvc-1", Resources: core.VolumeResourceRequirements{Requests: storage(requested)},
		},
		Status: core.PersistentVolumeClaimStatus{Phase: core.ClaimBound, Capacity: storage(present)},
	}
}

// ourVolume is the volume of boundClaim, on node-1.
func ourVolume(size string) *core.PersistentVolume {
	return &core.PersistentVolume{
		ObjectMeta: meta.ObjectMeta{Name: "pvc-1"},
		Spec: core.PersistentVolumeSpec{
			Capacity:     storage(size),
			ClaimRef:     &core.ObjectReference{UID: "claim-uid"},
			NodeAffinity: affinityTo([]*csi.Topology{{Segments: map[string]string{driver.TopologyKey: "node-1"}}}),
			PersistentVolumeSource: core.PersistentVolumeSource{
				CSI: &core.CSIPersistentVolumeSource{Driver: driver.Name, VolumeHandle: "pvc-1"},
			},
		},
	}
}

// recordingDriver answers a node's calls as told and remembers them.
type recordingDriver struct {
	csi.UnimplementedControllerServer
	failure error
	mutex   sync.Mutex
	created []*csi.CreateVolumeRequest
	grown   []int64
	deleted []string
}

func (d *recordingDriver) CreateVolume(_ context.Context, request *csi.CreateVolumeRequest) (*csi.CreateVolumeResponse, error) {
	d.mutex.Lock()
	defer d.mutex.Unlock()
	d.created = append(d.created, request)
	return &csi.CreateVolumeResponse{Volume: &csi.Volume{
		VolumeId: request.GetName(), CapacityBytes: 512 << 20,
		AccessibleTopology: request.GetAccessibilityRequirements().GetRequisite(),
	}}, d.failure
}

func (d *recordingDriver) ControllerExpandVolume(
	_ context.Context, request *csi.ControllerExpandVolumeRequest,
) (*csi.ControllerExpandVolumeResponse, error) {
	d.mutex.Lock()
	defer d.mutex.Unlock()
	size := request.GetCapacityRange().GetRequiredBytes()
	d.grown = append(d.grown, size)
	return &csi.ControllerExpandVolumeResponse{CapacityBytes: size, NodeExpansionRequired: true}, d.failure
}

func (d *recordingDriver) DeleteVolume(_ context.Context, request *csi.DeleteVolumeRequest) (*csi.DeleteVolumeResponse, error) {
	d.mutex.Lock()
	defer d.mutex.Unlock()
	d.deleted = append(d.deleted, request.GetVolumeId())
	return &csi.DeleteVolumeResponse{}, d.failure
}

// serveNode listens as the named node's driver until the test ends.
func serveNode(t *testing.T, name string, answers *recordingDriver) Drivers {
	t.Helper()
	drivers := Drivers{Pattern: filepath.Join(t.TempDir(), NodePlaceholder+".sock")}
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error)
	path := strings.ReplaceAll(drivers.Pattern, NodePlaceholder, name)
	go func() {
		ended <- socket.Serve(ctx, socket.Service{Path: path, Register: func(server grpc.ServiceRegistrar) {
			csi.RegisterControllerServer(server, answers)
		}})
	}()
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	return drivers
}
