package mtu

import (
	"net/netip"
	"slices"

	"github.com/plumbline-net/plumbline/framework/dataplane"
	"github.com/plumbline-net/plumbline/framework/facts"
)

// overheads are what a tunnel adds to a packet in bytes, over IPv4 and over IPv6:
// the outer IP header (20, 40), UDP (8), and the tunnel's own with what it
// carries. VXLAN: RFC 7348; Geneve without options: RFC 8926; both carry an
// Ethernet header. IPIP: RFC 2003. GRE: RFC 2784. WireGuard: 16 header, 16 tag
// (wireguard.com/protocol).
var overheads = map[string][2]int{
	"vxlan":     {50, 70},
	"geneve":    {50, 70},
	"ipip":      {20, 0},
	"sit":       {20, 0},
	"ip6tnl":    {0, 40},
	"gre":       {24, 0},
	"gretap":    {38, 0},
	"ip6gre":    {0, 44},
	"ip6gretap": {0, 58},
	"wireguard": {60, 80},
}

// tunnelWords are the tunnels as people write them.
var tunnelWords = map[string]string{
	"vxlan": "VXLAN", "geneve": "Geneve", "ipip": "IPIP", "sit": "SIT", "ip6tnl": "IPv6 tunnel", "gre": "GRE", "gretap": "GRE",
	"ip6gre": "GRE", "ip6gretap": "GRE", "wireguard": "WireGuard",
}

func isTunnel(i facts.Interface) bool { _, ok := overheads[i.Kind]; return ok }

// outer is the family of a tunnel's outer packets, and false where it is not known.
func outer(i facts.Interface, n facts.Node) (facts.Family, bool) {
	switch o := overheads[i.Kind]; {
	case o[1] == 0:
		return facts.IPv4, true
	case o[0] == 0:
		return facts.IPv6, true
	case i.Vxlan != nil && i.Vxlan.Local.IsValid():
		return dataplane.Of(i.Vxlan.Local), true
	case i.Local.IsValid():
		return dataplane.Of(i.Local), true
	case len(n.Internal) > 0:
		return dataplane.Of(n.Internal[0]), true
	}
	return "", false
}

func overhead(kind string, f facts.Family) int {
	if f == facts.IPv6 {
		return overheads[kind][1]
	}
	return overheads[kind][0]
}

// carrier is the interface by which a tunnel's packets leave: the device it is
// bound to, else the one with its local address, else the one that leads to the
// other nodes.
func carrier(s *facts.Snapshot, h facts.HostLook, n facts.Node, t facts.Interface, f facts.Family) (facts.Interface, bool) {
	local := t.Local
	if t.Vxlan != nil {
		local = t.Vxlan.Local
		if i, ok := h.Interface(t.Vxlan.Device); ok {
			return i, true
		}
	}
	if i, ok := h.Interface(t.Parent); ok && i.Name != t.Name {
		return i, true
	}
	if i, ok := holder(h, local); ok {
		return i, true
	}
	return uplink(s, h, n, f)
}

// holder is the interface with an address.
func holder(h facts.HostLook, a netip.Addr) (facts.Interface, bool) {
	i := slices.IndexFunc(h.Interfaces, func(i facts.Interface) bool {
		return slices.ContainsFunc(i.Addrs, func(p netip.Prefix) bool { return p.Addr() == a })
	})
	if i < 0 || !a.IsValid() {
		return facts.Interface{}, false
	}
	return h.Interfaces[i], true
}

// uplink is the interface that leads to the other nodes' hosts, else the one with
// the node's own address.
func uplink(s *facts.Snapshot, h facts.HostLook, n facts.Node, f facts.Family) (facts.Interface, bool) {
	routes := dataplane.RoutesOf(h)
	for _, peer := range s.Nodes {
		if peer.Name == n.Name {
			continue
		}
		for _, a := range peer.Internal {
			if dataplane.Of(a) != f {
				continue
			}
			if i, ok := h.Interface(routes.Towards(netip.PrefixFrom(a, a.BitLen()))); ok && i.Kind != "" {
				return i, true
			}
		}
	}
	for _, a := range n.Internal {
		if dataplane.Of(a) == f {
			return holder(h, a)
		}
	}
	return facts.Interface{}, false
}

