// Package podpath says, from what was seen of a host, which addresses its pods
// have and which interfaces their traffic passes. It is pure.
package podpath

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

// Towards is the interface of the most specific route of the main table that
// holds the whole prefix, the default route included; empty where there is none.
func Towards(h facts.HostLook, p netip.Prefix) string {
	dev, best, metric := "", -1, 0
	for _, r := range h.Routes {
		if r.Table != mainTable || r.Family != Of(p.Addr()) {
			continue
		}
		bits := 0
		if r.Dst.IsValid() {
			bits = r.Dst.Bits()
			if bits > p.Bits() || !r.Dst.Contains(p.Addr()) {
				continue
			}
		}
		if bits > best || bits == best && r.Metric < metric {
			dev, best, metric = r.Dev, bits, r.Metric
			if r.Type != "unicast" {
				dev = ""
			}
		}
	}
	return dev
}
