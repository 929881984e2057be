package route

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/plumbline-net/plumbline/framework/check"
	"github.com/plumbline-net/plumbline/framework/dataplane"
	"github.com/plumbline-net/plumbline/framework/facts"
	"github.com/plumbline-net/plumbline/suites/peering"
	"github.com/plumbline-net/plumbline/suites/remedies"
)

// staleness judges one route inside the cluster CIDR.
func staleness(s *facts.Snapshot, net *dataplane.Network, n facts.Node, h *facts.HostLook, r facts.Route, owners map[netip.Prefix]string) (peering.Fault, bool) {
	name, cidr, exact := owner(r.Dst, owners)
	f := peering.Fault{
		Node: n.Name, Peer: name, Kind: r.Type + r.Dst.String(), Verdict: check.Fail,
		Evidence: []check.Evidence{{Node: n.Name, Source: "route, main table (last look)", Text: dataplane.Text(r)}},
		Repair: []check.Remedy{
			{Text: "Remove the route", Node: n.Name, Command: removal(r)},
			remedies.WhereWritten(n.Name, "Take it out of what sets it, if it stands there, or it is back after the next boot or reload", strings.ReplaceAll(r.Dst.Addr().String(), ".", "[.]")),
		},
		Then: []check.Remedy{{Purpose: check.Verify, Text: "Check that it is gone: only the network plugin's own may stand there", Node: n.Name, Command: fmt.Sprintf("%s route show root %s", dataplane.IP(r.Family), root(s, cidr))}},
	}
	if name == n.Name {
		f.Peer = ""
	}
	whose := "belongs to no node"
	if name != "" {
		whose = fmt.Sprintf("lies in %s (the pods of %s)", cidr, name)
	}
	working, why := works(h, r)
	switch {
	case r.Type != "unicast":
		if !net.PerNode() && !hitsPeer(s, n, r.Dst) {
			return f, false // the free addresses of a node's own block
		}
		f.Says = fmt.Sprintf("the %s route %s %s: packets to it are thrown away", r.Type, r.Dst, whose)
	case !working:
		f.Says = fmt.Sprintf("the route %s %s and leads nowhere: %s", r.Dst, whose, why)
	case !net.PerNode() || exact || name == n.Name && !r.Gateway.IsValid() || slices.Contains(s.Cluster.PodCIDRs, r.Dst):
		return f, false
	case name == "":
		f.Verdict = check.Warn
		f.Says = fmt.Sprintf("the route %s belongs to no node: a leftover of a node that is gone, or somebody else's network", dataplane.Text(r))
	default:
		f.Says = fmt.Sprintf("the route %s %s, with another mask, and goes before that node's own route", dataplane.Text(r), whose)
		f.Then = append([]check.Remedy{peering.KeptByCNI(s, n.Name)}, f.Then...)
	}
	return f, true
}

// root is the range whose routes show whether one is left.
func root(s *facts.Snapshot, cidr netip.Prefix) netip.Prefix {
	if cidr.IsValid() || len(s.Cluster.PodCIDRs) == 0 {
		return cidr
	}
	return s.Cluster.PodCIDRs[0]
}

// works says whether a unicast route has an interface that is there and up.
func works(h *facts.HostLook, r facts.Route) (ok bool, why string) {
	if r.Dev == "" {
		return false, "it has no interface"
	}
	i, found := h.Interface(r.Dev)
	switch {
	case !found:
		return len(h.Interfaces) == 0, "there is no interface " + r.Dev
	case !i.Up:
		return false, "the interface " + r.Dev + " is down"
	}
	return true, ""
}

// hitsPeer says whether a prefix holds the probe pod of another node.
func hitsPeer(s *facts.Snapshot, n facts.Node, p netip.Prefix) bool {
	return slices.ContainsFunc(s.Nodes, func(peer facts.Node) bool {
		return peer.Name != n.Name && slices.ContainsFunc(peer.PodAgent.Addrs, p.Contains)
	})
}

func removal(r facts.Route) string {
	command := dataplane.IP(r.Family) + " route del " + dataplane.Text(r)
	if r.Type == "unicast" && r.Dev == "" {
		command = dataplane.IP(r.Family) + " route del " + r.Dst.String()
	}
	if r.Metric != 0 {
		command += fmt.Sprintf(" metric %d", r.Metric)
	}
	return command
}