// mostRanges bounds how many nodes with pods outside the cluster's ranges are
// looked for in the routes of each node: one of them is enough to find a tunnel.
const mostRanges = 32

// ranges are the prefixes in which the pods of one family have their addresses:
// the cluster's, and those of nodes that lie elsewhere.
func ranges(s *facts.Snapshot, f facts.Family) []netip.Prefix {
	var out []netip.Prefix
	for _, p := range s.Cluster.PodCIDRs {
		if dataplane.Of(p.Addr()) == f {
			out = append(out, p)
		}
	}
	for _, n := range s.Nodes {
		for _, p := range dataplane.Pods(n, f) {
			if len(out) < mostRanges && !slices.ContainsFunc(out, within(p)) {
				out = append(out, p)
			}
		}
	}
	return out
}

// allRanges are the ranges of pods in every family of the cluster.
func allRanges(s *facts.Snapshot) map[facts.Family][]netip.Prefix {
	out := map[facts.Family][]netip.Prefix{}
	for _, f := range s.Cluster.Families {
		out[f] = ranges(s, f)
	}
	return out
}

// carrying are the tunnels that a host sends pod traffic of one family into: its
// routes to pods lead there. A tunnel that lies about unused is not among them.
func carrying(h facts.HostLook, pods []netip.Prefix) []facts.Interface {
	var out []facts.Interface
	for _, r := range dataplane.Main(h) {
		if r.Type != "unicast" || !r.Dst.IsValid() || r.Dst.Bits() == 0 || !slices.ContainsFunc(pods, within(r.Dst)) {
			continue
		}
		i, ok := h.Interface(r.Dev)
		if ok && i.Up && isTunnel(i) && !slices.ContainsFunc(out, func(o facts.Interface) bool { return o.Name == i.Name }) {
			out = append(out, i)
		}
	}
	return out
}

// within says whether a route's prefix lies inside a range of pods, or is the
// block around the one pod that is known: a much wider one, of a VPN for example,
// is not the pod network's.
func within(dst netip.Prefix) func(netip.Prefix) bool {
	const ofBlocks4, ofBlocks6 = 16, 48
	least := ofBlocks4
	if dst.Addr().Is6() {
		least = ofBlocks6
	}
	return func(p netip.Prefix) bool {
		return p.Overlaps(dst) && (dst.Bits() >= p.Bits() || p.IsSingleIP() && dst.Bits() >= least)
	}
}

// seen is the later look at a host that took place, or nil and why there is none.
// The MTUs at the last look are those of pods that were there while probes ran.
func seen(s *facts.Snapshot, node string) (*facts.HostLook, string) {
	h, why := dataplane.Seen(s, node)
	if first := s.Host(node, facts.First); h == nil && first != nil {
		if first.NotRun == "" {
			return first, ""
		}
		why = first.NotRun
	}
	if h != nil && len(h.Interfaces) == 0 {
		return nil, "its interfaces could not be read"
	}
	return h, why
}

// podMTU is the largest MTU of a node's pods: what our probe pod has, and those
// of the host's ends of its pods' links. 0 where neither was seen.
func podMTU(h facts.HostLook, n facts.Node) int {
	size := n.PodAgent.MTU
	local := dataplane.Local(h, slices.Concat(dataplane.Pods(n, facts.IPv4), dataplane.Pods(n, facts.IPv6)))
	for _, i := range h.Interfaces {
		ofPod := i.Kind == "veth" && (i.Master != "" && slices.Contains(local, i.Master) || slices.Contains(local, i.Name))
		if ofPod {
			size = max(size, i.MTU)
		}
	}
	return size
}
