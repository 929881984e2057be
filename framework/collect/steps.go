package collect

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"sync"
	"time"

	"github.com/plumbline-net/plumbline/framework/cluster"
	"github.com/plumbline-net/plumbline/framework/facts"
	"github.com/plumbline-net/plumbline/framework/topology"
	"github.com/plumbline-net/plumbline/framework/wire"
)

// prepare sweeps what dead runs left, and makes the run's namespace.
func (c *Collector) prepare(ctx context.Context) error {
	tolerated, err := tolerations(c.options.Taints)
	if err != nil {
		return err
	}
	c.run = cluster.Run{
		ID: c.options.RunID, Namespace: c.options.Namespace, Owner: c.options.Owner,
		OwnNamespace: c.options.Namespace == "",
		// Twice the time limit: nobody else may sweep us while we live.
		Expires: c.started.Add(2*c.options.Timeout + time.Hour),
		Image:   c.options.Image, PullSecrets: c.options.PullSecrets, Tolerations: tolerated,
	}
	if c.run.OwnNamespace {
		c.run.Namespace = "plumbline-" + suffix()
	}
	for _, n := range c.snapshot.Nodes {
		if n.Excluded != "" {
			c.run.Except = append(c.run.Except, n.Name)
		}
	}
	c.snapshot.Run.Namespace = c.run.Namespace
	if !c.run.OwnNamespace {
		return nil
	}
	if swept, err := c.Clean(ctx, false); err != nil {
		c.problem("sweeping earlier runs", err)
	} else if len(swept) > 0 {
		c.progress.Note(fmt.Sprintf("swept %d leftovers of earlier runs", len(swept)))
	}
	c.created = true
	return c.client.Create(ctx, c.run, "namespace.yaml")
}

// suffix makes a namespace's name new: one that is stuck in Terminating must not block the next run.
func suffix() string {
	var raw [4]byte
	_, _ = rand.Read(raw[:]) // never fails (crypto/rand, since Go 1.24)
	return hex.EncodeToString(raw[:])
}

func (c *Collector) firstLook(ctx context.Context) error {
	return c.look(ctx, facts.First, true)
}

func (c *Collector) lastLook(ctx context.Context) error {
	if !c.needs.Looks[facts.Last] && len(topology.At(c.needs.Flows, facts.Last)) == 0 {
		return nil
	}
	return c.look(ctx, facts.Last, false)
}

// look inspects every host, and asks from it what is to be asked at this look.
func (c *Collector) look(ctx context.Context, look facts.Look, identity bool) error {
	if c.noHosts() != "" {
		return nil
	}
	planned, empty := topology.Planned(c.snapshot, topology.At(c.needs.Flows, look), facts.FromHost)
	plan := wire.Plan{
		Flows: planned, Identity: identity, Timing: c.options.Timing, DeadlineMillis: c.deadline(planned),
	}
	if c.needs.Looks[look] {
		plan.Inspect = &wire.Inspect{Look: look, HostRoot: "/host"}
	}
	replies := c.askAll(ctx, nodeRole, facts.FromHost, plan)
	for _, r := range replies {
		node := c.snapshot.Node(r.From.Node)
		if r.identity != nil {
			node.NodeAgent.Ports, node.NodeAgent.MTU = r.identity.Ports, r.identity.MTU
		} else if identity && node.NodeAgent.Ready {
			// It runs, but does not answer: a vantage and a target that we cannot use.
			node.NodeAgent.Ready, node.NodeAgent.NotRun = false, r.NotRun
		}
		if plan.Inspect != nil {
			c.snapshot.Hosts = append(c.snapshot.Hosts, hostLook(r, look))
		}
	}
	c.assemble(planned, empty, replies)
	return nil
}

func hostLook(r reply, look facts.Look) facts.HostLook {
	if r.host == nil {
		return facts.HostLook{Node: r.From.Node, Look: look, NotRun: r.NotRun}
	}
	h := *r.host
	h.Node, h.Look = r.From.Node, look
	return h
}

func (c *Collector) assemble(planned []wire.PlannedFlow, empty []facts.Matrix, replies []reply) {
	answers := make([]topology.Answer, 0, len(replies))
	for _, r := range replies {
		answers = append(answers, r.Answer)
	}
	c.snapshot.Matrices = append(c.snapshot.Matrices, topology.Assemble(planned, answers)...)
	c.snapshot.Matrices = append(c.snapshot.Matrices, empty...)
}

func (c *Collector) createService(ctx context.Context) error {
	if !c.needs.Service {
		c.snapshot.Service.NotRun = "no selected check needs it"
		return nil
	}
	backends := c.backends()
	if len(backends) == 0 {
		c.snapshot.Service.NotRun = "no probe pod is ready to stand behind it"
		return nil
	}
	service, err := c.client.CreateService(ctx, c.run, backends)
	if err != nil {
		c.snapshot.Service.NotRun = err.Error()
		c.problem("creating the Service", err)
		return nil
	}
	c.snapshot.Service = service
	return nil
}

func (c *Collector) backends() []cluster.Backend {
	var out []cluster.Backend
	for _, n := range c.snapshot.Selected() {
		if n.PodAgent.Ready && len(out) < c.options.Backends {
			out = append(out, cluster.Backend{
				Peer: "pod/" + n.Name, Node: n.Name, Pod: n.PodAgent.Pod,
				Addrs: n.PodAgent.Addrs, Ports: n.PodAgent.Ports,
			})
		}
	}
	return out
}

// probe asks pods, hosts and the runner at the same time.
func (c *Collector) probe(ctx context.Context) error {
	flows := topology.At(c.needs.Flows, facts.Main)
	type group struct {
		planned []wire.PlannedFlow
		empty   []facts.Matrix
		replies []reply
	}
	kinds := []facts.VantageKind{facts.FromPod, facts.FromHost, facts.FromRunner}
	groups := make([]group, len(kinds))
	var wg sync.WaitGroup
	for i, kind := range kinds {
		planned, empty := topology.Planned(c.snapshot, flows, kind)
		groups[i].planned, groups[i].empty = planned, empty
		if len(planned) == 0 {
			continue
		}
		plan := wire.Plan{
			Flows: planned, Timing: c.options.Timing,
			SettleMillis: int(settle.Milliseconds()), DeadlineMillis: c.deadline(planned),
		}
		wg.Go(func() { groups[i].replies = c.askKind(ctx, kind, plan) })
	}
	wg.Wait()
	for _, g := range groups {
		c.assemble(g.planned, g.empty, g.replies)
	}
	return nil
}

func (c *Collector) askKind(ctx context.Context, kind facts.VantageKind, plan wire.Plan) []reply {
	switch kind {
	case facts.FromPod:
		return c.askAll(ctx, probeRole, kind, plan)
	case facts.FromHost:
		return c.askAll(ctx, nodeRole, kind, plan)
	case facts.FromRunner:
		return []reply{c.askRunner(ctx, plan)}
	}
	return nil
}

func (c *Collector) noHosts() string {
	switch {
	case c.options.Unprivileged:
		return "host access was refused (--unprivileged)"
	case !c.needs.Hosts:
		return "no selected check needs a host"
	}
	return ""
}
