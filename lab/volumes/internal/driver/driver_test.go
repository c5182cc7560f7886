package driver_test

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"github.com/container-storage-interface/spec/lib/go/csi"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"rocketmq-operator/lab/volumes/internal/driver"
	"rocketmq-operator/lab/volumes/internal/hosttest"
	"rocketmq-operator/lab/volumes/internal/image"
)

const gibibyte = 1 << 30

func newDriver(t *testing.T) *driver.Driver {
	t.Helper()
	state := t.TempDir()
	store, err := image.OpenStore(state)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := image.Detach(state); err != nil {
			t.Error(err)
		}
	})
	return driver.New("node-1", store)
}

func capability(mode csi.VolumeCapability_AccessMode_Mode, fileSystem string) *csi.VolumeCapability {
	return &csi.VolumeCapability{
		AccessMode: &csi.VolumeCapability_AccessMode{Mode: mode},
		AccessType: &csi.VolumeCapability_Mount{Mount: &csi.VolumeCapability_MountVolume{FsType: fileSystem}},
	}
}

func writer() *csi.VolumeCapability {
	return capability(csi.VolumeCapability_AccessMode_SINGLE_NODE_MULTI_WRITER, "xfs")
}

func onNode(name string) *csi.TopologyRequirement {
	return &csi.TopologyRequirement{Requisite: []*csi.Topology{{Segments: map[string]string{driver.TopologyKey: name}}}}
}

func TestCreateVolumeRefuses(t *testing.T) {
	block := &csi.VolumeCapability{AccessMode: writer().AccessMode, AccessType: &csi.VolumeCapability_Block{}}
	shared := capability(csi.VolumeCapability_AccessMode_MULTI_NODE_MULTI_WRITER, "")
	for name, wrong := range map[string]struct {
		change func(*csi.CreateVolumeRequest)
		code   codes.Code
	}{
		"no name":         {func(r *csi.CreateVolumeRequest) { r.Name = "" }, codes.InvalidArgument},
		"no capability":   {func(r *csi.CreateVolumeRequest) { r.VolumeCapabilities = nil }, codes.InvalidArgument},
		"block":           {func(r *csi.CreateVolumeRequest) { r.VolumeCapabilities = []*csi.VolumeCapability{block} }, codes.InvalidArgument},
		"many nodes":      {func(r *csi.CreateVolumeRequest) { r.VolumeCapabilities = []*csi.VolumeCapability{writer(), shared} }, codes.InvalidArgument},
		"ext4":            {func(r *csi.CreateVolumeRequest) { r.VolumeCapabilities[0].GetMount().FsType = "ext4" }, codes.InvalidArgument},
		"parameter":       {func(r *csi.CreateVolumeRequest) { r.Parameters = map[string]string{"speed": "fast"} }, codes.InvalidArgument},
		"negative":        {func(r *csi.CreateVolumeRequest) { r.CapacityRange.RequiredBytes = -1 }, codes.InvalidArgument},
		"limit too small": {func(r *csi.CreateVolumeRequest) { r.CapacityRange = &csi.CapacityRange{LimitBytes: 1 << 20} }, codes.OutOfRange},
		"too large":       {func(r *csi.CreateVolumeRequest) { r.CapacityRange.RequiredBytes = 1 << 60 }, codes.OutOfRange},
		"another node":    {func(r *csi.CreateVolumeRequest) { r.AccessibilityRequirements = onNode("node-2") }, codes.ResourceExhausted},
		"clone":           {func(r *csi.CreateVolumeRequest) { r.VolumeContentSource = &csi.VolumeContentSource{} }, codes.InvalidArgument},
	} {
		request := &csi.CreateVolumeRequest{
			Name: "one", VolumeCapabilities: []*csi.VolumeCapability{writer()},
			CapacityRange: &csi.CapacityRange{RequiredBytes: gibibyte},
		}
		wrong.change(request)
		if _, err := newDriver(t).CreateVolume(context.Background(), request); status.Code(err) != wrong.code {
			t.Errorf("%s: %v, want %v", name, err, wrong.code)
		}
	}
}

