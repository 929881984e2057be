package diagnose

import (
	"slices"
	"strings"

	"github.com/plumbline-net/plumbline/framework/check"
	"github.com/plumbline-net/plumbline/framework/facts"
)

// The places where a mechanism shows, for a node and, where it is known, the one
// peer towards which it is wrong.

// touches matches everything that begins or ends on the node.
func touches(_ *input, node, _ string) cellTest { return touching([]string{node}) }

// passing matches what begins or ends on the node, and Services that may lead there.
func passing(in *input, node, _ string) cellTest {
	on := func(n string) bool { return n == node }
	return func(f facts.Flow, from facts.Vantage, to facts.Target) bool {
		dns := f.To == facts.ToDNSService || f.To == facts.ToDNSRecord || f.To == facts.ToDNSExternal
		return on(from.Node) || on(to.Node) || backendOn(to, on) || dns && in.replicaOn(on)
	}
}

// tunnelled matches what goes between the node's and other nodes' pods, both
// ways: an answer needs the way back.
func tunnelled(in *input, node, peer string) cellTest {
	return in.crossPods(func(a, b string) bool {
		return a == node && (peer == "" || b == peer) || b == node && (peer == "" || a == peer)
	})
}

// intoPods matches what a node has to hand to its own pods.
func intoPods(in *input, node, _ string) cellTest {
	on := func(n string) bool { return n == node }
	return func(f facts.Flow, from facts.Vantage, to facts.Target) bool {
		switch f.To {
		case facts.ToClusterIP, facts.ToAffinity, facts.ToNodePort:
			return backendOn(to, on) || fromPod(f) && from.Node == node
		case facts.ToNodePortLocal:
			return to.Node == node && !to.Silent
		case facts.ToDNSService, facts.ToDNSRecord, facts.ToDNSExternal:
			return in.replicaOn(on) || fromPod(f) && from.Node == node
		default:
			return to.Node == node || fromPod(f) && from.Node == node
		}
	}
}

// sameNodeServices matches Services asked from pods of the node that may have a
// backend beside them.
func sameNodeServices(in *input, node, _ string) cellTest {
	on := func(n string) bool { return n == node }
	return func(f facts.Flow, from facts.Vantage, to facts.Target) bool {
		if from.Node != node || !fromPod(f) || !f.ThroughService() {
			return false
		}
		dns := f.To == facts.ToDNSService || f.To == facts.ToDNSRecord || f.To == facts.ToDNSExternal
		return f.To == facts.ToHairpin || dns && in.replicaOn(on) || backendOn(to, on)
	}
}

// intoHost matches what a rule keeps a node from taking in for itself: what the
// finding names (NodePorts, the overlay and with it what comes out of it) and, where
// the rule picks no port, the node's own address.
func intoHost(in *input, f check.Finding) cellTest {
	node := f.Nodes[0]
	tunnel := func(facts.Flow, facts.Vantage, facts.Target) bool { return false }
	overlay := strings.Contains(f.Says, "the overlay (")
	if overlay {
		tunnel = tunnelled(in, node, "")
	}
	ports := portsKept(f.Says)
	anyPort := !rulePort.MatchString(f.Says)
	family, known := in.familyOfRule(f.Says)
	return func(flow facts.Flow, from facts.Vantage, to facts.Target) bool {
		switch flow.To {
		case facts.ToNodePort, facts.ToNodePortLocal:
			own := !known || flow.Family == family
			return own && to.Node == node && !to.Silent && ports[flow.Via == facts.UDP] || tunnel(flow, from, to)
		case facts.ToHost:
			return (!known || flow.Family == family) && anyPort && to.Node == node
		case facts.ToTunnel:
			return overlay && to.Node == node && !to.Silent
		default:
			return tunnel(flow, from, to)
		}
	}
}

// portsKept says of UDP (true) and TCP whether a finding names NodePorts of it:
// "NodePorts (TCP 30000, UDP 32767)".
func portsKept(says string) map[bool]bool {
	_, list, found := strings.Cut(says, "NodePorts (")
	list, _, _ = strings.Cut(list, ")")
	return map[bool]bool{false: found && strings.Contains(list, "TCP "), true: found && strings.Contains(list, "UDP ")}
}

// services matches what the node's own data plane translates.
func services(_ *input, node, _ string) cellTest { return servicesAt([]string{node}) }

// rewritten: the answer is right, but the far end saw another source.
func rewritten(_ facts.Flow, c facts.Cell) bool { return c.Rewritten }

// sized: only large packets are lost.
func sized(f facts.Flow, c facts.Cell) bool {
	large := []facts.Via{facts.PMTU, facts.Over, facts.Bulk, facts.Big, facts.HTTP, facts.TLS}
	return slices.Contains(large, f.Via) && c.Outcome != facts.NotRun
}
