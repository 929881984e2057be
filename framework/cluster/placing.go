package cluster

import (
	"context"
	"fmt"

	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"

	"github.com/plumbline-net/plumbline/framework/facts"
)

// Taken says whether the DaemonSet controller has taken up a DaemonSet of a run as it
// is now: it writes the generation that it saw into the status before pods are counted.
func (c *Client) Taken(ctx context.Context, r Run, daemonSet string) (bool, error) {
	one := metav1.ListOptions{FieldSelector: fields.OneTermEqualSelector("metadata.name", daemonSet).String()}
	list, err := c.Set.AppsV1().DaemonSets(r.Namespace).List(ctx, one)
	if err != nil {
		return false, fmt.Errorf("reading the status of DaemonSet %s: %w", daemonSet, err)
	}
	for _, d := range list.Items {
		if d.Status.ObservedGeneration < d.Generation {
			return false, nil
		}
	}
	return true, nil
}

// Leases reads those of the controller manager and the scheduler; one that does not
// exist is left out.
func (c *Client) Leases(ctx context.Context) ([]facts.Lease, error) {
	var out []facts.Lease
	for _, name := range []string{facts.LeaseController, facts.LeaseScheduler} {
		l, err := c.Set.CoordinationV1().Leases(metav1.NamespaceSystem).Get(ctx, name, metav1.GetOptions{})
		if apierrors.IsNotFound(err) {
			continue
		}
		if err != nil {
			return out, fmt.Errorf("reading the lease %s: %w", name, err)
		}
		out = append(out, leaseOf(l))
	}
	return out, nil
}

func leaseOf(l *coordinationv1.Lease) facts.Lease {
	out := facts.Lease{Name: l.Name}
	if l.Spec.HolderIdentity != nil {
		out.Holder = *l.Spec.HolderIdentity
	}
	if l.Spec.RenewTime != nil {
		out.Renewed = l.Spec.RenewTime.UTC()
	}
	if l.Spec.LeaseDurationSeconds != nil {
		out.Seconds = int(*l.Spec.LeaseDurationSeconds)
	}
	return out
}

// unscheduled: the scheduler has neither bound the pod nor said why it cannot.
func unscheduled(p *corev1.Pod) bool {
	if p.Spec.NodeName != "" {
		return false
	}
	for _, k := range p.Status.Conditions {
		if k.Type == corev1.PodScheduled {
			return false
		}
	}
	return true
}
