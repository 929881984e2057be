package collect

import (
	"context"
	"time"

	"github.com/plumbline-net/plumbline/framework/facts"
)

// leases follows those of the control plane: a lease that the runner itself sees
// unrenewed for longer than it holds needs no clock in common with its holder.
type leases struct {
	known []facts.Lease
	since map[string]time.Time // when the renewal that stands now was first seen
}

// see takes what was read at a moment.
func (l *leases) see(now time.Time, read []facts.Lease) {
	if l.since == nil {
		l.since = map[string]time.Time{}
	}
	for i, lease := range read {
		began, seen := l.since[lease.Name]
		if before := l.of(lease.Name); !seen || before == nil || !before.Renewed.Equal(lease.Renewed) || before.Holder != lease.Holder {
			began = now
		}
		l.since[lease.Name] = began
		read[i].StillSeconds = int(now.Sub(began).Seconds())
	}
	l.known = read
}

func (l *leases) of(name string) *facts.Lease {
	return (&facts.Cluster{Leases: l.known}).Lease(name)
}

// controlPlane asks whether those act who have to make and place the pods that are
// not there: their own leases, and what became of the DaemonSet.
func (w *watch) controlPlane(ctx context.Context) {
	taken, err := w.collector.client.Taken(ctx, w.collector.runOf(w.role), w.role.daemonSet)
	if err != nil {
		w.failed(ctx, err)
	} else {
		w.untaken = !taken
	}
	read, err := w.collector.client.Leases(ctx)
	if err != nil {
		return // no right to them, or no answer: nothing is concluded from that
	}
	w.collector.leases.see(time.Now(), read)
	w.collector.snapshot.Cluster.Leases = w.collector.leases.known
}

// kept says who keeps a node's pod away, if it is not the node.
func (w *watch) kept(node string) facts.Kept {
	pod, exists := w.pods.ByNode[node]
	switch {
	case exists && pod.Unscheduled:
		return facts.KeptNotScheduled
	case exists:
		return ""
	case w.untaken:
		return facts.KeptNotCreated
	case len(w.pods.Refused) > 0:
		return facts.KeptRefused
	}
	return ""
}

// idle: whoever has to act holds a lease that has lapsed, so waiting longer is pointless.
func (w *watch) idle(k facts.Kept) bool {
	lease := w.collector.leases.of(k.Lease())
	return lease != nil && lease.Lapsed()
}

// certain is who keeps a node's pod away once that is known: the lease of whoever has to
// act has lapsed, or the whole time was waited. A run that ends before has seen neither.
func (w *watch) certain(node string) facts.Kept {
	k := w.kept(node)
	whole := time.Since(w.began) >= w.collector.options.AgentTimeout-eventInterval
	if k == facts.KeptRefused || w.idle(k) || whole {
		return k
	}
	return ""
}

// keptSays is what is said of a node whose pod somebody else keeps away; empty where nobody does.
func keptSays(k facts.Kept) string {
	switch k {
	case facts.KeptNotCreated:
		return "no pod was created: the DaemonSet controller (kube-controller-manager) has not taken up the DaemonSet"
	case facts.KeptNotScheduled:
		return "its pod waits for the scheduler (kube-scheduler), which has not looked at it"
	case facts.KeptRefused:
	}
	return ""
}
