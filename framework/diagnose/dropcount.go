package diagnose

import (
	"net/netip"
	"slices"

	"github.com/plumbline-net/plumbline/framework/controls"
	"github.com/plumbline-net/plumbline/framework/dataplane"
	"github.com/plumbline-net/plumbline/framework/facts"
	"github.com/plumbline-net/plumbline/framework/netfilter"
)

// harmless says whether a rule that drops the tunnel's port is known to have dropped
// nothing of the other nodes: it cannot match what they send, it counted nothing all
// the time, or no more than control probes of this run, as a host's probe of its own
// tunnel. A plugin that lets its peers in before such a rule has one on every node.
func (in *input) harmless(d dropRule) bool {
	node := in.facts.Node(d.node)
	if node == nil {
		return false
	}
	meets, certain := in.meetsPeers(d, *node)
	if !meets {
		return true
	}
	counted, known := in.countedBy(d)
	if !known || certain {
		return false
	}
	if counted == 0 {
		return true
	}
	last := in.facts.Host(d.node, facts.Last)
	rules, _ := netfilter.Load(last.Firewall) // what cannot be read is reported by the firewall checks
	return controls.Account(in.facts, *node, &rules, d.is, counted)
}

// is says whether a packet ended at this rule.
func (d dropRule) is(s netfilter.Stop) bool {
	return s.Rule != nil && sameChain(*s.Chain, d.chain) && s.Rule.Text == d.rule.Text
}

func sameChain(a, b netfilter.Chain) bool {
	return a.Tool == b.Tool && a.Family == b.Family && a.Table == b.Table && a.Name == b.Name
}

// countedBy is what a rule counted between the looks; known is false where it was not
// there at both, or has no counter. Equal rules of one chain are one.
func (in *input) countedBy(d dropRule) (counted uint64, known bool) {
	first, ok1 := in.counterOf(d, facts.First)
	last, ok2 := in.counterOf(d, facts.Last)
	if !ok1 || !ok2 {
		return 0, false
	}
	if last < first { // it was written anew, and has counted from zero since
		return last, true
	}
	return last - first, true
}

func (in *input) counterOf(d dropRule, look facts.Look) (packets uint64, known bool) {
	h := in.facts.Host(d.node, look)
	if h == nil || h.NotRun != "" {
		return 0, false
	}
	rules, _ := netfilter.Load(h.Firewall) // what cannot be read is reported by the firewall checks
	for _, c := range rules.Chains {
		for _, r := range c.Rules {
			if !sameChain(c, d.chain) || r.Text != d.rule.Text {
				continue
			}
			if r.Count == nil {
				return 0, false
			}
			packets, known = packets+r.Count.Packets, true
		}
	}
	return packets, known
}

// meetsPeers says whether what other nodes send to this node's tunnel, or it to
// theirs, may end at the rule, and whether some of it is certain to. A rule for what
// pods send is reached by none of it.
func (in *input) meetsPeers(d dropRule, node facts.Node) (may, certain bool) {
	dev, known := in.vxlanOf(node.Name)
	if !known {
		return true, false
	}
	for _, look := range []facts.Look{facts.Last, facts.Main, facts.First} {
		h := in.facts.Host(node.Name, look)
		if h == nil || h.NotRun != "" || len(h.Firewall) == 0 {
			continue
		}
		rules, _ := netfilter.Load(h.Firewall) // what cannot be read is reported by the firewall checks
		for _, family := range in.facts.Cluster.Families {
			for _, peer := range in.facts.Nodes {
				if peer.Name == node.Name {
					continue
				}
				m, c := d.meets(&rules, netfilter.Packet{
					Family: family, Protocol: "udp", Port: uint16(dev.Vxlan.Port), ToHost: true,
					Src: addressesFor(peer, family), Dst: addressesFor(node, family), In: uplinks(h, node),
				})
				may, certain = may || m, certain || c
				if certain {
					return true, true
				}
			}
		}
	}
	return may, certain
}

// meets follows what a peer sends to the tunnel, and the same the other way.
func (d dropRule) meets(rules *netfilter.Ruleset, arrives netfilter.Packet) (may, certain bool) {
	if len(arrives.Src) == 0 || len(arrives.Dst) == 0 {
		return false, false
	}
	leaves := arrives
	leaves.ToHost, leaves.Src, leaves.Dst, leaves.In, leaves.Out = false, arrives.Dst, arrives.Src, nil, arrives.In
	comes, err1 := rules.Input(arrives)
	goes, err2 := rules.Output(leaves)
	if err1 != nil || err2 != nil {
		return true, false
	}
	may1, certain1 := comes.Meets(d.is)
	may2, certain2 := goes.Meets(d.is)
	return may1 || may2, certain1 || certain2
}

func addressesFor(n facts.Node, f facts.Family) []netip.Prefix {
	var out []netip.Prefix
	for _, a := range dataplane.Underlay(n, f) {
		out = append(out, netip.PrefixFrom(a, a.BitLen()))
	}
	return out
}

// uplinks are the interfaces that hold the addresses at which others reach a node.
func uplinks(h *facts.HostLook, node facts.Node) []string {
	var out []string
	if h == nil {
		return nil
	}
	for _, i := range h.Interfaces {
		if slices.ContainsFunc(i.Addrs, func(p netip.Prefix) bool { return slices.Contains(node.Internal, p.Addr()) }) {
			out = append(out, i.Name)
		}
	}
	return out
}
