package controller

import (
	"slices"

	core "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
)

// resizeStep is what a claim's expansion needs next.
type resizeStep int

const (
	// resizeNothing: at its size, or it is kubelet's or the user's turn.
	resizeNothing resizeStep = iota
	// resizeVolume: the node's driver makes the volume larger, then the PersistentVolume says so.
	resizeVolume
	// resizeHandOver: the volume is large enough; kubelet is told to grow the file system.
	resizeHandOver
)

// planResize decides the next step of a claim's expansion and its size, from the objects alone.
//
// The protocol is that of KEP-1790 (recovery from failed expansion), which kubelet 1.34 expects: it grows a file system
// only for a claim whose status names the resize as NodeResizePending, and takes that away when it is done.
func planResize(claim *core.PersistentVolumeClaim, volume *core.PersistentVolume) (resizeStep, resource.Quantity) {
	var none resource.Quantity
	if claim.Status.Phase != core.ClaimBound || claim.DeletionTimestamp != nil || !isOurs(volume) || !isBoundTo(volume, claim) {
		return resizeNothing, none
	}
	target, due := resizeTarget(claim, volume)
	switch {
	case !due:
		return resizeNothing, none
	case volume.Spec.Capacity.Storage().Cmp(target) < 0:
		return resizeVolume, target
	}
	return resizeHandOver, *volume.Spec.Capacity.Storage()
}

// resizeTarget gives the size that the claim is to get, and whether there is anything to do for it now.
func resizeTarget(claim *core.PersistentVolumeClaim, volume *core.PersistentVolume) (target resource.Quantity, due bool) {
	requested := *claim.Spec.Resources.Requests.Storage()
	allocated := *claim.Status.AllocatedResources.Storage()
	switch claim.Status.AllocatedResourceStatuses[core.ResourceStorage] {
	case "":
		return requested, requested.Cmp(*claim.Status.Capacity.Storage()) > 0
	case core.PersistentVolumeClaimControllerResizeInProgress:
		// Begun sizes are finished, even where the user meanwhile asked for less: the volume may have them already.
		if allocated.Cmp(requested) > 0 {
			return allocated, true
		}
		return requested, true
	case core.PersistentVolumeClaimControllerResizeInfeasible:
		return requested, requested.Cmp(allocated) != 0
	case core.PersistentVolumeClaimNodeResizeInfeasible:
		// The volume has its size already and never shrinks; kubelet gets another try once the user changed the request.
		if requested.Cmp(*volume.Spec.Capacity.Storage()) < 0 {
			return *volume.Spec.Capacity.Storage(), requested.Cmp(allocated) != 0
		}
		return requested, requested.Cmp(allocated) != 0
	}
	return requested, false // NodeResizePending, NodeResizeInProgress: kubelet's turn
}

func isBoundTo(volume *core.PersistentVolume, claim *core.PersistentVolumeClaim) bool {
	return claim.Spec.VolumeName == volume.Name && volume.Spec.ClaimRef != nil && volume.Spec.ClaimRef.UID == claim.UID
}

// isInState says whether the claim tells of a resize to this size in this state.
func isInState(claim *core.PersistentVolumeClaim, state core.ClaimResourceStatus, size resource.Quantity) bool {
	return claim.Status.AllocatedResourceStatuses[core.ResourceStorage] == state &&
		claim.Status.AllocatedResources.Storage().Cmp(size) == 0
}

// hasCondition says whether the claim has the condition, since whenever.
func hasCondition(claim *core.PersistentVolumeClaim, wanted *core.PersistentVolumeClaimCondition) bool {
	return slices.ContainsFunc(claim.Status.Conditions, func(existing core.PersistentVolumeClaimCondition) bool {
		return existing.Type == wanted.Type && existing.Status == wanted.Status && existing.Message == wanted.Message
	})
}

// withResize gives the claim with the status for a resize in this state; the condition replaces earlier ones of a resize.
func withResize(
	claim *core.PersistentVolumeClaim, state core.ClaimResourceStatus, size resource.Quantity, condition *core.PersistentVolumeClaimCondition,
) *core.PersistentVolumeClaim {
	changed := claim.DeepCopy()
	changed.Status.AllocatedResources = core.ResourceList{core.ResourceStorage: size}
	changed.Status.AllocatedResourceStatuses = map[core.ResourceName]core.ClaimResourceStatus{core.ResourceStorage: state}
	var kept []core.PersistentVolumeClaimCondition
	for _, existing := range changed.Status.Conditions {
		if !resizeConditions[existing.Type] {
			kept = append(kept, existing)
		}
	}
	changed.Status.Conditions = append(kept, *condition)
	return changed
}

// resizeConditions are the conditions that speak of an expansion.
var resizeConditions = map[core.PersistentVolumeClaimConditionType]bool{
	core.PersistentVolumeClaimResizing:                true,
	core.PersistentVolumeClaimFileSystemResizePending: true,
	core.PersistentVolumeClaimControllerResizeError:   true,
	core.PersistentVolumeClaimNodeResizeError:         true,
}
