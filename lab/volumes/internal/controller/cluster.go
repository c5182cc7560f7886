package controller

import (
	"context"
	"encoding/json"

	core "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes"
)

// cluster writes the objects of a real API server.
type cluster struct{ client kubernetes.Interface }

func (c cluster) UpdateClaimStatus(ctx context.Context, claim *core.PersistentVolumeClaim) (*core.PersistentVolumeClaim, error) {
	return c.client.CoreV1().PersistentVolumeClaims(claim.Namespace).UpdateStatus(ctx, claim, meta.UpdateOptions{})
}

func (c cluster) SetCapacity(ctx context.Context, volume *core.PersistentVolume, size resource.Quantity) (*core.PersistentVolume, error) {
	patch, err := json.Marshal(map[string]any{
		"metadata": map[string]any{"uid": volume.UID, "resourceVersion": volume.ResourceVersion},
		"spec":     map[string]any{"capacity": core.ResourceList{core.ResourceStorage: size}},
	})
	if err != nil {
		return nil, err
	}
	return c.client.CoreV1().PersistentVolumes().Patch(ctx, volume.Name, types.MergePatchType, patch, meta.PatchOptions{})
}
