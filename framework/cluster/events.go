package cluster

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/plumbline-net/plumbline/framework/facts"
)

// disturbances are the reasons of events that tell of a component losing its
// place on a node, or not getting one (kubelet and kube-scheduler).
func disturbances() []string {
	return []string{"Evicted", "Preempting", "Preempted", "FailedScheduling", "BackOff"}
}

// eventsMost bounds the events of one reason in one namespace.
const eventsMost = 200

// Events lists the events of those reasons in kube-system and in the namespace of
// the CNI, sorted. What could not be listed stands in the errors; the rest is kept.
func (c *Client) Events(ctx context.Context, p Plugin) ([]facts.ClusterEvent, []facts.Error) {
	namespaces := []string{metav1.NamespaceSystem}
	if p.Known() && p.Namespace != metav1.NamespaceSystem {
		namespaces = append(namespaces, p.Namespace)
	}
	var out []facts.ClusterEvent
	var errs []facts.Error
	for _, ns := range namespaces {
		for _, reason := range disturbances() {
			list, err := c.Set.CoreV1().Events(ns).List(ctx, metav1.ListOptions{FieldSelector: "reason=" + reason, Limit: eventsMost})
			if err != nil {
				errs = append(errs, facts.Error{What: "events of " + ns, Says: err.Error()})
				break // the others would be refused alike
			}
			if list.Continue != "" {
				errs = append(errs, facts.Error{What: "events of " + ns, Says: fmt.Sprintf("there are more than %d with reason %s; these were read", eventsMost, reason)})
			}
			for i := range list.Items {
				if list.Items[i].Reason == reason { // not every server knows the field selector
					out = append(out, eventFacts(&list.Items[i]))
				}
			}
		}
	}
	slices.SortFunc(out, func(a, b facts.ClusterEvent) int {
		return cmp.Or(cmp.Compare(a.Namespace, b.Namespace), cmp.Compare(a.Object, b.Object), cmp.Compare(a.Reason, b.Reason), cmp.Compare(a.Message, b.Message), a.Last.Compare(b.Last))
	})
	return out, errs
}

func eventFacts(e *corev1.Event) facts.ClusterEvent {
	out := facts.ClusterEvent{
		Namespace: e.InvolvedObject.Namespace, Object: e.InvolvedObject.Kind + "/" + e.InvolvedObject.Name,
		Reason: e.Reason, Message: e.Message, Count: int(e.Count), Node: e.Source.Host,
	}
	out.Namespace = cmp.Or(out.Namespace, e.Namespace)
	// Since events.k8s.io/v1 the time of a single event is EventTime, and that of a series in Series.
	last := e.LastTimestamp.Time
	if last.IsZero() {
		last = e.EventTime.Time
	}
	if e.Series != nil {
		out.Count = max(out.Count, int(e.Series.Count))
		if e.Series.LastObservedTime.After(last) {
			last = e.Series.LastObservedTime.Time
		}
	}
	if !last.IsZero() {
		out.Last = last.UTC()
	}
	return out
}
