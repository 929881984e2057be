package firewall

import (
	"net/netip"
	"slices"

	"github.com/plumbline-net/plumbline/framework/dataplane"
	"github.com/plumbline-net/plumbline/framework/facts"
)

// podsOf are the prefixes of every node's pods, by family and node.
type podsOf map[facts.Family]map[string][]netip.Prefix

func podsWith(s *facts.Snapshot, of func(facts.Node, facts.Family) []netip.Prefix) podsOf {
	out := podsOf{}
	for _, f := range s.Cluster.Families {
		out[f] = map[string][]netip.Prefix{}
		for _, n := range s.Nodes {
			out[f][n.Name] = of(n, f)
		}
	}
	return out
}

// known are the ranges of the nodes' pods: the pod CIDRs where the plugin takes pod
// addresses from them, else the addresses of the probe pods. A node without a
// probe pod (excluded, tainted) then has none: its pod CIDR in the API means nothing.
func known(s *facts.Snapshot) podsOf {
	foreign := map[facts.Family]bool{}
	for _, f := range s.Cluster.Families {
		foreign[f] = ownPools(s, f)
	}
	return podsWith(s, func(n facts.Node, f facts.Family) []netip.Prefix {
		if foreign[f] && len(probePod(n, f)) == 0 {
			return nil
		}
		return dataplane.Pods(n, f)
	})
}

// probed are the addresses of the probe pods alone: what rewrites packets of one pod
// (the chain per pod of the CNI plugins' ipMasq) is certain for these only.
func probed(s *facts.Snapshot) podsOf { return podsWith(s, probePod) }

func probePod(n facts.Node, f facts.Family) []netip.Prefix {
	var out []netip.Prefix
	for _, a := range n.PodAgent.Addrs {
		if dataplane.Of(a) == f {
			out = append(out, netip.PrefixFrom(a, a.BitLen()))
		}
	}
	return out
}

// ownPools: the plugin hands out addresses of its own, as a probe pod outside its
// node's pod CIDR shows.
func ownPools(s *facts.Snapshot, f facts.Family) bool {
	return slices.ContainsFunc(s.Nodes, func(n facts.Node) bool {
		return slices.ContainsFunc(probePod(n, f), func(p netip.Prefix) bool {
			return !slices.ContainsFunc(n.PodCIDRs, func(c netip.Prefix) bool { return c.Contains(p.Addr()) })
		})
	})
}

// ranges tell the pods' prefixes at each look.
type ranges struct {
	snapshot *facts.Snapshot
	known    podsOf
	probed   podsOf
	// holding says of prefixes whether nodes are in them, too.
	holding map[netip.Prefix]bool
}

func rangesOf(s *facts.Snapshot) ranges {
	return ranges{snapshot: s, known: known(s), probed: probed(s), holding: map[netip.Prefix]bool{}}
}

// at are the pods as a host knew them at a look. The probe pods do not exist at the
// first one: rules for each pod, and a drop of what no such rule knows, are normal
// for an address that is not given out yet. So an address that is in no pod CIDR
// then stands for the block that the node's own routes have around it.
func (r ranges) at(h facts.HostLook) podsOf {
	if h.Look != facts.First {
		return r.known
	}
	out := podsOf{}
	for family, byNode := range r.known {
		out[family] = byNode
		if !ownPools(r.snapshot, family) {
			continue
		}
		routed := map[netip.Prefix]bool{}
		for _, route := range dataplane.Main(h) {
			routed[route.Dst] = route.Dst.IsValid()
		}
		out[family] = map[string][]netip.Prefix{}
		for node, prefixes := range byNode {
			for _, p := range prefixes {
				out[family][node] = withWord(out[family][node], r.block(routed, p))
			}
		}
	}
	return out
}

// block is the longest routed prefix around an address that is neither a route to
// one address nor one that holds nodes as well; the address itself where there is none.
func (r ranges) block(routed map[netip.Prefix]bool, at netip.Prefix) netip.Prefix {
	if at.Bits() < at.Addr().BitLen() {
		return at
	}
	for bits := at.Bits() - 1; bits > 0; bits-- {
		p := netip.PrefixFrom(at.Addr(), bits).Masked()
		if routed[p] && !r.holdsNodes(p) {
			return p
		}
	}
	return at
}

func (r ranges) holdsNodes(p netip.Prefix) bool {
	holds, seen := r.holding[p]
	if !seen {
		holds = slices.ContainsFunc(r.snapshot.Nodes, func(n facts.Node) bool { return slices.ContainsFunc(n.Internal, p.Contains) })
		r.holding[p] = holds
	}
	return holds
}
