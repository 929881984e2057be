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
		return (c.Partial || c.Retried) && throughService(f)
	}
	return c.Outcome == facts.Timeout || c.Outcome == facts.Unreachable || c.Outcome == facts.NotRun
}

// turnedAway: packets vanish, or an answer tells that they were rejected.
func turnedAway(f facts.Flow, c facts.Cell) bool {
	return silent(f, c) || c.Outcome == facts.Refused || c.Outcome == facts.Reset
}

// anyhow: the cause can end in any way.
func anyhow(facts.Flow, facts.Cell) bool { return true }

func throughService(f facts.Flow) bool {
	return f.To == facts.ToClusterIP || f.To == facts.ToNodePort || f.To == facts.ToDNSService
}

// podTraffic matches cells whose packets some of the nodes have to forward
// between the pod network and anything else: out of a pod there to another
// node, into a pod there from another node, and through a Service where a
// backend or the entry lies there.
func (in *input) podTraffic(nodes []string) cellTest {
	on := func(node string) bool { return node != "" && slices.Contains(nodes, node) }
	return func(f facts.Flow, from facts.Vantage, to facts.Target) bool {
		switch f.To {
		case facts.ToClusterIP:
			return on(from.Node) && f.From == facts.FromPod || backendOn(to, on)
		case facts.ToNodePort:
			return on(to.Node) || on(from.Node) && f.From == facts.FromPod || backendOn(to, on)
		case facts.ToDNSService:
			return on(from.Node) && f.From == facts.FromPod || in.replicaOn(on)
		case facts.ToAPI:
			return on(from.Node) && f.From == facts.FromPod
		case facts.ToPod, facts.ToDNSReplica:
			crosses := from.Node != to.Node
			return crosses && (on(to.Node) || on(from.Node) && f.From == facts.FromPod)
		case facts.ToHost:
			return f.From == facts.FromPod && on(from.Node) && from.Node != to.Node
		}
		return false
	}
}

// crossPods matches what goes over the tunnel between nodes: everything of
// podTraffic that is not handled inside one node, and what hosts send to pods.
func (in *input) crossPods(involved func(a, b string) bool) cellTest {
	return func(f facts.Flow, from facts.Vantage, to facts.Target) bool {
		switch f.To {
		case facts.ToPod, facts.ToDNSReplica:
			return from.Node != to.Node && involved(from.Node, to.Node)
		case facts.ToClusterIP:
			return backendOn(to, func(n string) bool { return involved(from.Node, n) })
		case facts.ToNodePort:
			return backendOn(to, func(n string) bool { return involved(from.Node, n) || involved(to.Node, n) })
		case facts.ToDNSService:
			return in.replicaOn(func(n string) bool { return involved(from.Node, n) })
		case facts.ToHost, facts.ToAPI:
			return false
		}
		return false
	}
}

// servicesAt matches what a node's own data plane translates: Services asked
// from that node, and its NodePorts.
func servicesAt(nodes []string) cellTest {
	return func(f facts.Flow, from facts.Vantage, to facts.Target) bool {
		switch f.To {
		case facts.ToClusterIP, facts.ToAPI, facts.ToDNSService:
			return slices.Contains(nodes, from.Node)
		case facts.ToNodePort:
			return slices.Contains(nodes, to.Node)
		case facts.ToPod, facts.ToHost, facts.ToDNSReplica:
			return false
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
