package cluster

import (
	"context"
	"errors"
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/e2e-framework/klient/wait"
)

// pollInterval is how often a wait looks again.
const pollInterval = 250 * time.Millisecond

// Clean deletes everything that carries the run's label, in reverse order:
// DaemonSets (so that no pod comes back), pods with grace period 0, EndpointSlices
// and Service, and the namespace where it is the run's own. It waits, bounded by
// ctx, until nothing is left, and goes on after an error.
func (c *Client) Clean(ctx context.Context, r Run) error {
	selector := metav1.ListOptions{LabelSelector: RunLabel + "=" + r.ID}
	now := int64(0)
	at := metav1.DeleteOptions{GracePeriodSeconds: &now}
	orphan := metav1.DeletePropagationOrphan
	set, ns := c.Set, r.Namespace
	problems := []error{
		set.AppsV1().DaemonSets(ns).DeleteCollection(ctx, metav1.DeleteOptions{PropagationPolicy: &orphan}, selector),
		set.CoreV1().Pods(ns).DeleteCollection(ctx, at, selector),
		set.DiscoveryV1().EndpointSlices(ns).DeleteCollection(ctx, at, selector),
		c.deleteServices(ctx, r, selector),
	}
	if r.OwnNamespace {
		problems = append(problems, set.CoreV1().Namespaces().Delete(ctx, ns, metav1.DeleteOptions{}))
	}
	for i, err := range problems {
		if apierrors.IsNotFound(err) {
			problems[i] = nil
		}
	}
	if err := errors.Join(problems...); err != nil {
		return fmt.Errorf("deleting the objects of run %s in namespace %s: %w", r.ID, ns, err)
	}
	return c.waitGone(ctx, r, selector)
}

// deleteServices goes one by one: Services have no deletecollection on older API servers.
func (c *Client) deleteServices(ctx context.Context, r Run, selector metav1.ListOptions) error {
	list, err := c.Set.CoreV1().Services(r.Namespace).List(ctx, selector)
	if err != nil {
		return err
	}
	for _, s := range list.Items {
		if err := c.Set.CoreV1().Services(r.Namespace).Delete(ctx, s.Name, metav1.DeleteOptions{}); err != nil && !apierrors.IsNotFound(err) {
			return err
		}
	}
	return nil
}

func (c *Client) waitGone(ctx context.Context, r Run, selector metav1.ListOptions) error {
	gone := func(ctx context.Context) (bool, error) {
		if r.OwnNamespace {
			_, err := c.Set.CoreV1().Namespaces().Get(ctx, r.Namespace, metav1.GetOptions{})
			return apierrors.IsNotFound(err), nil
		}
		pods, err := c.Set.CoreV1().Pods(r.Namespace).List(ctx, selector)
		return err == nil && len(pods.Items) == 0, nil
	}
	if err := wait.For(gone, wait.WithContext(ctx), wait.WithTimeout(0), wait.WithInterval(pollInterval), wait.WithImmediate()); err != nil {
		return fmt.Errorf("waiting until the objects of run %s in namespace %s are gone: %w", r.ID, r.Namespace, err)
	}
	return nil
}

// Leftovers lists the runs that are still in the cluster. Without all, only
// those whose time is certainly over; runs that go on beside ours are left alone.
func (c *Client) Leftovers(ctx context.Context, all bool) ([]Run, error) {
	list, err := c.Set.CoreV1().Namespaces().List(ctx, metav1.ListOptions{LabelSelector: RunLabel})
	if err != nil {
		return nil, fmt.Errorf("listing namespaces of earlier runs: %w", err)
	}
	var out []Run
	for i := range list.Items {
		ns := &list.Items[i]
		if ns.Status.Phase == corev1.NamespaceTerminating {
			continue
		}
		if all || expired(ns.Annotations, time.Now().Unix()) {
			out = append(out, Run{ID: ns.Labels[RunLabel], Namespace: ns.Name, OwnNamespace: true})
		}
	}
	return out, nil
}

// LeftIn lists the runs of which a namespace that is not a run's own still holds pods or DaemonSets.
func (c *Client) LeftIn(ctx context.Context, namespace string) ([]Run, error) {
	list, err := c.Set.AppsV1().DaemonSets(namespace).List(ctx, metav1.ListOptions{LabelSelector: RunLabel})
	if err != nil {
		return nil, fmt.Errorf("listing DaemonSets of earlier runs: %w", err)
	}
	seen := map[string]bool{}
	var out []Run
	for i := range list.Items {
		id := list.Items[i].Labels[RunLabel]
		if !seen[id] {
			seen[id] = true
			out = append(out, Run{ID: id, Namespace: namespace})
		}
	}
	return out, nil
}
