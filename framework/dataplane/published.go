package dataplane

import (
	"net/netip"
	"slices"
	"strings"

	"github.com/plumbline-net/plumbline/framework/facts"
)

// PerNode says whether the CNI is known to keep, on every node, one route for
// each other node's pod CIDR (flannel and those built on it, kindnet). Others
// hand out blocks of their own, or route in eBPF.
func PerNode(s *facts.Snapshot) bool {
	switch s.Cluster.CNI {
	case "flannel", "canal", "kindnet":
		return true
	case "":
		return slices.ContainsFunc(s.Nodes, func(n facts.Node) bool { return n.Published != nil })
	default:
		return false
	}
}

// Flannel says whether flannel carries the traffic between the nodes.
func Flannel(s *facts.Snapshot) bool { return PerNode(s) && s.Cluster.CNI != "kindnet" }

// Backend is how the CNI says that a node's pods are reached (vxlan, host-gw …);
// empty where it does not say.
func Backend(n facts.Node) string {
	if n.Published == nil {
		return ""
	}
	return n.Published.Backend
}

// Underlay gives the addresses at which the other nodes reach a node's host, in
// one family: what the CNI published, else its InternalIPs.
func Underlay(n facts.Node, f facts.Family) []netip.Addr {
	if n.Published != nil {
		if out := in(n.Published.Addrs, f); len(out) > 0 {
			return out
		}
	}
	return in(n.Internal, f)
}

func in(addrs []netip.Addr, f facts.Family) []netip.Addr {
	var out []netip.Addr
	for _, a := range addrs {
		if Of(a) == f {
			out = append(out, a)
		}
	}
	return out
}

// Tunnels are the VXLAN devices of flannel on a host, by its naming
// (flannel.VNI, flannel-v6.VNI), or with the VNI that the CNI published.
func Tunnels(h facts.HostLook, n facts.Node) []facts.Interface {
	var out []facts.Interface
	for _, i := range h.Interfaces {
		if i.Vxlan == nil {
			continue
		}
		ours := strings.HasPrefix(i.Name, "flannel") || n.Published != nil && n.Published.VNI != 0 && n.Published.VNI == i.Vxlan.VNI
		if ours {
			out = append(out, i)
		}
	}
	return out
}

// TunnelFor is the tunnel that carries pods of one family: the one with an
// address of that family inside a pod CIDR of the node, else one whose outer
// packets have it.
func TunnelFor(h facts.HostLook, n facts.Node, f facts.Family) (facts.Interface, bool) {
	tunnels := Tunnels(h, n)
	for _, t := range tunnels {
		for _, p := range t.Addrs {
			if Of(p.Addr()) == f && !p.Addr().IsLinkLocalUnicast() {
				return t, true
			}
		}
	}
	for _, t := range tunnels {
		if t.Vxlan.Local.IsValid() && Of(t.Vxlan.Local) == f {
			return t, true
		}
	}
	return facts.Interface{}, false
}

// Seen is the later look at a host that took place, or nil and why there is none.
func Seen(s *facts.Snapshot, node string) (*facts.HostLook, string) {
	why := "the host was not looked at"
	last := s.Host(node, facts.Last)
	switch {
	case last != nil && last.NotRun == "":
		return last, ""
	case last != nil:
		why = last.NotRun
	}
	return nil, why
}

// Main are the routes of a host's main table.
func Main(h facts.HostLook) []facts.Route {
	var out []facts.Route
	for _, r := range h.Routes {
		if r.Table == mainTable {
			out = append(out, r)
		}
	}
	return out
}

// Route is the most specific route of the main table for an address.
func (r Routes) Route(a netip.Addr) (facts.Route, bool) {
	for bits := a.BitLen(); bits >= 0; bits-- {
		p, err := a.Prefix(bits)
		if err != nil {
			return facts.Route{}, false
		}
		if route, ok := r.byPrefix[p]; ok {
			return route, true
		}
	}
	return facts.Route{}, false
}

// Text is a route as ip-route(8) shows it.
func Text(r facts.Route) string {
	var b strings.Builder
	if r.Type != "unicast" {
		b.WriteString(r.Type + " ")
	}
	if r.Dst.IsValid() {
		b.WriteString(r.Dst.String())
	} else {
		b.WriteString("default")
	}
	if r.Gateway.IsValid() {
		b.WriteString(" via " + r.Gateway.String())
	}
	if r.Dev != "" {
		b.WriteString(" dev " + r.Dev)
	}
	return b.String()
}

// IP is the command of iproute2 for a family: without -6 it lists IPv4 only.
func IP(f facts.Family) string {
	if f == facts.IPv6 {
		return "ip -6"
	}
	return "ip"
}

// Default is the default route of the main table.
func (r Routes) Default(f facts.Family) (facts.Route, bool) {
	route, ok := r.byPrefix[Everything(f)]
	return route, ok
}
