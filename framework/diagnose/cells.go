package diagnose

import (
	"slices"
	"strings"

	"github.com/plumbline-net/plumbline/framework/facts"
)

// cellTest says whether a cell lies where a cause would show.
type cellTest func(f facts.Flow, from facts.Vantage, to facts.Target) bool

// outcomeTest says whether a cell's outcome is one that a cause can have.
type outcomeTest func(f facts.Flow, c facts.Cell) bool

// silent: packets vanish. A Service with several backends then answers after a
// retry, or never from all of them.
func silent(f facts.Flow, c facts.Cell) bool {
	if c.Outcome == facts.OK {
		return (c.Partial || c.Retried) && f.ThroughService()
	}
	return c.Outcome == facts.Timeout || c.Outcome == facts.Unreachable || c.Outcome == facts.NotRun
}

// turnedAway: packets vanish, or an answer tells that they were rejected.
func turnedAway(f facts.Flow, c facts.Cell) bool {
	return silent(f, c) || c.Outcome == facts.Refused || c.Outcome == facts.Reset
}

// anyhow: the cause can end in any way.
func anyhow(facts.Flow, facts.Cell) bool { return true }

// podTraffic matches cells whose packets some of the nodes have to forward
// between the pod network and anything else: out of a pod there to another
// node, into a pod there from another node, and through a Service where a
// backend or the entry lies there.
func (in *input) podTraffic(nodes []string) cellTest {
	on := func(node string) bool { return node != "" && slices.Contains(nodes, node) }
	return func(f facts.Flow, from facts.Vantage, to facts.Target) bool {
		outOfPod := on(from.Node) && fromPod(f)
		switch f.To {
		case facts.ToClusterIP, facts.ToAffinity:
			return outOfPod || backendOn(to, on)
		case facts.ToNodePort:
			return on(to.Node) || outOfPod || backendOn(to, on)
		case facts.ToNodePortLocal:
			return on(to.Node) && !to.Silent
		case facts.ToDNSService, facts.ToDNSRecord, facts.ToDNSExternal:
			return outOfPod || in.replicaOn(on)
		case facts.ToAPI, facts.ToHairpin, facts.ToEgress:
			return outOfPod
		case facts.ToPod, facts.ToRuntime, facts.ToDNSReplica, facts.ToDNSMetrics:
			return from.Node != to.Node && (on(to.Node) || outOfPod)
		case facts.ToHost:
			return outOfPod && from.Node != to.Node
		case facts.ToGateway, facts.ToTunnel, facts.ToDNSUpstream, facts.ToNodeDNS:
			return false // they begin or end at hosts
		}
		return false
	}
}

func fromPod(f facts.Flow) bool { return f.From == facts.FromPod || f.From == facts.FromRuntime }

// crossPods matches what goes over the tunnel between nodes: everything of
// podTraffic that is not handled inside one node, and what hosts send to pods.
func (in *input) crossPods(involved func(a, b string) bool) cellTest {
	return func(f facts.Flow, from facts.Vantage, to facts.Target) bool {
		switch f.To {
		case facts.ToPod, facts.ToRuntime, facts.ToDNSReplica, facts.ToDNSMetrics, facts.ToGateway:
			return from.Node != to.Node && involved(from.Node, to.Node)
		case facts.ToClusterIP, facts.ToAffinity:
			return backendOn(to, func(n string) bool { return involved(from.Node, n) })
		case facts.ToNodePort:
			return backendOn(to, func(n string) bool { return involved(from.Node, n) || involved(to.Node, n) })
		case facts.ToDNSService, facts.ToDNSRecord, facts.ToDNSExternal:
			return in.replicaOn(func(n string) bool { return involved(from.Node, n) })
		case facts.ToHost, facts.ToAPI, facts.ToHairpin, facts.ToNodePortLocal, facts.ToTunnel, facts.ToDNSUpstream, facts.ToNodeDNS, facts.ToEgress:
			return false
		}
		return false
	}
}

// servicesAt matches what a node's own data plane translates: Services asked
// from that node, and its NodePorts.
func servicesAt(nodes []string) cellTest {
	return func(f facts.Flow, from facts.Vantage, to facts.Target) bool {
		switch {
		case f.To == facts.ToNodePort, f.To == facts.ToNodePortLocal:
			return slices.Contains(nodes, to.Node)
		case f.ThroughService():
			return slices.Contains(nodes, from.Node)
		}
		return false
	}
}

// touching matches every cell that begins or ends on one of the nodes.
func touching(nodes []string) cellTest {
	return func(_ facts.Flow, from facts.Vantage, to facts.Target) bool {
		return slices.Contains(nodes, from.Node) || to.Node != "" && slices.Contains(nodes, to.Node)
	}
}

// backendOn says whether a backend of a Service is a pod on such a node.
func backendOn(to facts.Target, on func(string) bool) bool {
	return slices.ContainsFunc(to.Peers, func(peer string) bool {
		kind, node, _ := strings.Cut(peer, "/")
		return kind == string(facts.FromPod) && on(node)
	})
}

func (in *input) replicaOn(on func(string) bool) bool {
	return slices.ContainsFunc(in.facts.Cluster.DNSPods, func(p facts.Pod) bool { return on(p.Node) })
}
