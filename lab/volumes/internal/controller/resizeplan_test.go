package controller

import (
	"testing"

	core "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
)

func TestPlanResize(t *testing.T) {
	const (
		controllerBusy       = core.PersistentVolumeClaimControllerResizeInProgress
		controllerInfeasible = core.PersistentVolumeClaimControllerResizeInfeasible
		nodePending          = core.PersistentVolumeClaimNodeResizePending
		nodeBusy             = core.PersistentVolumeClaimNodeResizeInProgress
		nodeInfeasible       = core.PersistentVolumeClaimNodeResizeInfeasible
	)
	for name, test := range map[string]struct {
		requested, present, volume string
		state                      core.ClaimResourceStatus
		allocated                  string
		step                       resizeStep
		size                       string
	}{
		"at its size":                      {"1Gi", "1Gi", "1Gi", "", "", resizeNothing, ""},
		"got more than asked":              {"100Mi", "300Mi", "300Mi", "", "", resizeNothing, ""},
		"asks for more":                    {"2Gi", "1Gi", "1Gi", "", "", resizeVolume, "2Gi"},
		"volume grown, claim not told":     {"2Gi", "1Gi", "2Gi", "", "", resizeHandOver, "2Gi"},
		"killed before the driver's call":  {"2Gi", "1Gi", "1Gi", controllerBusy, "2Gi", resizeVolume, "2Gi"},
		"killed after the volume's object": {"2Gi", "1Gi", "2Gi", controllerBusy, "2Gi", resizeHandOver, "2Gi"},
		"user takes back what began":       {"1Gi", "1Gi", "1Gi", controllerBusy, "2Gi", resizeVolume, "2Gi"},
		"user wants yet more meanwhile":    {"3Gi", "1Gi", "1Gi", controllerBusy, "2Gi", resizeVolume, "3Gi"},
		"kubelet's turn":                   {"2Gi", "1Gi", "2Gi", nodePending, "2Gi", resizeNothing, ""},
		"kubelet works, user wants more":   {"3Gi", "1Gi", "2Gi", nodeBusy, "2Gi", resizeNothing, ""},
		"impossible, and nothing changed":  {"9Ei", "1Gi", "1Gi", controllerInfeasible, "9Ei", resizeNothing, ""},
		"impossible, then less is asked":   {"2Gi", "1Gi", "1Gi", controllerInfeasible, "9Ei", resizeVolume, "2Gi"},
		"node cannot, nothing changed":     {"3Gi", "1Gi", "3Gi", nodeInfeasible, "3Gi", resizeNothing, ""},
		"node cannot, then less is asked":  {"2Gi", "1Gi", "3Gi", nodeInfeasible, "3Gi", resizeHandOver, "3Gi"},
		"node cannot, then more is asked":  {"4Gi", "1Gi", "3Gi", nodeInfeasible, "3Gi", resizeVolume, "4Gi"},
	} {
		claim := boundClaim(test.requested, test.present)
		if test.state != "" {
			claim = withResize(claim, test.state, resource.MustParse(test.allocated), &core.PersistentVolumeClaimCondition{})
		}
		step, size := planResize(claim, ourVolume(test.volume))
		if step != test.step || (test.size != "" && size.Cmp(resource.MustParse(test.size)) != 0) {
			t.Errorf("%s: step %d to %s, want %d to %s", name, step, size.String(), test.step, test.size)
		}
	}
}

func TestPlanResizeLeavesOthersAlone(t *testing.T) {
	for name, change := range map[string]func(*core.PersistentVolumeClaim, *core.PersistentVolume){
		"not bound": func(claim *core.PersistentVolumeClaim, _ *core.PersistentVolume) {
			claim.Status.Phase = core.ClaimPending
		},
		"being deleted": func(claim *core.PersistentVolumeClaim, _ *core.PersistentVolume) {
			claim.DeletionTimestamp = &meta.Time{}
		},
		"another driver":  func(_ *core.PersistentVolumeClaim, volume *core.PersistentVolume) { volume.Spec.CSI.Driver = "other" },
		"no CSI":          func(_ *core.PersistentVolumeClaim, volume *core.PersistentVolume) { volume.Spec.CSI = nil },
		"another claim's": func(_ *core.PersistentVolumeClaim, volume *core.PersistentVolume) { volume.Spec.ClaimRef.UID = "older" },
	} {
		claim, volume := boundClaim("2Gi", "1Gi"), ourVolume("1Gi")
		change(claim, volume)
		if step, _ := planResize(claim, volume); step != resizeNothing {
			t.Errorf("%s: step %d", name, step)
		}
	}
}

func TestWithResizeReplacesOnlyItsOwnConditions(t *testing.T) {
	claim := boundClaim("2Gi", "1Gi")
	claim.Status.Conditions = []core.PersistentVolumeClaimCondition{
		{Type: core.PersistentVolumeClaimResizing}, {Type: "SomebodyElses"},
	}
	changed := withResize(claim, core.PersistentVolumeClaimNodeResizePending, resource.MustParse("2Gi"),
		&core.PersistentVolumeClaimCondition{Type: core.PersistentVolumeClaimFileSystemResizePending})
	if got := changed.Status.Conditions; len(got) != 2 || got[0].Type != "SomebodyElses" ||
		got[1].Type != core.PersistentVolumeClaimFileSystemResizePending {
		t.Errorf("conditions %v", got)
	}
	if len(claim.Status.Conditions) != 2 || claim.Status.AllocatedResources != nil {
		t.Error("the claim that was given has changed")
	}
}
