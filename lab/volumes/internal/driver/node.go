package driver

import (
	"context"
	"errors"
	"os"

	"github.com/container-storage-interface/spec/lib/go/csi"
	"golang.org/x/sys/unix"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"rocketmq-operator/lab/volumes/internal/image"
)

// NodeGetInfo says which node this is; kubelet makes it the node's label.
func (d *Driver) NodeGetInfo(context.Context, *csi.NodeGetInfoRequest) (*csi.NodeGetInfoResponse, error) {
	return &csi.NodeGetInfoResponse{NodeId: d.node, AccessibleTopology: d.topology()}, nil
}

// NodeGetCapabilities lists what the node service can do.
func (d *Driver) NodeGetCapabilities(context.Context, *csi.NodeGetCapabilitiesRequest) (*csi.NodeGetCapabilitiesResponse, error) {
	response := &csi.NodeGetCapabilitiesResponse{}
	for _, kind := range []csi.NodeServiceCapability_RPC_Type{
		csi.NodeServiceCapability_RPC_STAGE_UNSTAGE_VOLUME,
		csi.NodeServiceCapability_RPC_EXPAND_VOLUME,
		csi.NodeServiceCapability_RPC_GET_VOLUME_STATS,
		csi.NodeServiceCapability_RPC_SINGLE_NODE_MULTI_WRITER,
	} {
		rpc := &csi.NodeServiceCapability_RPC{Type: kind}
		response.Capabilities = append(response.Capabilities,
			&csi.NodeServiceCapability{Type: &csi.NodeServiceCapability_Rpc{Rpc: rpc}})
	}
	return response, nil
}

// NodeStageVolume mounts the volume once for the node.
func (d *Driver) NodeStageVolume(_ context.Context, request *csi.NodeStageVolumeRequest) (*csi.NodeStageVolumeResponse, error) {
	identifier, target := request.GetVolumeId(), request.GetStagingTargetPath()
	if err := required("volume id", identifier, "staging target path", target); err != nil {
		return nil, err
	}
	if err := checkCapabilities(request.GetVolumeCapability()); err != nil {
		return nil, err
	}
	defer d.locks.lock(identifier)()
	if _, err := d.store.Size(identifier); err != nil {
		return nil, failure(err)
	}
	if err := os.MkdirAll(target, 0o750); err != nil {
		return nil, failure(err)
	}
	options := request.GetVolumeCapability().GetMount().GetMountFlags()
	return &csi.NodeStageVolumeResponse{}, failure(d.store.Mount(identifier, target, options))
}

// NodeUnstageVolume takes the node's mount away, and with it the loop device.
func (d *Driver) NodeUnstageVolume(_ context.Context, request *csi.NodeUnstageVolumeRequest) (*csi.NodeUnstageVolumeResponse, error) {
	if err := required("volume id", request.GetVolumeId(), "staging target path", request.GetStagingTargetPath()); err != nil {
		return nil, err
	}
	defer d.locks.lock(request.GetVolumeId())()
	return &csi.NodeUnstageVolumeResponse{}, failure(image.Unmount(request.GetStagingTargetPath()))
}

// NodePublishVolume shows the staged volume in a pod's folder.
func (d *Driver) NodePublishVolume(_ context.Context, request *csi.NodePublishVolumeRequest) (*csi.NodePublishVolumeResponse, error) {
	identifier, staging, target := request.GetVolumeId(), request.GetStagingTargetPath(), request.GetTargetPath()
	if err := required("volume id", identifier, "staging target path", staging, "target path", target); err != nil {
		return nil, err
	}
	if err := checkCapabilities(request.GetVolumeCapability()); err != nil {
		return nil, err
	}
	defer d.locks.lock(identifier)()
	if _, err := d.store.Size(identifier); err != nil {
		return nil, failure(err)
	}
	if mounted, err := d.store.MountedOn(identifier, staging); err != nil || !mounted {
		return nil, status.Errorf(codes.FailedPrecondition, "%s is not staged on %s: %v", identifier, staging, err)
	}
	if err := os.MkdirAll(target, 0o750); err != nil {
		return nil, failure(err)
	}
	return &csi.NodePublishVolumeResponse{}, failure(d.store.Bind(identifier, staging, target, request.GetReadonly()))
}

// NodeUnpublishVolume takes the volume out of a pod's folder and removes that folder.
func (d *Driver) NodeUnpublishVolume(_ context.Context, request *csi.NodeUnpublishVolumeRequest) (*csi.NodeUnpublishVolumeResponse, error) {
	target := request.GetTargetPath()
	if err := required("volume id", request.GetVolumeId(), "target path", target); err != nil {
		return nil, err
	}
	defer d.locks.lock(request.GetVolumeId())()
	err := image.Unmount(target)
	if err == nil {
		err = os.Remove(target)
	}
	if errors.Is(err, os.ErrNotExist) {
		err = nil
	}
	return &csi.NodeUnpublishVolumeResponse{}, failure(err)
}

// NodeExpandVolume makes the mounted file system fill the volume, while it is in use.
func (d *Driver) NodeExpandVolume(_ context.Context, request *csi.NodeExpandVolumeRequest) (*csi.NodeExpandVolumeResponse, error) {
	identifier := request.GetVolumeId()
	if err := required("volume id", identifier, "volume path", request.GetVolumePath()); err != nil {
		return nil, err
	}
	defer d.locks.lock(identifier)()
	size, err := d.store.Size(identifier)
	if err != nil {
		return nil, failure(err)
	}
	if wanted := request.GetCapacityRange().GetRequiredBytes(); wanted > size {
		return nil, status.Errorf(codes.OutOfRange, "%s has %d bytes and was never expanded to %d", identifier, size, wanted)
	}
	return &csi.NodeExpandVolumeResponse{CapacityBytes: size}, failure(d.store.GrowMounted(identifier))
}

// NodeGetVolumeStats reports bytes and inodes of the mounted volume.
func (d *Driver) NodeGetVolumeStats(_ context.Context, request *csi.NodeGetVolumeStatsRequest) (*csi.NodeGetVolumeStatsResponse, error) {
	identifier, path := request.GetVolumeId(), request.GetVolumePath()
	if err := required("volume id", identifier, "volume path", path); err != nil {
		return nil, err
	}
	mounted, err := d.store.MountedOn(identifier, path)
	if err != nil || !mounted {
		return nil, status.Errorf(codes.NotFound, "%s is not mounted on %s: %v", identifier, path, err)
	}
	var stats unix.Statfs_t
	if err := unix.Statfs(path, &stats); err != nil {
		return nil, failure(err)
	}
	return &csi.NodeGetVolumeStatsResponse{Usage: usage(&stats)}, nil
}

func usage(stats *unix.Statfs_t) []*csi.VolumeUsage {
	block := stats.Bsize
	return []*csi.VolumeUsage{{
		Unit:      csi.VolumeUsage_BYTES,
		Total:     int64(stats.Blocks) * block,
		Used:      int64(stats.Blocks-stats.Bfree) * block,
		Available: int64(stats.Bavail) * block,
	}, {
		Unit:      csi.VolumeUsage_INODES,
		Total:     int64(stats.Files),
		Used:      int64(stats.Files - stats.Ffree),
		Available: int64(stats.Ffree),
	}}
}
