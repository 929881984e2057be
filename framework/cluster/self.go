package cluster

import (
	"context"
	"fmt"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// Self is what a runner inside the cluster knows of itself.
type Self struct {
	Namespace string
	Image     string
	// PullSecrets of the runner's pod serve the agents too.
	PullSecrets []string
	// Owner is the Job, or the pod where no Job controls it: what the run creates
	// goes with it.
	Owner *metav1.OwnerReference
}

// Self reads the runner's own pod.
func (c *Client) Self(ctx context.Context, namespace, pod string) (Self, error) {
	p, err := c.Set.CoreV1().Pods(namespace).Get(ctx, pod, metav1.GetOptions{})
	if err != nil {
		return Self{}, fmt.Errorf("reading the runner's own pod %s/%s: %w", namespace, pod, err)
	}
	out := Self{
		Namespace: namespace,
		Owner:     &metav1.OwnerReference{APIVersion: "v1", Kind: "Pod", Name: p.Name, UID: p.UID},
	}
	if len(p.Spec.Containers) > 0 {
		out.Image = p.Spec.Containers[0].Image
	}
	for _, s := range p.Spec.ImagePullSecrets {
		out.PullSecrets = append(out.PullSecrets, s.Name)
	}
	if controller := metav1.GetControllerOf(p); controller != nil {
		// Without controller and blockOwnerDeletion: it is an owner for the garbage
		// collector only, and needs no right on the Job's finalizers.
		out.Owner = &metav1.OwnerReference{
			APIVersion: controller.APIVersion, Kind: controller.Kind, Name: controller.Name, UID: controller.UID,
		}
	}
	return out, nil
}
