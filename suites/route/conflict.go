package route

import (
	_ "embed" // the explanation page
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/plumbline-net/plumbline/framework/check"
	"github.com/plumbline-net/plumbline/framework/dataplane"
	"github.com/plumbline-net/plumbline/framework/facts"
	"github.com/plumbline-net/plumbline/framework/figures"
	"github.com/plumbline-net/plumbline/suites/peering"
	"github.com/plumbline-net/plumbline/suites/remedies"
)

//go:embed conflict.md
var conflictDoc string

// Conflict promises that the cluster's ranges are nobody else's on the nodes.
func Conflict() check.Check {
	return check.Check{
		ID:       "route/conflict",
		Promise:  "Pod and service CIDRs do not overlap an on-link or more specific route of the hosts.",
		Level:    check.Core,
		Needs:    []check.Need{check.NeedHosts},
		Looks:    []facts.Look{facts.Last},
		Doc:      conflictDoc,
		Evaluate: conflict,
	}
}

func conflict(s *facts.Snapshot) check.Result {
	if r, ok := peering.NoHosts(s); !ok {
		return r
	}
	ranges := rangesOf(s)
	if len(ranges) == 0 {
		return check.Skipf("neither the pod CIDRs nor the service CIDR of the cluster are known")
	}
	var faults []peering.Fault
	for _, n := range s.Selected() {
		last, why := dataplane.Seen(s, n.Name)
		if why != "" {
			continue
		}
		for _, r := range dataplane.Main(*last) {
			for _, c := range ranges {
				if c.clashes(s, n, last, r) {
					faults = append(faults, c.fault(n.Name, r))
				}
			}
		}
	}
	findings := append(peering.Fold(faults), peering.Unseen(s)...)
	return check.Conclude(fmt.Sprintf("%s of the cluster held against the routes of %d of %d nodes",
		figures.Count(len(ranges), "range"), check.Clean(s.Selected(), findings), len(s.Selected())), findings)
}

// clusterRange is a range of addresses that the cluster gives out.
type clusterRange struct {
	netip.Prefix
	of       string // "service" or "pod"
	services bool
	nodes    map[netip.Prefix]string // by the range of their pods
	pods     []netip.Prefix
}

// rangesOf are the ranges whose addresses are really in use: where every probe
// pod has an address elsewhere, the pod CIDRs are not (clouds that give pods
// addresses of the hosts' own network).
func rangesOf(s *facts.Snapshot) []clusterRange {
	var out []clusterRange
	net := dataplane.NetworkOf(s)
	nodes, pods := nodesByRange(s, net), slices.Concat(net.Ranges(facts.IPv4), net.Ranges(facts.IPv6))
	for _, p := range s.Cluster.ServiceCIDR {
		out = append(out, clusterRange{p, "service", true, nodes, pods})
	}
	for _, p := range pods {
		used := slices.ContainsFunc(s.Nodes, func(n facts.Node) bool { return slices.ContainsFunc(n.PodAgent.Addrs, p.Contains) })
		if !p.IsSingleIP() && (net.PerNode() || used) {
			out = append(out, clusterRange{p, "pod", false, nodes, pods})
		}
	}
	return out
}

// clashes says whether a route takes packets that are meant for the range. A
// wider route by a gateway does not: what is more specific goes before it.
func (c clusterRange) clashes(s *facts.Snapshot, n facts.Node, h *facts.HostLook, r facts.Route) bool {
	if !r.Dst.IsValid() || r.Dst.Bits() == 0 || !r.Dst.Overlaps(c.Prefix) || ownDevice(r.Dev) {
		return false
	}
	wider := r.Dst.Bits() < c.Bits()
	if wider && (r.Gateway.IsValid() || r.Type != "unicast") {
		return false
	}
	if c.services {
		return true
	}
	if node, _, _ := owner(r.Dst, c.nodes); r.Type != "unicast" || r.Dev == "" || node != "" {
		return false // route/stale and route/pod-cidr
	}
	return !c.ofPods(s, n, h, r)
}

// ofPods says whether a route inside a pod CIDR is the network plugin's: towards
// another node's host or tunnel, or to this node's own pods.
func (c clusterRange) ofPods(s *facts.Snapshot, n facts.Node, h *facts.HostLook, r facts.Route) bool {
	if r.Gateway.IsValid() {
		return inside(netip.PrefixFrom(r.Gateway, r.Gateway.BitLen()), c.pods) ||
			slices.ContainsFunc(s.Nodes, func(peer facts.Node) bool {
				return slices.Contains(peer.Internal, r.Gateway) || slices.Contains(dataplane.Underlay(peer, r.Family), r.Gateway)
			})
	}
	if i, ok := h.Interface(r.Dev); ok && dataplane.TunnelKind(i.Kind) {
		return true
	}
	return inside(r.Dst, n.PodCIDRs) || r.Dst.IsSingleIP()
}

func (c clusterRange) fault(node string, r facts.Route) peering.Fault {
	how := "an on-link network of the host"
	switch {
	case r.Type != "unicast":
		how = "a route that throws packets away"
	case r.Gateway.IsValid():
		how = "a more specific route of the host"
	}
	family := dataplane.IP(r.Family)
	dev := r.Dev
	if dev == "" {
		dev = "lo"
	}
	return peering.Fault{
		Node: node, Kind: r.Dst.String() + c.of, Verdict: check.Fail,
		Says:     fmt.Sprintf("the %s CIDR %s overlaps %s: %s", c.of, c.Prefix, how, dataplane.Text(r)),
		Evidence: []check.Evidence{{Node: node, Source: "route, main table (last look)", Text: dataplane.Text(r)}},
		Repair: []check.Remedy{
			{Purpose: check.Find, Text: "See which interface and which configuration brings the route", Node: node, Command: fmt.Sprintf("%s addr show dev %s; grep -rsn '%s' /etc/network /etc/netplan /etc/sysconfig/network-scripts /etc/NetworkManager/system-connections /etc/docker/daemon.json", family, dev, r.Dst.Addr())},
			{Text: "If nobody needs it, remove it; otherwise the host's network, or the cluster's range, has to be another one", Node: node, Command: removal(r)},
			remedies.WhereWritten(node, "Take it out of the configuration that brings it, or it is back after the next boot or reload", strings.ReplaceAll(r.Dst.Addr().String(), ".", "[.]")),
		},
		Then: []check.Remedy{{Purpose: check.Verify, Text: "Check that nothing overlaps any more: only the network plugin's own routes may stand there", Node: node, Command: fmt.Sprintf("%s route show root %s; %s route show match %s", family, c.Prefix, family, c.Addr())}},
	}
}
