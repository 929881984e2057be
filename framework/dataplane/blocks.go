package dataplane

import (
	"net/netip"
	"slices"

	"github.com/plumbline-net/plumbline/framework/facts"
)

// Protocols of routes (linux/rtnetlink.h, iproute2 etc/rt_protos; 80 is a number
// of the plugin's own).
const (
	protoUnknown = 0
	protoBIRD    = 12
	protoBlocks  = 80
)

// Blocks smaller than this are a plugin's (its smallest is /20, or /116); what is
// wider was written by somebody else.
func ofBlock(p netip.Prefix) bool {
	if p.Addr().Is4() {
		return p.Bits() >= 20 && p.Bits() < 32
	}
	return p.Bits() >= 112 && p.Bits() < 128
}

// blocksOf are the ranges that a node itself shows to be its own: what its plugin
// published; the blocks for whose free addresses it throws packets away; and the
// range of a gateway's address. Of a node that was not looked at, the routes of
// another tell.
func (n *Network) blocksOf(node facts.Node, known []netip.Addr, f facts.Family) []netip.Prefix {
	var out []netip.Prefix
	add := func(p netip.Prefix) {
		if p.IsValid() && Of(p.Addr()) == f && !slices.Contains(out, p.Masked()) {
			out = append(out, p.Masked())
		}
	}
	if node.Published != nil {
		for _, p := range node.Published.PodCIDRs {
			add(p)
		}
	}
	h, why := Seen(n.s, node.Name)
	if why != "" {
		n.toldByPeer(node, add)
		return out
	}
	for _, r := range Main(*h) {
		switch {
		case !r.Dst.IsValid() || r.Dst.IsSingleIP() || r.Dst.Addr().IsLinkLocalUnicast():
		case Rejects(r):
			if n.OwnBlock(node.Name, r) {
				add(r.Dst)
			}
		case ofGateway(h, node, r, known):
			add(r.Dst)
		}
	}
	return out
}

// Rejects says whether a route throws packets away.
func Rejects(r facts.Route) bool {
	return r.Type == "blackhole" || r.Type == "unreachable" || r.Type == "prohibit"
}

// OwnBlock says whether a route that throws packets away is the one which a node
// keeps for free addresses of a block of its own: made by whom makes such routes,
// and no address of another node's pods or tunnel lies in it.
func (n *Network) OwnBlock(node string, r facts.Route) bool {
	if n.byNode[Of(r.Dst.Addr())] || !ofBlock(r.Dst) || !slices.Contains([]int{protoUnknown, protoBIRD, protoBlocks}, r.Proto) {
		return false
	}
	holder, some := n.ends[r.Dst.Masked()]
	return !some || holder == node
}

// several stands for more than one node.
const several = "*"

// endsOf are the blocks around each address of pods and tunnels, with the node
// that has it.
func endsOf(s *facts.Snapshot, known map[string][]netip.Addr) map[netip.Prefix]string {
	out := map[netip.Prefix]string{}
	add := func(node string, a netip.Addr) {
		for bits := a.BitLen() - 1; ; bits-- {
			p, err := a.Prefix(bits)
			if err != nil || !ofBlock(p) {
				return
			}
			if other, some := out[p]; some && other != node {
				out[p] = several
				continue
			}
			out[p] = node
		}
	}
	for _, n := range s.Nodes {
		for _, a := range known[n.Name] {
			add(n.Name, a)
		}
		if n.Published != nil {
			for _, a := range n.Published.Tunnels {
				add(n.Name, a)
			}
		}
	}
	for _, h := range s.Hosts {
		for _, i := range h.Interfaces {
			for _, p := range i.Addrs {
				if TunnelKind(i.Kind) && !p.Addr().IsLinkLocalUnicast() {
					add(h.Node, p.Addr())
				}
			}
		}
	}
	return out
}

// ofGateway: the route's prefix holds an address of the interface that it leads
// by, which is not the node's own: a proxy device, or a bridge of pods that are known.
func ofGateway(h *facts.HostLook, node facts.Node, r facts.Route, known []netip.Addr) bool {
	if r.Type != "unicast" {
		return false
	}
	i, ok := h.Interface(r.Dev)
	return ok && !TunnelKind(i.Kind) && !ofNode(i, node) && slices.ContainsFunc(i.Addrs, func(p netip.Prefix) bool {
		return r.Dst.Contains(p.Addr()) && !p.Addr().IsLinkLocalUnicast() && (p.IsSingleIP() || i.Kind == "bridge" && slices.ContainsFunc(known, r.Dst.Contains))
	})
}

// ofNode: the interface has an address at which the node is known.
func ofNode(i facts.Interface, node facts.Node) bool {
	return slices.ContainsFunc(i.Addrs, func(p netip.Prefix) bool {
		return slices.Contains(node.Internal, p.Addr()) || node.Published != nil && slices.Contains(node.Published.Addrs, p.Addr())
	})
}

// toldByPeer adds the prefixes for which another node sends to this one.
func (n *Network) toldByPeer(node facts.Node, add func(netip.Prefix)) {
	hosts := slices.Clone(node.Internal)
	if node.Published != nil {
		hosts = slices.Concat(hosts, node.Published.Addrs, node.Published.Tunnels)
	}
	for _, peer := range n.s.Nodes {
		h, why := Seen(n.s, peer.Name)
		if peer.Name == node.Name || why != "" {
			continue
		}
		for _, r := range Main(*h) {
			if r.Type == "unicast" && r.Dst.IsValid() && r.Dst.Bits() > 0 && slices.Contains(hosts, r.Gateway) {
				add(r.Dst)
			}
		}
		return
	}
}
