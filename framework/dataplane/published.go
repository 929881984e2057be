package dataplane

import (
	"net/netip"
	"strings"

	"github.com/plumbline-net/plumbline/framework/facts"
)

// PerNode says whether every node has one route for each other node's pod CIDR.
// Other networks hand out blocks of their own, or route in programs.
func PerNode(s *facts.Snapshot) bool { return NetworkOf(s).PerNode() }

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
