package collect

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/plumbline-net/plumbline/framework/cluster"
	"github.com/plumbline-net/plumbline/framework/facts"
)

const (
	// troubleGrace is how long a pod's trouble must last before its node is given
	// up: sandboxes and image pulls may fail once and then succeed.
	troubleGrace = 10 * time.Second
	// eventInterval is how often events and the nodes' conditions are asked for
	// while a pod is not ready.
	eventInterval = 2 * time.Second
)

// watch is the wait for one DaemonSet's pods.
type watch struct {
	collector *Collector
	role      role
	pods      cluster.AgentPods
	began     time.Time
	since     map[string]time.Time // when trouble was first seen, by node
	told      map[string]bool
	news      map[string][]string // nodes by what is to be said of them
	asked     time.Time
	lastErr   error
	// untaken: the DaemonSet controller has not taken up the DaemonSet.
	untaken bool
}

func newWatch(c *Collector, r role) *watch {
	return &watch{collector: c, role: r, began: time.Now(), since: map[string]time.Time{}, told: map[string]bool{}, news: map[string][]string{}}
}

func (w *watch) look(ctx context.Context) (bool, error) {
	pods, ok := w.ask(ctx)
	if !ok {
		return false, nil
	}
	if len(w.waiting(pods)) > 0 && time.Since(w.asked) > eventInterval {
		w.asked = time.Now()
		w.inquire(ctx, &pods)
	} else {
		keepTrouble(w.pods, &pods)
	}
	w.pods = pods
	over := true
	// Every node is looked at, so that their times run side by side.
	for _, n := range w.waiting(pods) {
		over = w.stuck(n) && over
	}
	w.tellNews()
	return over, nil
}

// ask lists the pods. What keeps it from that is told only where a node is given
// up in the end: the next look may go well.
func (w *watch) ask(ctx context.Context) (cluster.AgentPods, bool) {
	pods, err := w.collector.client.Agents(ctx, w.collector.runOf(w.role), w.role.component)
	if err != nil {
		w.failed(ctx, err)
	}
	return pods, err == nil
}

// inquire asks why pods are not ready: what events say of them, and whether their
// nodes are still Ready.
func (w *watch) inquire(ctx context.Context, pods *cluster.AgentPods) {
	w.lastErr = nil
	if err := w.collector.client.AddTrouble(ctx, w.collector.run, w.role.daemonSet, pods); err != nil {
		w.failed(ctx, err)
	}
	if err := w.collector.latestConditions(ctx); err != nil {
		w.failed(ctx, err)
	}
	w.controlPlane(ctx)
}

// failed keeps what went wrong, unless it is only that the wait itself is over.
func (w *watch) failed(ctx context.Context, err error) {
	if !ending(ctx) {
		w.lastErr = err
	}
}

// ending says that a wait is about to be over: errors are then its own, for the
// client refuses a request that would not begin before the deadline.
func ending(ctx context.Context) bool {
	end, ok := ctx.Deadline()
	return ok && time.Until(end) <= pollInterval
}

// keepTrouble carries the last known events on to a look that did not ask for them.
func keepTrouble(old cluster.AgentPods, pods *cluster.AgentPods) {
	pods.Refused = old.Refused
	for node, agent := range pods.ByNode {
		if before, ok := old.ByNode[node]; ok && !agent.Ready && len(agent.Trouble) < len(before.Trouble) {
			agent.Trouble = before.Trouble
			pods.ByNode[node] = agent
		}
	}
}

func (w *watch) waiting(pods cluster.AgentPods) []facts.Node {
	var out []facts.Node
	for _, n := range w.collector.snapshot.Selected() {
		if !pods.ByNode[n.Name].Ready {
			out = append(out, n)
		}
	}
	return out
}

// stuck says whether waiting longer for a node is pointless, and tells people. A
// node that was given up before, with the other agent, has had its grace.
func (w *watch) stuck(n facts.Node) bool {
	trouble := w.trouble(n)
	if len(trouble) == 0 {
		delete(w.since, n.Name)
		if k := w.kept(n.Name); k != "" && time.Since(w.began) > troubleGrace {
			w.tell(n.Name, keptSays(k))
			return w.idle(k)
		}
		return w.unseen(n.Name)
	}
	if w.since[n.Name].IsZero() {
		w.since[n.Name] = time.Now()
	}
	w.tell(n.Name, fmt.Sprintf("%s: %s", trouble[0].Reason, trouble[0].Message))
	return w.collector.givenUp[n.Name] || time.Since(w.since[n.Name]) > troubleGrace
}

// unseen tells of a pod that the kubelet has not taken up. It may still do so:
// only the node's conditions, or the other agent's fate, make waiting pointless.
func (w *watch) unseen(node string) bool {
	if !w.pods.ByNode[node].Unseen || time.Since(w.began) < troubleGrace {
		return false
	}
	w.tell(node, notTakenUp)
	return w.collector.givenUp[node]
}

const notTakenUp = "the kubelet has not taken up the pod that is bound to the node"

// tell keeps what is new of a node for the end of the look.
func (w *watch) tell(node, line string) {
	if told := node + ": " + line; !w.told[told] {
		w.told[told] = true
		w.news[line] = append(w.news[line], node)
	}
}

// tellNews gives one line for all nodes of which the same is to be said.
func (w *watch) tellNews() {
	for _, line := range slices.Sorted(maps.Keys(w.news)) {
		nodes := w.news[line]
		who := strings.Join(nodes[:min(len(nodes), namedNodes)], ", ")
		if more := len(nodes) - namedNodes; more > 0 {
			who += fmt.Sprintf(" and %d more", more)
		}
		w.collector.progress.Note(who + ": " + line)
	}
	clear(w.news)
}

// namedNodes is how many nodes one line of progress names.
const namedNodes = 3

func (w *watch) trouble(n facts.Node) []facts.Event {
	pod, exists := w.pods.ByNode[n.Name]
	switch {
	case exists && len(pod.Trouble) > 0:
		return pod.Trouble
	case !exists && len(w.pods.Refused) > 0:
		return w.pods.Refused
	}
	return notReady(n)
}

// record writes what was found into the nodes.
func (w *watch) record() {
	for i := range w.collector.snapshot.Nodes {
		n := &w.collector.snapshot.Nodes[i]
		agent := w.role.of(n)
		if n.Excluded != "" {
			agent.NotRun = "excluded: " + n.Excluded
			continue
		}
		pod, exists := w.pods.ByNode[n.Name]
		*agent = pod.Agent
		if agent.Ready {
			continue
		}
		agent.Trouble = w.trouble(*n)
		agent.Kept = w.certain(n.Name)
		agent.NotRun = w.notRun(agent.Trouble, agent.Kept, pod.Unseen)
		// A RuntimeClass that a node lacks says nothing about its other pods.
		if w.role.class == "" && exists || len(notReady(*n)) > 0 {
			w.collector.givenUp[n.Name] = true
		}
	}
}

func (w *watch) notRun(trouble []facts.Event, kept facts.Kept, unseen bool) string {
	if len(trouble) > 0 {
		return fmt.Sprintf("its %s agent is not ready: %s: %s", w.role.component, trouble[0].Reason, trouble[0].Message)
	}
	why := "nothing says why"
	switch {
	case keptSays(kept) != "":
		why = keptSays(kept)
	case unseen:
		why = notTakenUp
	case w.lastErr != nil:
		why = "it could not be found out why: " + w.lastErr.Error()
	}
	waited := time.Since(w.began).Round(time.Second)
	return fmt.Sprintf("its %s agent was not ready after %s: %s", w.role.component, waited, why)
}
