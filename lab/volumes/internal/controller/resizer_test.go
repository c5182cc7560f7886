package controller

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	core "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	"k8s.io/client-go/tools/record"

	"rocketmq-operator/lab/volumes/internal/socket"
)

// memoryObjects keeps what the Resizer writes, and every state that it wrote.
type memoryObjects struct {
	claim    *core.PersistentVolumeClaim
	volume   *core.PersistentVolume
	states   []core.ClaimResourceStatus
	conflict error
}

func (o *memoryObjects) UpdateClaimStatus(_ context.Context, claim *core.PersistentVolumeClaim) (*core.PersistentVolumeClaim, error) {
	if o.conflict != nil {
		return nil, o.conflict
	}
	o.claim = claim
	o.states = append(o.states, claim.Status.AllocatedResourceStatuses[core.ResourceStorage])
	return claim, nil
}

func (o *memoryObjects) SetCapacity(_ context.Context, volume *core.PersistentVolume, size resource.Quantity) (*core.PersistentVolume, error) {
	o.volume = volume.DeepCopy()
	o.volume.Spec.Capacity = core.ResourceList{core.ResourceStorage: size}
	return o.volume, nil
}

func newResizer(t *testing.T, node string, answers *recordingDriver) (*Resizer, *memoryObjects, *record.FakeRecorder) {
	objects, events := &memoryObjects{claim: boundClaim("2Gi", "1Gi"), volume: ourVolume("1Gi")}, record.NewFakeRecorder(10)
	return &Resizer{
		Objects: objects, Drivers: serveNode(t, node, answers), Events: events, Now: func() time.Time { return time.Unix(0, 0) },
	}, objects, events
}

func TestResizeGrowsTheVolumeThenHandsOverToKubelet(t *testing.T) {
	answers := &recordingDriver{}
	resizer, objects, _ := newResizer(t, "node-1", answers)
	for range 2 {
		if err := resizer.Resize(context.Background(), objects.claim, objects.volume); err != nil {
			t.Fatal(err)
		}
	}
	if !slices.Equal(answers.grown, []int64{2 << 30}) {
		t.Errorf("driver called with %v", answers.grown)
	}
	want := []core.ClaimResourceStatus{core.PersistentVolumeClaimControllerResizeInProgress, core.PersistentVolumeClaimNodeResizePending}
	if !slices.Equal(objects.states, want) {
		t.Errorf("states %v, want %v", objects.states, want)
	}
	if objects.volume.Spec.Capacity.Storage().Value() != 2<<30 {
		t.Errorf("volume's capacity %v", objects.volume.Spec.Capacity)
	}
}

func TestResizeTellsTheDriverNothingBeforeTheClaimSaysIt(t *testing.T) {
	answers := &recordingDriver{}
	resizer, objects, _ := newResizer(t, "node-1", answers)
	objects.conflict = errors.New("conflict")
	if err := resizer.Resize(context.Background(), objects.claim, objects.volume); !errors.Is(err, objects.conflict) {
		t.Errorf("conflict became %v", err)
	}
	if len(answers.grown) != 0 {
		t.Errorf("driver called with %v", answers.grown)
	}
}

func TestResizeFailures(t *testing.T) {
	for name, test := range map[string]struct {
		failure error
		state   core.ClaimResourceStatus
		again   bool
	}{
		"may pass":   {status.Error(codes.Internal, "disk"), core.PersistentVolumeClaimControllerResizeInProgress, true},
		"impossible": {status.Error(codes.OutOfRange, "too large"), core.PersistentVolumeClaimControllerResizeInfeasible, false},
	} {
		resizer, objects, events := newResizer(t, "node-1", &recordingDriver{failure: test.failure})
		err := resizer.Resize(context.Background(), objects.claim, objects.volume)
		if (err != nil) != test.again {
			t.Errorf("%s: %v", name, err)
		}
		if got := objects.claim.Status.AllocatedResourceStatuses[core.ResourceStorage]; got != test.state {
			t.Errorf("%s: state %s", name, got)
		}
		if objects.volume.Spec.Capacity.Storage().Value() != 1<<30 {
			t.Errorf("%s: capacity %v", name, objects.volume.Spec.Capacity)
		}
		if len(events.Events) == 0 {
			t.Errorf("%s: no event", name)
		}
	}
}

func TestRepeatedFailureIsWrittenOnce(t *testing.T) {
	answers := &recordingDriver{failure: status.Error(codes.Internal, "disk")}
	resizer, objects, _ := newResizer(t, "node-1", answers)
	for range 3 {
		if err := resizer.Resize(context.Background(), objects.claim, objects.volume); err == nil {
			t.Fatal("the failure is lost")
		}
	}
	if len(objects.states) != 2 || len(answers.grown) != 3 {
		t.Errorf("%d writes for %d calls", len(objects.states), len(answers.grown))
	}
	answers.failure = nil
	if err := resizer.Resize(context.Background(), objects.claim, objects.volume); err != nil {
		t.Fatal(err)
	}
	if got := objects.claim.Status.Conditions; len(got) != 1 || got[0].Type != core.PersistentVolumeClaimFileSystemResizePending {
		t.Errorf("conditions %v", got)
	}
}

func TestDriverOfADeadNodeIsNobody(t *testing.T) {
	resizer, objects, _ := newResizer(t, "node-2", &recordingDriver{})
	ctx, cancel := context.WithTimeout(context.Background(), 100*time.Millisecond)
	defer cancel()
	if err := resizer.Resize(ctx, objects.claim, objects.volume); !errors.Is(err, socket.ErrNobody) {
		t.Errorf("dead node: %v", err)
	}
}
