// Package dataplane says, from what was seen of a host, which addresses its pods
// have and which interfaces their traffic passes. It is pure.
package dataplane

import (
	"net/netip"
	"slices"

	"github.com/plumbline-net/plumbline/framework/facts"
)

// mainTable is RT_TABLE_MAIN (linux/rtnetlink.h).
const mainTable = 254

// Pods gives the prefixes of a node's pods in one family: its pod CIDRs, and
// the probe pod's own address where that lies elsewhere, because a CNI with
// address pools of its own does not keep to the node's pod CIDR. Empty where
// nothing is known.
func Pods(n facts.Node, f facts.Family) []netip.Prefix {
	var cidrs, out []netip.Prefix
	for _, p := range n.PodCIDRs {
		if Of(p.Addr()) == f {
			cidrs = append(cidrs, p)
		}
	}
	elsewhere := false
	for _, a := range n.PodAgent.Addrs {
		if Of(a) == f && !slices.ContainsFunc(cidrs, func(p netip.Prefix) bool { return p.Contains(a) }) {
			elsewhere = true
			out = append(out, netip.PrefixFrom(a, a.BitLen()))
		}
	}
	if elsewhere {
		return out
	}
	return cidrs
}

// Of is an address's family.
func Of(a netip.Addr) facts.Family {
	if a.Is4() || a.Is4In6() {
		return facts.IPv4
	}
	return facts.IPv6
}

// Local are the interfaces behind which a host's own pods are, sorted: those
// with a route into the pods' prefixes. Empty where there is none yet.
func Local(h facts.HostLook, pods []netip.Prefix) []string {
	var out []string
	for _, r := range h.Routes {
		if r.Type != "unicast" || r.Table != mainTable || r.Dev == "" || !r.Dst.IsValid() || r.Gateway.IsValid() {
			continue
		}
		for _, p := range pods {
			if p.Overlaps(r.Dst) && r.Dst.Bits() >= p.Bits() {
				out = append(out, r.Dev)
			}
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// Routes answers quickly which way a host sends what is for a prefix.
type Routes struct {
	byPrefix map[netip.Prefix]facts.Route
}

// RoutesOf reads a host's main table. Of routes with one and the same prefix
// the one with the smallest metric counts.
func RoutesOf(h facts.HostLook) Routes {
	out := Routes{byPrefix: map[netip.Prefix]facts.Route{}}
	for _, r := range h.Routes {
		if r.Table != mainTable {
			continue
		}
		dst := r.Dst
		if !dst.IsValid() {
			dst = Everything(r.Family)
		}
		if known, ok := out.byPrefix[dst]; !ok || r.Metric < known.Metric {
			out.byPrefix[dst] = r
		}
	}
	return out
}

// Everything is the prefix of a default route.
func Everything(f facts.Family) netip.Prefix {
	if f == facts.IPv6 {
		return netip.PrefixFrom(netip.IPv6Unspecified(), 0)
	}
	return netip.PrefixFrom(netip.IPv4Unspecified(), 0)
}

// Towards is the interface of the most specific route that holds the whole
// prefix, the default route included; empty where there is none, or where it is
// one that sends nothing (blackhole, unreachable).
func (r Routes) Towards(p netip.Prefix) string {
	for bits := p.Bits(); bits >= 0; bits-- {
		wider, err := p.Addr().Prefix(bits)
		if err != nil {
			return ""
		}
		if route, ok := r.byPrefix[wider]; ok {
			if route.Type != "unicast" {
				return ""
			}
			return route.Dev
		}
	}
	return ""
}
