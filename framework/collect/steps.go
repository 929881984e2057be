package collect

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
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
		OwnNamespace: c.options.Namespace == "", NoWait: c.options.NoWait,
		// Twice the time limit: nobody else may sweep us while we live.
		Expires: c.started.Add(2*c.options.Timeout + time.Hour),
		Image:   c.options.Image, PullSecrets: c.options.PullSecrets, Tolerations: tolerated,
		DropReasons: c.options.DropReasons,
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
	replies := c.askAll(ctx, c.vantages(nodeRole, facts.FromHost, func(n facts.Node) wire.Plan {
		own := plan
		own.Inspect = c.inspection(n, look)
		return own
	}))
	for _, r := range replies {
		node := c.snapshot.Node(r.From.Node)
		if r.identity != nil {
			introduce(&node.NodeAgent, *r.identity)
		} else if identity && node.NodeAgent.Ready {
			// It runs, but does not answer: a vantage and a target that we cannot use.
			node.NodeAgent.Ready, node.NodeAgent.NotRun = false, r.NotRun
		}
		if c.needs.Looks[look] {
			c.snapshot.Hosts = append(c.snapshot.Hosts, hostLook(r, look))
		}
	}
	c.assemble(planned, empty, replies)
	return nil
}

// inspection is what one host is looked at for. What depends on our pods can be
// asked only once they exist.
func (c *Collector) inspection(n facts.Node, look facts.Look) *wire.Inspect {
	if !c.needs.Looks[look] {
		return nil
	}
	out := &wire.Inspect{Look: look, HostRoot: "/host", Compute: look == facts.First}
	if look == facts.Last {
		out.Lookups = topology.Lookups(c.snapshot, n.Name)
		out.Listening = c.listening(n)
	}
	return out
}

// listening are the ready endpoints on a node of the Services that the
// configuration names.
func (c *Collector) listening(n facts.Node) []facts.Listening {
	var out []facts.Listening
	for _, s := range c.snapshot.Cluster.Services {
		if !slices.Contains(c.snapshot.Configured().Services, s.Namespace+"/"+s.Name) {
			continue
		}
		for _, e := range s.Endpoints {
			// Whose endpoint names no node (default/kubernetes) may be the node itself.
			here := e.Node == n.Name || e.Node == "" && slices.Contains(n.Internal, e.Addr)
			if e.Ready && here {
				one := facts.Listening{Addr: e.Addr, Port: e.Port, Proto: strings.ToLower(e.Proto)}
				if !slices.ContainsFunc(out, func(o facts.Listening) bool { return o.Addr == one.Addr && o.Port == one.Port && o.Proto == one.Proto }) {
					out = append(out, one)
				}
			}
		}
	}
	return out
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

func (c *Collector) noHosts() string {
	switch {
	case c.options.Unprivileged:
		return "host access was refused (--unprivileged)"
	case !c.needs.Hosts:
		return "no selected check needs a host"
	}
	return ""
}
