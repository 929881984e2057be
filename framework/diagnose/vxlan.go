package diagnose

import (
	"fmt"
	"slices"

	"github.com/plumbline-net/plumbline/framework/check"
	"github.com/plumbline-net/plumbline/framework/facts"
	"github.com/plumbline-net/plumbline/framework/figures"
)

// vxlanBlocked reads the shape of the matrices: the tunnel between some nodes
// carries nothing, and the hosts themselves talk. Nodes whose forwarding is
// known to be broken are left to that cause.
func vxlanBlocked(in *input) []claim {
	known := append(in.nodesOf(ipForward), in.nodesOf(firewallForward)...)
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
	return out
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
	return claim{
		nodes:    nodes,
		says:     in.tunnelSays(nodes, s, dev, drops),
		evidence: in.tunnelEvidence(nodes, len(blocked), hostOK, drops),
		remedy:   in.tunnelRemedy(nodes, blocked, dev, drops),
		cell:     tunnelCells(in, blocked),
		leaves:   silent,
		open:     len(drops) == 0,
		finding: func(id string, f check.Finding) bool {
			return (id == "firewall/input" || id == firewallDrops) && len(drops) > 0 && sameNodes(f, nodes) && f.Verdict != check.Unknown
		},
	}, true
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

func (in *input) tunnelSays(nodes []string, s silence, dev facts.Interface, drops []dropRule) string {
	tunnel := fmt.Sprintf("VXLAN, UDP port %d, device %s", dev.Vxlan.Port, dev.Name)
	if len(drops) > 0 {
		d := drops[0]
		return fmt.Sprintf("%s: rule %d of %s (table %s) drops the tunnel of the pod network (%s)",
			names(nodes), d.rule.Position, d.chain.Name, d.chain.Table, tunnel)
	}
	switch {
	case len(nodes) == len(s.nodes):
		return fmt.Sprintf("%s: the tunnel between the nodes carries nothing (%s), while the hosts reach one another", names(nodes), tunnel)
	case len(nodes) == 2 && s.blocked[pair{nodes[0], nodes[1]}]:
		return fmt.Sprintf("the tunnel between %s and %s carries nothing (%s), while the hosts reach one another", nodes[0], nodes[1], tunnel)
	}
	return fmt.Sprintf("%s: the tunnel to the other nodes carries nothing (%s), while the hosts reach one another", names(nodes), tunnel)
}

func (in *input) tunnelEvidence(nodes []string, silent, hostOK int, drops []dropRule) []check.Evidence {
	out := []check.Evidence{
		{Source: "matrix pod → pod", Text: fmt.Sprintf("%s of nodes: every probe timed out, no error came back", figures.Count(silent, "ordered pair"))},
		{Source: "matrix host → host", Text: fmt.Sprintf("the same pairs: %s, none failed", figures.Count(hostOK, "right answer"))},
	}
	for _, d := range drops {
		out = append(out, check.Evidence{Node: d.node, Source: d.place(), Text: d.rule.Text})
	}
	for _, n := range nodes {
		if dev, ok := in.vxlanOf(n); ok {
			out = append(out, check.Evidence{Node: n, Source: "device " + dev.Name, Text: fmt.Sprintf(
				"vxlan id %d, local %s, over %s, UDP port %d", dev.Vxlan.VNI, dev.Vxlan.Local, dev.Vxlan.Device, dev.Vxlan.Port)})
		}
	}
	return out
}

// tunnelRemedy gives the exact command where the rule is known, and otherwise
// how to find it: in the hosts' rules first, then with a capture at both ends.
func (in *input) tunnelRemedy(nodes []string, blocked map[pair]bool, dev facts.Interface, drops []dropRule) []check.Remedy {
	var out []check.Remedy
	for _, d := range drops {
		out = append(out, check.Remedy{Text: "delete the rule that drops the tunnel", Node: d.node, Command: d.undo()})
	}
	port := dev.Vxlan.Port
	if len(drops) > 0 {
		return append(out, check.Remedy{Text: "find out what made the rule (a firewall service, a security agent), and allow the port there, or it comes back"})
	}
	for _, n := range nodes {
		out = append(out,
			check.Remedy{Text: "look for a rule about the port", Node: n, Command: fmt.Sprintf("iptables-save | grep -w %d; nft list ruleset | grep -w %d", port, port)})
	}
	peers := in.ends(blocked)
	for _, n := range peers[:min(2, len(peers))] {
		out = append(out, check.Remedy{
			Text: "watch both ends at once: sent there and not received here means a filter between the nodes", Node: n,
			Command: fmt.Sprintf("tcpdump -ni %s udp port %d", uplink(dev), port),
		})
	}
	return append(out, check.Remedy{
		Text: fmt.Sprintf("allow UDP port %d between all nodes in both directions in the security group or the firewall between them", port),
	})
}

func uplink(dev facts.Interface) string {
	if dev.Vxlan.Device != "" {
		return dev.Vxlan.Device
	}
	return "any"
}
