package route

import (
	_ "embed" // the explanation page
	"fmt"
	"net/netip"
	"slices"

	"github.com/plumbline-net/plumbline/framework/check"
	"github.com/plumbline-net/plumbline/framework/dataplane"
	"github.com/plumbline-net/plumbline/framework/facts"
	"github.com/plumbline-net/plumbline/framework/figures"
	"github.com/plumbline-net/plumbline/suites/peering"
)

//go:embed stale.md
var staleDoc string

// Stale promises that nothing left over stands in the way to pods.
func Stale() check.Check {
	return check.Check{
		ID:       "route/stale",
		Promise:  "No route inside the cluster CIDR belongs to no node: none with another mask, none that throws packets away, none without a working interface.",
		Level:    check.Core,
		Needs:    []check.Need{check.NeedHosts},
		Looks:    []facts.Look{facts.Last},
		Doc:      staleDoc,
		Evaluate: stale,
	}
}

func stale(s *facts.Snapshot) check.Result {
	if r, ok := peering.NoHosts(s); !ok {
		return r
	}
	net := dataplane.NetworkOf(s)
	cluster, owners := slices.Concat(net.Ranges(facts.IPv4), net.Ranges(facts.IPv6)), nodesByRange(s, net)
	if len(cluster) == 0 {
		return check.Skipf("neither a cluster CIDR nor a pod CIDR of any node is known, so no route can be said to lie inside it")
	}
	var faults []peering.Fault
	seen := 0
	for _, n := range s.Selected() {
		last, why := dataplane.Seen(s, n.Name)
		if why != "" {
			continue
		}
		for _, r := range dataplane.Main(*last) {
			if !inside(r.Dst, cluster) {
				continue
			}
			seen++
			if f, bad := staleness(s, net, n, last, r, owners); bad {
				faults = append(faults, f)
			}
		}
	}
	findings := append(peering.Fold(faults), peering.Unseen(s)...)
	return check.Conclude(fmt.Sprintf("%s inside the cluster CIDR, %d of them stale", figures.Count(seen, "route"), len(faults)), findings)
}

// nodesByRange are the nodes by the ranges of their pods.
func nodesByRange(s *facts.Snapshot, net *dataplane.Network) map[netip.Prefix]string {
	out := map[netip.Prefix]string{}
	for _, n := range s.Nodes {
		for _, f := range []facts.Family{facts.IPv4, facts.IPv6} {
			for _, p := range net.Pods(n.Name, f) {
				out[p.Masked()] = n.Name
			}
		}
		for _, p := range n.PodCIDRs {
			if net.ByNode(dataplane.Of(p.Addr())) {
				out[p.Masked()] = n.Name
			}
		}
	}
	return out
}

// inside says whether a prefix lies wholly in one of the others.
func inside(p netip.Prefix, of []netip.Prefix) bool {
	return p.IsValid() && slices.ContainsFunc(of, func(o netip.Prefix) bool {
		return o.Bits() <= p.Bits() && o.Contains(p.Addr())
	})
}

// owner is the node whose pod CIDR holds a prefix, or is it; exact says which.
func owner(p netip.Prefix, owners map[netip.Prefix]string) (node string, cidr netip.Prefix, exact bool) {
	for bits := p.Bits(); bits >= 0; bits-- {
		wider, err := p.Addr().Prefix(bits)
		if err != nil {
			return "", netip.Prefix{}, false
		}
		if name, ok := owners[wider]; ok {
			return name, wider, bits == p.Bits()
		}
	}
	return "", netip.Prefix{}, false
}
