package dataplane

import (
	"net/netip"
	"slices"

	"github.com/plumbline-net/plumbline/framework/facts"
)

// Fresh says whether no pod had ever been on the pod network of a node at the
// first look, as far as its kernel and the API server show: no host end of a pod,
// no bridge and no route of pods. False where the host was not looked at.
func Fresh(s *facts.Snapshot, n facts.Node) bool {
	h := s.Host(n.Name, facts.First)
	if h == nil || h.NotRun != "" || len(h.Interfaces) == 0 {
		return false
	}
	for _, p := range s.Cluster.DNSPods {
		if p.Node == n.Name && len(p.Addrs) > 0 && !slices.Contains(n.Internal, p.Addrs[0]) {
			return false
		}
	}
	up := uplinks(*h, n)
	ranges := slices.Concat(n.PodCIDRs, s.Cluster.PodCIDRs)
	for _, i := range h.Interfaces {
		switch {
		case slices.Contains(up, i.Name):
		case i.Kind == "veth" || i.Kind == "netkit":
			return false // the host end of a pod, or of something that is as good as one
		case i.Kind == "bridge" && slices.ContainsFunc(i.Addrs, func(p netip.Prefix) bool { return within(ranges, p) }):
			return false // a bridge plugin makes it for the first pod
		}
	}
	return !slices.ContainsFunc(h.Routes, func(r facts.Route) bool {
		return r.Type == "unicast" && r.Dst.IsValid() && r.Dst.IsSingleIP() && r.Table == mainTable &&
			!slices.Contains(up, r.Dev) && within(n.PodCIDRs, r.Dst)
	})
}

// uplinks are the interfaces that have one of the node's addresses.
func uplinks(h facts.HostLook, n facts.Node) []string {
	var out []string
	for _, i := range h.Interfaces {
		if slices.ContainsFunc(i.Addrs, func(p netip.Prefix) bool { return slices.Contains(n.Internal, p.Addr()) }) {
			out = append(out, i.Name)
		}
	}
	return out
}

func within(ranges []netip.Prefix, p netip.Prefix) bool {
	return slices.ContainsFunc(ranges, func(r netip.Prefix) bool { return r.Contains(p.Addr()) })
}
