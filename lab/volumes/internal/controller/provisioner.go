package controller

import (
	"context"
	"errors"

	"github.com/container-storage-interface/spec/lib/go/csi"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	core "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
	provision "sigs.k8s.io/sig-storage-lib-external-provisioner/v13/controller"

	"rocketmq-operator/lab/volumes/internal/driver"
	"rocketmq-operator/lab/volumes/internal/image"
	"rocketmq-operator/lab/volumes/internal/socket"
)

// accessModes translates Kubernetes' access modes; a node's driver refuses those for many nodes, with the reason.
var accessModes = map[core.PersistentVolumeAccessMode]csi.VolumeCapability_AccessMode_Mode{
	core.ReadWriteOnce:    csi.VolumeCapability_AccessMode_SINGLE_NODE_MULTI_WRITER,
	core.ReadWriteOncePod: csi.VolumeCapability_AccessMode_SINGLE_NODE_SINGLE_WRITER,
	core.ReadOnlyMany:     csi.VolumeCapability_AccessMode_MULTI_NODE_READER_ONLY,
	core.ReadWriteMany:    csi.VolumeCapability_AccessMode_MULTI_NODE_MULTI_WRITER,
}

// Provisioner makes and deletes volumes for the claims that the library hands it.
type Provisioner struct{ Drivers Drivers }

var _ provision.Provisioner = Provisioner{}

// Provision makes the volume of a claim on the node that the scheduler chose. A node whose driver is down is given back to
// the scheduler, which knows better.
func (p Provisioner) Provision(
	ctx context.Context, options provision.ProvisionOptions,
) (*core.PersistentVolume, provision.ProvisioningState, error) {
	request, err := createRequest(options)
	if err != nil {
		return nil, provision.ProvisioningFinished, err
	}
	var made *csi.Volume
	err = p.Drivers.Call(ctx, options.SelectedNodeName, func(ctx context.Context, client csi.ControllerClient) error {
		response, err := client.CreateVolume(ctx, request)
		made = response.GetVolume()
		return err
	})
	if err != nil {
		return nil, stateAfter(err), err
	}
	return persistentVolume(options, made), provision.ProvisioningFinished, nil
}

// stateAfter tells the library what a failed CreateVolume means.
func stateAfter(err error) provision.ProvisioningState {
	switch {
	case errors.Is(err, socket.ErrNobody) || status.Code(err) == codes.ResourceExhausted:
		return provision.ProvisioningReschedule
	case status.Code(err) == codes.Unavailable || status.Code(err) == codes.DeadlineExceeded:
		return provision.ProvisioningInBackground
	}
	return provision.ProvisioningFinished
}

func createRequest(options provision.ProvisionOptions) (*csi.CreateVolumeRequest, error) {
	spec := options.PVC.Spec
	if options.SelectedNodeName == "" {
		return nil, status.Error(codes.InvalidArgument,
			"a volume belongs to a node, which is chosen with its first pod: set volumeBindingMode WaitForFirstConsumer")
	}
	if spec.DataSource != nil || spec.DataSourceRef != nil || spec.Selector != nil {
		return nil, status.Error(codes.InvalidArgument, "volumes start empty: no dataSource and no selector")
	}
	request := &csi.CreateVolumeRequest{
		Name:       options.PVName,
		Parameters: options.StorageClass.Parameters,
		CapacityRange: &csi.CapacityRange{
			RequiredBytes: spec.Resources.Requests.Storage().Value(),
			LimitBytes:    spec.Resources.Limits.Storage().Value(),
		},
		AccessibilityRequirements: &csi.TopologyRequirement{Requisite: []*csi.Topology{
			{Segments: map[string]string{driver.TopologyKey: options.SelectedNodeName}},
		}},
	}
	for _, mode := range spec.AccessModes {
		request.VolumeCapabilities = append(request.VolumeCapabilities, &csi.VolumeCapability{
			AccessMode: &csi.VolumeCapability_AccessMode{Mode: accessModes[mode]},
			AccessType: &csi.VolumeCapability_Mount{Mount: &csi.VolumeCapability_MountVolume{
				MountFlags: options.StorageClass.MountOptions,
			}},
		})
	}
	return request, nil
}

func persistentVolume(options provision.ProvisionOptions, made *csi.Volume) *core.PersistentVolume {
	mode := core.PersistentVolumeFilesystem
	volume := &core.PersistentVolume{
		ObjectMeta: meta.ObjectMeta{Name: options.PVName},
		Spec: core.PersistentVolumeSpec{
			Capacity:     core.ResourceList{core.ResourceStorage: *resource.NewQuantity(made.GetCapacityBytes(), resource.BinarySI)},
			AccessModes:  options.PVC.Spec.AccessModes,
			MountOptions: options.StorageClass.MountOptions,
			VolumeMode:   &mode,
			NodeAffinity: affinityTo(made.GetAccessibleTopology()),
			PersistentVolumeSource: core.PersistentVolumeSource{CSI: &core.CSIPersistentVolumeSource{
				Driver: driver.Name, VolumeHandle: made.GetVolumeId(), FSType: image.FileSystem,
			}},
		},
	}
	if policy := options.StorageClass.ReclaimPolicy; policy != nil {
		volume.Spec.PersistentVolumeReclaimPolicy = *policy
	}
	return volume
}

// Delete removes the volume from its node.
func (p Provisioner) Delete(ctx context.Context, volume *core.PersistentVolume) error {
	if !isOurs(volume) {
		return &provision.IgnoredError{Reason: "another driver's volume"}
	}
	node, err := nodeOf(volume)
	if err != nil {
		return err
	}
	return p.Drivers.Call(ctx, node, func(ctx context.Context, client csi.ControllerClient) error {
		_, err := client.DeleteVolume(ctx, &csi.DeleteVolumeRequest{VolumeId: volume.Spec.CSI.VolumeHandle})
		return err
	})
}
