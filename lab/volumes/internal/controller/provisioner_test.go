package controller

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/container-storage-interface/spec/lib/go/csi"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	core "k8s.io/api/core/v1"
	storageapi "k8s.io/api/storage/v1"
	provision "sigs.k8s.io/sig-storage-lib-external-provisioner/v13/controller"
)

func optionsFor(node string, mode core.PersistentVolumeAccessMode) provision.ProvisionOptions {
	claim := boundClaim("500Mi", "0")
	claim.Spec.AccessModes = []core.PersistentVolumeAccessMode{mode}
	policy := core.PersistentVolumeReclaimDelete
	return provision.ProvisionOptions{
		PVName: "pvc-1", PVC: claim, SelectedNodeName: node, StorageClass: &storageapi.StorageClass{ReclaimPolicy: &policy},
	}
}

func TestProvisionedVolumeBelongsToTheChosenNode(t *testing.T) {
	answers := &recordingDriver{}
	provisioner := Provisioner{Drivers: serveNode(t, "node-1", answers)}
	volume, state, err := provisioner.Provision(context.Background(), optionsFor("node-1", core.ReadWriteOncePod))
	if err != nil || state != provision.ProvisioningFinished {
		t.Fatal(state, err)
	}
	request := answers.created[0]
	if request.GetCapacityRange().GetRequiredBytes() != 500<<20 {
		t.Errorf("asked for %v", request.GetCapacityRange())
	}
	if mode := request.GetVolumeCapabilities()[0].GetAccessMode().GetMode(); mode != csi.VolumeCapability_AccessMode_SINGLE_NODE_SINGLE_WRITER {
		t.Errorf("access mode %v", mode)
	}
	if node, err := nodeOf(volume); node != "node-1" || err != nil {
		t.Errorf("bound to %q, %v", node, err)
	}
	if volume.Spec.Capacity.Storage().Value() != 512<<20 || volume.Spec.CSI.VolumeHandle != "pvc-1" ||
		volume.Spec.PersistentVolumeReclaimPolicy != core.PersistentVolumeReclaimDelete {
		t.Errorf("volume %+v", volume.Spec)
	}
}

func TestEveryAccessModeIsTranslated(t *testing.T) {
	for _, mode := range []core.PersistentVolumeAccessMode{core.ReadWriteOnce, core.ReadWriteOncePod, core.ReadOnlyMany, core.ReadWriteMany} {
		if accessModes[mode] == csi.VolumeCapability_AccessMode_UNKNOWN {
			t.Errorf("%s", mode)
		}
	}
}

func TestProvisionRefusesWhatNoRepetitionMends(t *testing.T) {
	immediate, cloned := optionsFor("", core.ReadWriteOnce), optionsFor("node-1", core.ReadWriteOnce)
	cloned.PVC.Spec.DataSource = &core.TypedLocalObjectReference{Kind: "PersistentVolumeClaim", Name: "other"}
	for name, options := range map[string]provision.ProvisionOptions{"immediate": immediate, "clone": cloned} {
		_, state, err := Provisioner{}.Provision(context.Background(), options)
		if status.Code(err) != codes.InvalidArgument || state != provision.ProvisioningFinished {
			t.Errorf("%s: %v %v", name, state, err)
		}
	}
}

func TestFailedProvisionTellsTheScheduler(t *testing.T) {
	for code, want := range map[codes.Code]provision.ProvisioningState{
		codes.ResourceExhausted: provision.ProvisioningReschedule,
		codes.Unavailable:       provision.ProvisioningInBackground,
		codes.InvalidArgument:   provision.ProvisioningFinished,
	} {
		provisioner := Provisioner{Drivers: serveNode(t, "node-1", &recordingDriver{failure: status.Error(code, "")})}
		if _, state, err := provisioner.Provision(context.Background(), optionsFor("node-1", core.ReadWriteOnce)); state != want || err == nil {
			t.Errorf("%v: %v %v, want %v", code, state, err, want)
		}
	}
	ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
	defer cancel()
	nobody := Provisioner{Drivers: Drivers{Pattern: t.TempDir() + "/{node}"}}
	if _, state, err := nobody.Provision(ctx, optionsFor("node-1", core.ReadWriteOnce)); state != provision.ProvisioningReschedule {
		t.Errorf("dead node: %v %v", state, err)
	}
}

func TestDelete(t *testing.T) {
	answers := &recordingDriver{}
	provisioner := Provisioner{Drivers: serveNode(t, "node-1", answers)}
	if err := provisioner.Delete(context.Background(), ourVolume("1Gi")); err != nil {
		t.Fatal(err)
	}
	foreign := ourVolume("1Gi")
	foreign.Spec.CSI.Driver = "other"
	var ignored *provision.IgnoredError
	if err := provisioner.Delete(context.Background(), foreign); !errors.As(err, &ignored) {
		t.Errorf("another driver's volume: %v", err)
	}
	if !slices.Equal(answers.deleted, []string{"pvc-1"}) {
		t.Errorf("deleted %v", answers.deleted)
	}
}
