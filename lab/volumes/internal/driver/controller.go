package driver

import (
	"context"

	"github.com/container-storage-interface/spec/lib/go/csi"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	"rocketmq-operator/lab/volumes/internal/image"
)

// ControllerGetCapabilities lists what the controller service can do.
func (d *Driver) ControllerGetCapabilities(context.Context, *csi.ControllerGetCapabilitiesRequest) (*csi.ControllerGetCapabilitiesResponse, error) {
	response := &csi.ControllerGetCapabilitiesResponse{}
	for _, kind := range []csi.ControllerServiceCapability_RPC_Type{
		csi.ControllerServiceCapability_RPC_CREATE_DELETE_VOLUME,
		csi.ControllerServiceCapability_RPC_EXPAND_VOLUME,
		csi.ControllerServiceCapability_RPC_SINGLE_NODE_MULTI_WRITER,
	} {
		rpc := &csi.ControllerServiceCapability_RPC{Type: kind}
		response.Capabilities = append(response.Capabilities,
			&csi.ControllerServiceCapability{Type: &csi.ControllerServiceCapability_Rpc{Rpc: rpc}})
	}
	return response, nil
}

// CreateVolume makes a volume on this driver's node.
func (d *Driver) CreateVolume(_ context.Context, request *csi.CreateVolumeRequest) (*csi.CreateVolumeResponse, error) {
	if err := d.checkCreate(request); err != nil {
		return nil, err
	}
	size, err := sizeFor(request.GetCapacityRange())
	if err != nil {
		return nil, err
	}
	identifier := image.Identifier(request.GetName())
	defer d.locks.lock(identifier)()
	if err := d.store.Create(identifier, size); err != nil {
		return nil, failure(err)
	}
	return &csi.CreateVolumeResponse{Volume: &csi.Volume{
		VolumeId:           identifier,
		CapacityBytes:      size,
		AccessibleTopology: []*csi.Topology{d.topology()},
	}}, nil
}

func (d *Driver) checkCreate(request *csi.CreateVolumeRequest) error {
	if err := required("name", request.GetName()); err != nil {
		return err
	}
	if len(request.GetName()) > maximumName {
		return status.Errorf(codes.InvalidArgument, "the name has more than %d bytes", maximumName)
	}
	if request.GetVolumeContentSource() != nil {
		return status.Error(codes.InvalidArgument, "volumes start empty: no clone, no snapshot")
	}
	for name := range request.GetParameters() {
		return status.Errorf(codes.InvalidArgument, "unknown parameter %q: this driver has none", name)
	}
	if allowed := request.GetAccessibilityRequirements().GetRequisite(); len(allowed) > 0 && !d.isAmong(allowed) {
		return status.Errorf(codes.ResourceExhausted, "this driver makes volumes only on node %s", d.node)
	}
	return checkCapabilities(request.GetVolumeCapabilities()...)
}

func (d *Driver) isAmong(topologies []*csi.Topology) bool {
	for _, topology := range topologies {
		if proto.Equal(topology, d.topology()) {
			return true
		}
	}
	return false
}

// DeleteVolume removes a volume and its data. It is idempotent.
func (d *Driver) DeleteVolume(_ context.Context, request *csi.DeleteVolumeRequest) (*csi.DeleteVolumeResponse, error) {
	identifier := request.GetVolumeId()
	if err := required("volume id", identifier); err != nil {
		return nil, err
	}
	defer d.locks.lock(identifier)()
	return &csi.DeleteVolumeResponse{}, failure(d.store.Remove(identifier))
}

// ControllerExpandVolume makes the volume's file longer. The file system follows by NodeExpandVolume, online or at the next mount.
func (d *Driver) ControllerExpandVolume(_ context.Context, request *csi.ControllerExpandVolumeRequest) (*csi.ControllerExpandVolumeResponse, error) {
	identifier := request.GetVolumeId()
	if err := required("volume id", identifier); err != nil {
		return nil, err
	}
	if request.GetCapacityRange() == nil {
		return nil, status.Error(codes.InvalidArgument, "capacity range is missing")
	}
	wanted, err := sizeFor(request.GetCapacityRange())
	if err != nil {
		return nil, err
	}
	defer d.locks.lock(identifier)()
	if err := d.store.Grow(identifier, wanted); err != nil {
		return nil, failure(err)
	}
	size, err := d.store.Size(identifier)
	return &csi.ControllerExpandVolumeResponse{CapacityBytes: size, NodeExpansionRequired: true}, failure(err)
}

// ValidateVolumeCapabilities confirms the capabilities if the volume has them all.
func (d *Driver) ValidateVolumeCapabilities(
	_ context.Context, request *csi.ValidateVolumeCapabilitiesRequest,
) (*csi.ValidateVolumeCapabilitiesResponse, error) {
	if err := required("volume id", request.GetVolumeId()); err != nil {
		return nil, err
	}
	if len(request.GetVolumeCapabilities()) == 0 {
		return nil, status.Error(codes.InvalidArgument, "volume capabilities are missing")
	}
	if _, err := d.store.Size(request.GetVolumeId()); err != nil {
		return nil, failure(err)
	}
	if err := checkCapabilities(request.GetVolumeCapabilities()...); err != nil {
		return &csi.ValidateVolumeCapabilitiesResponse{Message: err.Error()}, nil
	}
	return &csi.ValidateVolumeCapabilitiesResponse{Confirmed: &csi.ValidateVolumeCapabilitiesResponse_Confirmed{
		VolumeContext:      request.GetVolumeContext(),
		VolumeCapabilities: request.GetVolumeCapabilities(),
		Parameters:         request.GetParameters(),
	}}, nil
}
