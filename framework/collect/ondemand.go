package collect

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/plumbline-net/plumbline/framework/facts"
	"github.com/plumbline-net/plumbline/framework/topology"
)

// Trace sends one flow while the nodes on its way watch, as a run does for what
// failed: it places the agents on those nodes only, looks at the hosts, sends, and
// removes everything again. The snapshot has one Trace, unless there is an error;
// what cannot be meant is a *SelectionError.
func (c *Collector) Trace(ctx context.Context, a Asked, progress Progress) (*facts.Snapshot, error) {
	if progress != nil {
		c.progress = progress
	}
	if name, ok := strings.CutPrefix(a.To, "svc/"); ok {
		c.options.Config = &facts.Config{Services: []string{name}}
	}
	if _, err := c.Scope(ctx); err != nil {
		return nil, err
	}
	c.snapshot.Run.Checks = []string{}
	from, to, err := c.ends(ctx, a)
	if err != nil {
		return nil, err
	}
	vantage, note, err := c.vantageOf(from)
	if err != nil {
		return nil, err
	}
	if note != "" {
		c.progress.Note(note)
	}
	c.needs = topology.Requirement{
		Hosts: true, Looks: map[facts.Look]bool{facts.First: true, facts.Last: true},
		Pods: vantage.Kind == facts.FromPod || to.inPods(),
	}
	c.onlyOn(append(c.nodesOf(from), append(c.nodesOf(to), a.Entry)...))
	bounded, cancel := context.WithTimeoutCause(ctx, c.options.Timeout, fmt.Errorf("the time limit of %s was reached", c.options.Timeout))
	defer cancel()
	defer c.clean(ctx)
	if err := c.stepwise(bounded, c.onDemand(vantage, to, a)); err != nil {
		return c.snapshot, err
	}
	c.finish()
	return c.snapshot, c.save()
}

// ends finds what was named.
func (c *Collector) ends(ctx context.Context, a Asked) (from, to endpoint, err error) {
	if from, err = c.endOf(ctx, a.From); err != nil {
		return from, to, err
	}
	if to, err = c.endOf(ctx, a.To); err != nil {
		return from, to, err
	}
	if a.Entry == "" {
		return from, to, nil
	}
	if to.kind != endService {
		return from, to, &SelectionError{"--node-port goes with a Service (svc/NAMESPACE/NAME)"}
	}
	if c.snapshot.Node(a.Entry) == nil {
		return from, to, &SelectionError{fmt.Sprintf("there is no node %q in the cluster (it has %s)", a.Entry, names(c.snapshot.Nodes))}
	}
	return from, to, nil
}

// onlyOn leaves out the nodes that have nothing to do with the flow.
func (c *Collector) onlyOn(nodes []string) {
	for i := range c.snapshot.Nodes {
		if n := &c.snapshot.Nodes[i]; !slices.Contains(nodes, n.Name) {
			n.Excluded = "it is not on the way"
		}
	}
}

// onDemand are the steps of one trace. The second look knows the probe pods' interfaces.
func (c *Collector) onDemand(from facts.Vantage, to endpoint, a Asked) []step {
	return []step{
		{"preparing the namespace", c.prepare},
		{"placing the node agents", c.placeNodeAgents},
		{"taking a look at the hosts", c.firstLook},
		{"placing the probe pods", c.placeProbePods},
		{"taking another look at the hosts", c.lastLook},
		{"sending, with captures", func(ctx context.Context) error {
			t, err := c.traceOf(from, to, a)
			if err != nil {
				return err
			}
			t = c.traced(ctx, t)
			if t.Flow.Via == facts.Closed {
				t.Flow.Via = facts.TCP // it was asked because it says nothing, not to be refused
			}
			c.snapshot.Traces = []facts.Trace{t}
			return nil
		}},
	}
}
