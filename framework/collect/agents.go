package collect

import (
	"context"
	"fmt"
	"strings"
	"time"

	"sigs.k8s.io/e2e-framework/klient/wait"

	"github.com/plumbline-net/plumbline/framework/cluster"
	"github.com/plumbline-net/plumbline/framework/facts"
)

const (
	pollInterval = 300 * time.Millisecond
	// troubleGrace is how long a pod's trouble must last before its node is given
	// up: sandboxes and image pulls may fail once and then succeed.
	troubleGrace = 10 * time.Second
	// eventInterval is how often events are asked for while a pod is not ready.
	eventInterval = 2 * time.Second
)

// role is one of the two kinds of agents.
type role struct {
	component, daemonSet, file string
	of                         func(*facts.Node) *facts.Agent
}

var (
	nodeRole  = role{"node", "plumbline-node", "node.yaml", func(n *facts.Node) *facts.Agent { return &n.NodeAgent }}
	probeRole = role{"probe", "plumbline-probe", "probe.yaml", func(n *facts.Node) *facts.Agent { return &n.PodAgent }}
)

func (c *Collector) placeNodeAgents(ctx context.Context) error {
	if why := c.noHosts(); why != "" {
		c.without(nodeRole, why)
		return nil
	}
	return c.place(ctx, nodeRole)
}

func (c *Collector) placeProbePods(ctx context.Context) error {
	if !c.needs.Pods {
		c.without(probeRole, "no selected check needs a probe pod")
		return nil
	}
	if err := c.place(ctx, probeRole); err != nil {
		return err
	}
	return c.identities(ctx)
}

// without says of every node why it has no agent.
func (c *Collector) without(r role, why string) {
	for i := range c.snapshot.Nodes {
		r.of(&c.snapshot.Nodes[i]).NotRun = why
	}
}

// place creates a DaemonSet and waits until every node's pod is ready or known
// to be in trouble. A node in trouble costs its own facts only.
func (c *Collector) place(ctx context.Context, r role) error {
	c.created = true
	if err := c.client.Create(ctx, c.run, r.file); err != nil {
		c.without(r, err.Error())
		c.problem("creating "+r.daemonSet, err)
		return nil
	}
	w := &watch{collector: c, role: r, since: map[string]time.Time{}, told: map[string]bool{}}
	err := wait.For(w.look, wait.WithContext(ctx), wait.WithTimeout(c.options.AgentTimeout),
		wait.WithInterval(pollInterval), wait.WithImmediate())
	w.record()
	if err != nil && ctx.Err() != nil {
		return err
	}
	return nil
}

// watch is the wait for one DaemonSet's pods.
type watch struct {
	collector *Collector
	role      role
	pods      cluster.AgentPods
	since     map[string]time.Time // when trouble was first seen, by node
	told      map[string]bool
	events    time.Time
	lastErr   error
}

func (w *watch) look(ctx context.Context) (bool, error) {
	pods, ok := w.ask(ctx)
	if !ok {
		return false, nil
	}
	waiting := w.waiting(pods)
	if len(waiting) > 0 && time.Since(w.events) > eventInterval {
		w.events = time.Now()
		w.lastErr = w.collector.client.AddTrouble(ctx, w.collector.run, w.role.daemonSet, &pods)
	} else {
		keepTrouble(w.pods, &pods)
	}
	w.pods = pods
	for _, n := range waiting {
		if !w.stuck(n) {
			return false, nil
		}
	}
	return true, nil
}

// ask lists the pods. What keeps it from that is told only where a node is given
// up in the end: the next look may go well.
func (w *watch) ask(ctx context.Context) (cluster.AgentPods, bool) {
	pods, err := w.collector.client.Agents(ctx, w.collector.run, w.role.component)
	if err != nil {
		w.lastErr = err
	}
	return pods, err == nil
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

// stuck says whether waiting longer for a node is pointless, and tells people.
func (w *watch) stuck(n facts.Node) bool {
	trouble := w.trouble(n)
	if len(trouble) == 0 {
		delete(w.since, n.Name)
		return false
	}
	if w.since[n.Name].IsZero() {
		w.since[n.Name] = time.Now()
	}
	if line := fmt.Sprintf("%s: %s: %s", n.Name, trouble[0].Reason, trouble[0].Message); !w.told[line] {
		w.told[line] = true
		w.collector.progress.Note(line)
	}
	return time.Since(w.since[n.Name]) > troubleGrace
}

func (w *watch) trouble(n facts.Node) []facts.Event {
	pod, exists := w.pods.ByNode[n.Name]
	switch {
	case exists && len(pod.Trouble) > 0:
		return pod.Trouble
	case !exists && len(w.pods.Refused) > 0:
		return w.pods.Refused
	}
	for _, k := range n.Conditions {
		if k.Type == "Ready" && k.Status != "True" {
			return []facts.Event{{Reason: "NodeNotReady", Message: strings.TrimSpace(k.Reason + ": " + k.Message)}}
		}
	}
	return nil
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
		*agent = w.pods.ByNode[n.Name].Agent
		if !agent.Ready {
			agent.Trouble = w.trouble(*n)
			agent.NotRun = w.notReady(agent.Trouble)
		}
	}
}

func (w *watch) notReady(trouble []facts.Event) string {
	if len(trouble) > 0 {
		return fmt.Sprintf("its %s agent is not ready: %s: %s", w.role.component, trouble[0].Reason, trouble[0].Message)
	}
	why := "and nothing says why"
	if w.lastErr != nil {
		why = "and it could not be found out why: " + w.lastErr.Error()
	}
	return fmt.Sprintf("its %s agent was not ready after %s, %s", w.role.component, w.collector.options.AgentTimeout, why)
}
