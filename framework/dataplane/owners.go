package dataplane

import (
	"net/netip"

	"github.com/plumbline-net/plumbline/framework/facts"
)

// owners finds the node to whose pods a prefix belongs without reading all nodes.
type owners struct {
	// whole are the nodes' own prefixes; around those which hold a pod whose block is not known.
	whole, around map[netip.Prefix]string
}

// The widest prefixes that are taken for a block around one known pod.
const (
	around4 = 24
	around6 = 112
)

func (n *Network) index() owners {
	out := owners{whole: map[netip.Prefix]string{}, around: map[netip.Prefix]string{}}
	for _, node := range n.s.Nodes {
		for f, least := range map[facts.Family]int{facts.IPv4: around4, facts.IPv6: around6} {
			for _, p := range n.pods[f][node.Name] {
				out.whole[p.Masked()] = node.Name
				for bits := least; p.IsSingleIP() && bits < p.Bits(); bits++ {
					if wider, err := p.Addr().Prefix(bits); err == nil {
						out.around[wider] = node.Name
					}
				}
			}
		}
	}
	return out
}

// LeadsTo is the node, other than this one, whose pods a prefix is for: it lies in
// a range of theirs, or is a block around one of them. Empty where it is none's.
func (n *Network) LeadsTo(p netip.Prefix, from string) string {
	if name, ok := n.owners.around[p.Masked()]; ok && name != from {
		return name
	}
	for bits := p.Bits(); bits > 0; bits-- {
		wider, err := p.Addr().Prefix(bits)
		if err != nil {
			return ""
		}
		if name, ok := n.owners.whole[wider]; ok {
			if name == from {
				return ""
			}
			return name
		}
	}
	return ""
}

// NodeOf is the node whose pods have an address; empty where none is known to.
func (n *Network) NodeOf(a netip.Addr) string {
	return n.LeadsTo(netip.PrefixFrom(a, a.BitLen()), "")
}