func TestCreatedVolumeIsBoundToItsNodeAndGrowsOnly(t *testing.T) {
	hosttest.NeedFormat(t)
	node, ctx := newDriver(t), context.Background()
	created, err := node.CreateVolume(ctx, &csi.CreateVolumeRequest{
		Name: "one", VolumeCapabilities: []*csi.VolumeCapability{writer()}, AccessibilityRequirements: onNode("node-1"),
		CapacityRange: &csi.CapacityRange{RequiredBytes: gibibyte + 1},
	})
	if err != nil {
		t.Fatal(err)
	}
	volume := created.GetVolume()
	if volume.GetCapacityBytes() != gibibyte+1<<20 {
		t.Errorf("capacity %d", volume.GetCapacityBytes())
	}
	if got := volume.GetAccessibleTopology()[0].GetSegments()[driver.TopologyKey]; got != "node-1" {
		t.Errorf("bound to %q", got)
	}
	for _, step := range []struct{ wanted, size int64 }{{2 * gibibyte, 2 * gibibyte}, {gibibyte, 2 * gibibyte}} {
		grown, err := node.ControllerExpandVolume(ctx, &csi.ControllerExpandVolumeRequest{
			VolumeId: volume.GetVolumeId(), CapacityRange: &csi.CapacityRange{RequiredBytes: step.wanted},
		})
		if err != nil || grown.GetCapacityBytes() != step.size || !grown.GetNodeExpansionRequired() {
			t.Errorf("expanded to %d: %v, %v", step.wanted, grown, err)
		}
	}
}

// TestLifeOnANode follows a volume as kubelet handles it, with every call made twice, as after a restart.
func TestLifeOnANode(t *testing.T) {
	hosttest.Need(t)
	node, ctx := newDriver(t), context.Background()
	staging, target := filepath.Join(t.TempDir(), "global"), filepath.Join(t.TempDir(), "pod", "mount")
	twice := func(call func() error) {
		t.Helper()
		for range 2 {
			if err := call(); err != nil {
				t.Fatal(err)
			}
		}
	}
	twice(func() error {
		_, err := node.CreateVolume(ctx, &csi.CreateVolumeRequest{Name: "one", VolumeCapabilities: []*csi.VolumeCapability{writer()}})
		return err
	})
	publish := &csi.NodePublishVolumeRequest{VolumeId: "one", StagingTargetPath: staging, TargetPath: target, VolumeCapability: writer()}
	if _, err := node.NodePublishVolume(ctx, publish); status.Code(err) != codes.FailedPrecondition {
		t.Errorf("published before it was staged: %v", err)
	}
	twice(func() error {
		_, err := node.NodeStageVolume(ctx, &csi.NodeStageVolumeRequest{VolumeId: "one", StagingTargetPath: staging, VolumeCapability: writer()})
		return err
	})
	twice(func() error { _, err := node.NodePublishVolume(ctx, publish); return err })
	before := available(t, node, target)
	expand := &csi.NodeExpandVolumeRequest{VolumeId: "one", VolumePath: target, CapacityRange: &csi.CapacityRange{RequiredBytes: gibibyte}}
	if _, err := node.NodeExpandVolume(ctx, expand); status.Code(err) != codes.OutOfRange {
		t.Errorf("the file system outgrew its volume: %v", err)
	}
	twice(func() error {
		_, err := node.ControllerExpandVolume(ctx, &csi.ControllerExpandVolumeRequest{VolumeId: "one", CapacityRange: expand.CapacityRange})
		return err
	})
	twice(func() error { _, err := node.NodeExpandVolume(ctx, expand); return err })
	if after := available(t, node, target); after < before+gibibyte/2 {
		t.Errorf("%d bytes available before, %d after", before, after)
	}
	twice(func() error {
		_, err := node.NodeUnpublishVolume(ctx, &csi.NodeUnpublishVolumeRequest{VolumeId: "one", TargetPath: target})
		return err
	})
	twice(func() error {
		_, err := node.NodeUnstageVolume(ctx, &csi.NodeUnstageVolumeRequest{VolumeId: "one", StagingTargetPath: staging})
		return err
	})
	if _, err := os.Stat(target); !os.IsNotExist(err) {
		t.Errorf("the pod's folder is still there: %v", err)
	}
	twice(func() error {
		_, err := node.DeleteVolume(ctx, &csi.DeleteVolumeRequest{VolumeId: "one"})
		return err
	})
}

func available(t *testing.T, node *driver.Driver, path string) int64 {
	t.Helper()
	stats, err := node.NodeGetVolumeStats(context.Background(), &csi.NodeGetVolumeStatsRequest{VolumeId: "one", VolumePath: path})
	if err != nil {
		t.Fatal(err)
	}
	return stats.GetUsage()[0].GetAvailable()
}
