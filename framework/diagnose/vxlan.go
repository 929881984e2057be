package diagnose

import (
	"maps"
	"slices"

	"github.com/plumbline-net/plumbline/framework/check"
	"github.com/plumbline-net/plumbline/framework/facts"
)

// vxlanBlocked reads the shape of the matrices: the tunnel between some nodes
// carries nothing, and the hosts themselves talk. Nodes whose forwarding is
// known to be broken are left to that cause, unless our own pods healed it.
func vxlanBlocked(in *input) []claim {
	known := append(in.stillOff(in.nodesOf(ipForward), facts.Main), in.nodesOf(firewallForward)...)
	known = append(known, in.nodesOf(nodeReady)...)
	for _, m := range mechanisms() {
		if m.early {
			known = append(known, m.nodes(in)...)
		}
	}
	s := in.silence().without(known)
	var out []claim
	cut := s.cutOff()
	if len(cut) > 0 {
		if cl, ok := in.tunnelClaim(s, cut, func(p pair) bool {
			return slices.Contains(cut, p.from) || slices.Contains(cut, p.to)
		}); ok {
			out = append(out, cl)
		}
	}
	for _, ends := range s.loose(cut) {
		if cl, ok := in.tunnelClaim(s, ends, func(p pair) bool {
			return slices.Contains(ends, p.from) && slices.Contains(ends, p.to)
		}); ok {
			out = append(out, cl)
		}
	}
	return append(out, in.seenBlocked(out)...)
}

// tunnelFault is a tunnel that carries nothing between pairs of nodes.
type tunnelFault struct {
	nodes   []string
	shape   silence // where it was read from the matrices
	blocked map[pair]bool
	// silent and hostOK count what the shape is made of: ordered pairs of nodes, and
	// right answers between hosts.
	silent, hostOK int
	dev            facts.Interface
	drops          []dropRule
}

// tunnelClaim is the claim for the blocked pairs among those given, where their
// pod traffic goes over a VXLAN device at all.
func (in *input) tunnelClaim(s silence, nodes []string, among func(pair) bool) (claim, bool) {
	blocked := map[pair]bool{}
	hostOK := 0
	for p := range s.blocked {
		if s.blocked[p] && among(p) {
			blocked[p] = true
			hostOK += s.hostOK[p]
		}
	}
	dev, ok := in.vxlanOf(nodes[0])
	if !ok {
		return claim{}, false
	}
	for p := range blocked {
		if !in.routed(p.from, p.to, dev.Name) {
			return claim{}, false
		}
	}
	drops := in.dropsOf(in.ends(blocked), dev.Vxlan.Port)
	if len(drops) > 0 {
		nodes = nodesOfDrops(drops)
	}
	silent := len(blocked)
	for _, d := range drops {
		maps.Copy(blocked, in.blockedBy(d)) // also towards nodes that were left aside
	}
	return in.tunnelFault(tunnelFault{nodes, s, blocked, silent, hostOK, dev, drops}), true
}

// tunnelFault makes the claim. Findings about rules are its own where they name the
// very rule: another one on the same node is a fault by itself.
func (in *input) tunnelFault(t tunnelFault) claim {
	c := claim{
		nodes:    t.nodes,
		says:     in.tunnelSays(t),
		evidence: in.tunnelEvidence(t),
		remedy:   in.tunnelRemedy(t),
		cell:     tunnelCells(in, t.blocked),
		leaves:   silent,
		open:     len(t.drops) == 0,
		parts:    []string{partTunnel, partNIC, partWire},
	}
	c.finding = func(id string, f check.Finding) bool {
		return (id == firewallInput || id == firewallDrops) && f.Verdict != check.Unknown && sameNodes(f, t.nodes) && speaksOf(f, c.evidence)
	}
	if len(t.drops) > 0 {
		c.grounds = "the rule stands where the tunnel's packets have to pass"
	}
	// A shape holds no cell that is right, so it cannot speak against itself.
	if family, ok := in.oneFamily(); ok && !slices.ContainsFunc(t.drops, dropRule.picks) && (len(t.drops) > 0 || t.silent == 0) {
		c.must = across(family, func(a, b string) bool { return t.blocked[pair{a, b}] })
	}
	return c
}

// tunnelCells matches what the tunnel between blocked pairs carries, and the
// probes of its port.
func tunnelCells(in *input, blocked map[pair]bool) cellTest {
	between := func(a, b string) bool { return blocked[pair{a, b}] || blocked[pair{b, a}] }
	pods := in.crossPods(between)
	return func(f facts.Flow, from facts.Vantage, to facts.Target) bool {
		return f.To == facts.ToTunnel && between(from.Node, to.Node) || pods(f, from, to)
	}
}

// ends are the nodes of the pairs, sorted.
func (in *input) ends(pairs map[pair]bool) []string {
	var out []string
	for p := range pairs {
		out = append(out, p.from, p.to)
	}
	slices.Sort(out)
	return slices.Compact(out)
}
