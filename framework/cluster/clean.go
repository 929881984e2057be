package cluster

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/e2e-framework/klient/wait"
)

// pollInterval is how often a wait looks again.
const pollInterval = 250 * time.Millisecond

// goneTimeout bounds one wait for a deletion, so that a pod on a dead node, which
// only the garbage collector removes, leaves time for the rest.
const goneTimeout = 20 * time.Second

// Clean deletes everything that carries the run's label, in reverse order:
// NetworkPolicies, DaemonSets (so that no pod comes back; what else belongs to them, such as their
// ControllerRevisions, goes with them), pods with grace period 0, EndpointSlices
// and Services, and last the namespace where it is the run's own. The namespace
// controller begins five seconds later (Kubernetes, namespaceDeletionGracePeriod),
// so the pods are gone by then; it takes long over one that still holds pods.
// It waits, bounded by ctx, until nothing is left (but see NoWait), and goes on after an error.
func (c *Client) Clean(ctx context.Context, r Run) error {
	selector := metav1.ListOptions{LabelSelector: RunLabel + "=" + r.ID}
	now := int64(0)
	at := metav1.DeleteOptions{GracePeriodSeconds: &now}
	withOwned := metav1.DeletePropagationBackground
	set, ns := c.Set, r.Namespace
	problems := []error{
		forgiven(c.DeletePolicies(ctx, r)), // first: nothing of ours must stay restricted
		set.AppsV1().DaemonSets(ns).DeleteCollection(ctx, metav1.DeleteOptions{PropagationPolicy: &withOwned}, selector),
		set.CoreV1().Pods(ns).DeleteCollection(ctx, at, selector),
		set.DiscoveryV1().EndpointSlices(ns).DeleteCollection(ctx, at, selector),
		c.deleteServices(ctx, r, selector),
	}
	if r.OwnNamespace {
		problems = append(problems, set.CoreV1().Namespaces().Delete(ctx, ns, metav1.DeleteOptions{}))
	}
	problems = append(problems, c.waitForPods(ctx, r, selector))
	if r.OwnNamespace && !r.NoWait {
		problems = append(problems, c.waitForNamespace(ctx, r))
	}
	for i, err := range problems {
		if apierrors.IsNotFound(err) {
			problems[i] = nil
		}
	}
	if err := errors.Join(problems...); err != nil {
		return fmt.Errorf("deleting the objects of run %s in namespace %s: %w", r.ID, ns, err)
	}
	return nil
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

func (c *Client) waitForPods(ctx context.Context, r Run, selector metav1.ListOptions) error {
	return waitGone(ctx, "the agents' pods are gone", func(ctx context.Context) (bool, error) {
		pods, err := c.Set.CoreV1().Pods(r.Namespace).List(ctx, selector)
		return err == nil && len(pods.Items) == 0, nil
	})
}

func (c *Client) waitForNamespace(ctx context.Context, r Run) error {
	return waitGone(ctx, "the namespace is gone", func(ctx context.Context) (bool, error) {
		_, err := c.Set.CoreV1().Namespaces().Get(ctx, r.Namespace, metav1.GetOptions{})
		return apierrors.IsNotFound(err), nil
	})
}

func waitGone(ctx context.Context, what string, gone func(context.Context) (bool, error)) error {
	err := wait.For(gone, wait.WithContext(ctx), wait.WithTimeout(goneTimeout), wait.WithInterval(pollInterval), wait.WithImmediate())
	switch {
	case err == nil:
		return nil
	case ctx.Err() == nil && errors.Is(err, context.DeadlineExceeded):
		return fmt.Errorf("waiting until %s: it took longer than %s; the cluster goes on with it", what, goneTimeout)
	default:
		return fmt.Errorf("waiting until %s: %w", what, err)
	}
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

// LeftIn lists the runs of which a namespace that is not a run's own still holds
// DaemonSets, pods, policies or a Service: a run that dies in its clean-up may leave any of them.
func (c *Client) LeftIn(ctx context.Context, namespace string) ([]Run, error) {
	labelled := metav1.ListOptions{LabelSelector: RunLabel}
	sets, err := c.Set.AppsV1().DaemonSets(namespace).List(ctx, labelled)
	if err != nil {
		return nil, fmt.Errorf("listing DaemonSets of earlier runs: %w", err)
	}
	pods, err := c.Set.CoreV1().Pods(namespace).List(ctx, labelled)
	if err != nil {
		return nil, fmt.Errorf("listing pods of earlier runs: %w", err)
	}
	services, err := c.Set.CoreV1().Services(namespace).List(ctx, labelled)
	if err != nil {
		return nil, fmt.Errorf("listing Services of earlier runs: %w", err)
	}
	policies, err := c.Set.NetworkingV1().NetworkPolicies(namespace).List(ctx, labelled)
	if forgiven(err) != nil {
		return nil, fmt.Errorf("listing NetworkPolicies of earlier runs: %w", err)
	}
	ids := map[string]bool{}
	if err == nil {
		for i := range policies.Items {
			ids[policies.Items[i].Labels[RunLabel]] = true
		}
	}
	for i := range sets.Items {
		ids[sets.Items[i].Labels[RunLabel]] = true
	}
	for i := range pods.Items {
		ids[pods.Items[i].Labels[RunLabel]] = true
	}
	for i := range services.Items {
		ids[services.Items[i].Labels[RunLabel]] = true
	}
	var out []Run
	for _, id := range slices.Sorted(maps.Keys(ids)) {
		out = append(out, Run{ID: id, Namespace: namespace})
	}
	return out, nil
}
