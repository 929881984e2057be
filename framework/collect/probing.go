package collect

import (
	"context"
	"sync"

	"github.com/plumbline-net/plumbline/framework/facts"
	"github.com/plumbline-net/plumbline/framework/topology"
	"github.com/plumbline-net/plumbline/framework/wire"
)

// probe asks pods, hosts and the runner at the same time. The pods are asked for
// their identity too: only now they know what their first moments were like.
func (c *Collector) probe(ctx context.Context) error {
	flows := topology.At(c.needs.Flows, facts.Main)
	type group struct {
		planned []wire.PlannedFlow
		empty   []facts.Matrix
		replies []reply
	}
	kinds := []facts.VantageKind{facts.FromPod, facts.FromHost, facts.FromRunner, facts.FromRuntime}
	groups := make([]group, len(kinds))
	c.age()
	var wg sync.WaitGroup
	for i, kind := range kinds {
		planned, empty := topology.Planned(c.snapshot, flows, kind)
		groups[i].planned, groups[i].empty = planned, empty
		identity := kind == facts.FromPod && c.needs.Pods || kind == facts.FromRuntime && c.needs.Runtimes
		if len(planned) == 0 && !identity {
			continue
		}
		plan := wire.Plan{
			Flows: planned, Timing: c.options.Timing, Identity: identity,
			SettleMillis: int(settle.Milliseconds()), DeadlineMillis: c.deadline(planned),
		}
		wg.Go(func() { groups[i].replies = c.askKind(ctx, kind, plan) })
	}
	wg.Wait()
	for _, g := range groups {
		c.introduceAll(g.replies)
		c.assemble(g.planned, g.empty, g.replies)
	}
	return nil
}

func (c *Collector) askKind(ctx context.Context, kind facts.VantageKind, plan wire.Plan) []reply {
	switch kind {
	case facts.FromPod:
		return c.askAll(ctx, c.vantages(probeRole, kind, same(plan)))
	case facts.FromHost:
		return c.askAll(ctx, c.vantages(nodeRole, kind, same(plan)))
	case facts.FromRuntime:
		var asked []vantage
		for _, r := range c.pods() {
			if r.class != "" {
				asked = append(asked, c.vantages(r, kind, same(plan))...)
			}
		}
		return c.askAll(ctx, asked)
	case facts.FromRunner:
		return []reply{c.askRunner(ctx, plan)}
	}
	return nil
}

// introduceAll takes the identities of pods out of their answers.
func (c *Collector) introduceAll(replies []reply) {
	for _, r := range replies {
		if r.identity == nil {
			continue
		}
		node := c.snapshot.Node(r.From.Node)
		switch r.From.Kind {
		case facts.FromPod:
			introduce(&node.PodAgent, *r.identity)
		case facts.FromRuntime:
			introduce(runtimeRole(r.From.Class).of(node), *r.identity)
		case facts.FromHost, facts.FromRunner:
		}
	}
}
