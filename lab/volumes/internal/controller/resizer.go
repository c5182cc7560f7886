package controller

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/container-storage-interface/spec/lib/go/csi"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	core "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/tools/record"
)

// expandPatience bounds one call to a driver.
const expandPatience = time.Minute

// errSettled says that the claim tells of a failure that only its user can mend.
var errSettled = errors.New("reported to the user")

// Objects is what the Resizer writes; both writes fail on objects that changed since they were read.
type Objects interface {
	// UpdateClaimStatus writes the claim's status and gives the claim as it is then.
	UpdateClaimStatus(context.Context, *core.PersistentVolumeClaim) (*core.PersistentVolumeClaim, error)
	// SetCapacity writes the volume's size and gives the volume as it is then.
	SetCapacity(context.Context, *core.PersistentVolume, resource.Quantity) (*core.PersistentVolume, error)
}

// Resizer carries out planResize, one step after the other.
type Resizer struct {
	Objects Objects
	Drivers Drivers
	Events  record.EventRecorder
	Now     func() time.Time
}

// Resize brings the claim's expansion as far as the controller can. An error means: again later.
func (r *Resizer) Resize(ctx context.Context, claim *core.PersistentVolumeClaim, volume *core.PersistentVolume) error {
	step, size := planResize(claim, volume)
	if step == resizeVolume {
		var err error
		claim, volume, err = r.expand(ctx, claim, volume, size)
		if errors.Is(err, errSettled) {
			return nil
		}
		if err != nil {
			return err
		}
		step, size = resizeHandOver, *volume.Spec.Capacity.Storage()
	}
	if step == resizeHandOver {
		return r.handOver(ctx, claim, size)
	}
	return nil
}

// expand makes the volume larger and records it; the claim says what is going on before anything changes.
func (r *Resizer) expand(
	ctx context.Context, claim *core.PersistentVolumeClaim, volume *core.PersistentVolume, size resource.Quantity,
) (*core.PersistentVolumeClaim, *core.PersistentVolume, error) {
	claim, err := r.begin(ctx, claim, size)
	if err != nil {
		return nil, nil, err
	}
	capacity, err := r.callDriver(ctx, volume, size)
	if err != nil {
		return nil, nil, r.fail(ctx, claim, size, err)
	}
	volume, err = r.recordCapacity(ctx, volume, capacity)
	return claim, volume, err
}

// begin marks the claim, once: a repetition leaves the report of the last failure there. Every write would bring the claim
// back into the queue at once.
func (r *Resizer) begin(ctx context.Context, claim *core.PersistentVolumeClaim, size resource.Quantity) (*core.PersistentVolumeClaim, error) {
	const state = core.PersistentVolumeClaimControllerResizeInProgress
	if isInState(claim, state, size) {
		return claim, nil
	}
	return r.update(ctx, claim, state, size, r.condition(core.PersistentVolumeClaimResizing, ""))
}

func (r *Resizer) callDriver(ctx context.Context, volume *core.PersistentVolume, size resource.Quantity) (resource.Quantity, error) {
	node, err := nodeOf(volume)
	if err != nil {
		return size, err
	}
	ctx, cancel := context.WithTimeout(ctx, expandPatience)
	defer cancel()
	var capacity int64
	err = r.Drivers.Call(ctx, node, func(ctx context.Context, client csi.ControllerClient) error {
		response, err := client.ControllerExpandVolume(ctx, &csi.ControllerExpandVolumeRequest{
			VolumeId:      volume.Spec.CSI.VolumeHandle,
			CapacityRange: &csi.CapacityRange{RequiredBytes: size.Value()},
		})
		capacity = response.GetCapacityBytes()
		return err
	})
	return *resource.NewQuantity(capacity, resource.BinarySI), err
}

// fail reports a failed expansion. What no repetition can mend is marked, and waits for another request of the user.
func (r *Resizer) fail(ctx context.Context, claim *core.PersistentVolumeClaim, size resource.Quantity, cause error) error {
	r.Events.Event(claim, core.EventTypeWarning, "VolumeResizeFailed", cause.Error())
	state := core.PersistentVolumeClaimControllerResizeInProgress
	infeasible := status.Code(cause) == codes.OutOfRange || status.Code(cause) == codes.InvalidArgument
	if infeasible {
		state = core.PersistentVolumeClaimControllerResizeInfeasible
	}
	_, err := r.update(ctx, claim, state, size, r.condition(core.PersistentVolumeClaimControllerResizeError, cause.Error()))
	switch {
	case err != nil:
		return err
	case infeasible:
		return errSettled
	}
	return cause
}

// handOver tells kubelet that the file system is to grow.
func (r *Resizer) handOver(ctx context.Context, claim *core.PersistentVolumeClaim, size resource.Quantity) error {
	claim, err := r.update(ctx, claim, core.PersistentVolumeClaimNodeResizePending, size,
		r.condition(core.PersistentVolumeClaimFileSystemResizePending, "the volume is larger; the node grows its file system when a pod uses it"))
	if err == nil {
		r.Events.Event(claim, core.EventTypeNormal, "FileSystemResizeRequired", "the node grows the file system")
	}
	return err
}

// recordCapacity writes the volume's new size into its object, never a smaller one.
func (r *Resizer) recordCapacity(
	ctx context.Context, volume *core.PersistentVolume, capacity resource.Quantity,
) (*core.PersistentVolume, error) {
	if volume.Spec.Capacity.Storage().Cmp(capacity) >= 0 {
		return volume, nil
	}
	return r.Objects.SetCapacity(ctx, volume, capacity)
}

// update writes the claim's resize status if it differs; a conflict means that the claim changed, and is tried again.
func (r *Resizer) update(
	ctx context.Context, claim *core.PersistentVolumeClaim, state core.ClaimResourceStatus, size resource.Quantity,
	condition *core.PersistentVolumeClaimCondition,
) (*core.PersistentVolumeClaim, error) {
	if isInState(claim, state, size) && hasCondition(claim, condition) {
		return claim, nil
	}
	updated, err := r.Objects.UpdateClaimStatus(ctx, withResize(claim, state, size, condition))
	if err != nil {
		return nil, fmt.Errorf("status of claim %s/%s: %w", claim.Namespace, claim.Name, err)
	}
	return updated, nil
}

func (r *Resizer) condition(kind core.PersistentVolumeClaimConditionType, message string) *core.PersistentVolumeClaimCondition {
	return &core.PersistentVolumeClaimCondition{
		Type: kind, Status: core.ConditionTrue, Message: message, LastTransitionTime: meta.NewTime(r.Now()),
	}
}
