package collect

import (
	"context"
	"time"

	"sigs.k8s.io/e2e-framework/klient/wait"

	"github.com/plumbline-net/plumbline/framework/facts"
)

// pollInterval is how often a wait looks again.
const pollInterval = 300 * time.Millisecond

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
	w := newWatch(c, r)
	err := wait.For(w.look, wait.WithContext(ctx), wait.WithTimeout(c.options.AgentTimeout),
		wait.WithInterval(pollInterval), wait.WithImmediate())
	w.record()
	if err != nil && ctx.Err() != nil {
		return err
	}
	return nil
}
