package reach

import (
	"cmp"
	_ "embed"
	"fmt"
	"net/netip"
	"slices"

	"github.com/plumbline-net/plumbline/framework/check"
	"github.com/plumbline-net/plumbline/framework/dataplane"
	"github.com/plumbline-net/plumbline/framework/facts"
	"github.com/plumbline-net/plumbline/framework/matrix"
	"github.com/plumbline-net/plumbline/suites/remedies"
)

//go:embed gateway.md
var gatewayDoc string

// Gateway is the check reach/gateway.
func Gateway() check.Check {
	return check.Check{
		ID: "reach/gateway", Promise: "From every node, the first address of every node's pod CIDR, which a bridge CNI gives to its bridge, answers.",
		Level: check.Core, Needs: []check.Need{check.NeedHosts, check.NeedPods}, Doc: gatewayDoc, Ask: askGateway,
		Looks: []facts.Look{facts.Last}, Evaluate: evaluateGateway,
	}
}

func askGateway(scope check.Scope) []facts.Flow {
	return cross(scope, facts.FromHost, facts.ToGateway, facts.ICMP)
}

func evaluateGateway(s *facts.Snapshot) check.Result {
	flows := slices.DeleteFunc(askGateway(check.ScopeOf(s)), func(f facts.Flow) bool { return !hasPodCIDR(s, f.Family) })
	if len(s.Selected()) > 0 && len(s.Cluster.Families) > 0 && len(flows) == 0 {
		return check.Skipf("no node has a pod CIDR: the CNI gives out pod addresses in a way of its own, without a gateway that is known")
	}
	bridges := bridgesOf(s)
	if !s.Run.Unprivileged && bridges.noneAnywhere() {
		return check.Skipf("no node has a bridge with the first address of its pod CIDR: the CNI uses none")
	}
	return matrix.Judge(s, matrix.Spec{Flows: flows, Rule: bridges.rule, Remedy: func(p matrix.Place) []check.Remedy { return gatewayRemedy(s, p) }})
}

func hasPodCIDR(s *facts.Snapshot, f facts.Family) bool {
	return slices.ContainsFunc(s.Selected(), func(n facts.Node) bool {
		return slices.ContainsFunc(n.PodCIDRs, func(p netip.Prefix) bool { return dataplane.Of(p.Addr()) == f })
	})
}

// bridges are the gateways that each node's interfaces hold at the last look; a node
// that was not looked at then is missing. A bridge holds its address with the prefix
// of its network (10.244.3.1/24). An address alone (/32, /128) on a device that only
// happens to be the first of the pod CIDR is no gateway: programs of eBPF at such a
// device may drop what is for it (a proxy device).
type bridges map[string]map[netip.Addr]bool

func bridgesOf(s *facts.Snapshot) bridges {
	out := bridges{}
	for _, n := range s.Selected() {
		out[n.Name] = nil
		h := s.Host(n.Name, facts.Last)
		if h == nil || h.NotRun != "" || len(h.Interfaces) == 0 {
			continue
		}
		held := map[netip.Addr]bool{}
		for _, i := range h.Interfaces {
			for _, a := range i.Addrs {
				for _, p := range n.PodCIDRs {
					if p.Masked().Addr().Next() == a.Addr() && a.Bits() < a.Addr().BitLen() && !slices.Contains(i.Tentative, a) {
						held[a.Addr()] = true
					}
				}
			}
		}
		out[n.Name] = held
	}
	return out
}

// noneAnywhere: every node was looked at, and none holds such an address.
func (b bridges) noneAnywhere() bool {
	for _, held := range b {
		if held == nil || len(held) > 0 {
			return false
		}
	}
	return len(b) > 0
}

func (b bridges) rule(c matrix.Cell) matrix.Ruling {
	held := b[c.To.Node]
	switch {
	case c.Answer.Outcome == facts.OK:
		return matrix.Ruling{Standing: matrix.Right}
	case held == nil:
		return matrix.Ruling{Standing: matrix.Open, Why: "whether the receiver's bridge has that address was not seen, for its last look is missing"}
	case !held[c.To.Addr]:
		return matrix.Ruling{Standing: matrix.Aside, Why: "no interface of the receiver has that address at the last look (not a bridge CNI, no pod ever ran there, or the address is still tentative)"}
	}
	return matrix.Answers(c)
}

func gatewayRemedy(s *facts.Snapshot, p matrix.Place) []check.Remedy {
	c := p.Examples[0]
	node := cmp.Or(p.Node(), c.To.Node)
	return []check.Remedy{{
		Purpose: check.Find, Text: "Which way does the sender take, and does its tunnel know the peer?", Node: c.From.Node,
		Command: fmt.Sprintf("ip route get %s; ip neigh show nud permanent; bridge fdb show | grep dst", c.To.Addr),
	}, {
		Purpose: check.Find, Text: "Is the bridge up, and do the filters let ICMP in? (INPUT, for the address is the node's own)", Node: c.To.Node,
		Command: fmt.Sprintf("ip -br addr | grep -F %s; %s -nvL INPUT --line-numbers; nft list ruleset | grep -nE 'drop|reject'", c.To.Addr, iptables(c)),
	}, {
		Purpose: check.Find, Text: "Where there is a tunnel, its outer packets must leave the sender and arrive (VXLAN, Geneve, or IP in IP)", Node: node,
		Command: "timeout 60 tcpdump -ni any -c 40 'udp port 8472 or udp port 4789 or udp port 6081 or proto 4'",
	}, {
		Text: "Bring the bridge up, if it is there and down", Node: c.To.Node,
		Command: fmt.Sprintf("ip link set $(ip -o addr show to %s | awk '{print $2; exit}') up", c.To.Addr),
	}, {
		Text: "Let questions of ping in, where a filter keeps them out", Node: c.To.Node,
		Command: fmt.Sprintf("%s -I INPUT -p %s -j ACCEPT", iptables(c), icmpOf(c)),
	}, remedies.RestartCNI(s, node), remedies.WhereWritten(c.To.Node, "Where a filter kept it out, correct what wrote the rule, or it is back after the next boot or reload", "DROP|REJECT|drop|reject"), {
		Purpose: check.Verify, Text: "Check: three of three must be received", Node: c.From.Node, Command: fmt.Sprintf("ping -c 3 -W 1 %s", c.To.Addr),
	}}
}

// icmpOf is the protocol's name for the filter of the family.
func icmpOf(c matrix.Cell) string {
	if c.Flow.Family == facts.IPv6 {
		return "ipv6-icmp"
	}
	return "icmp"
}
