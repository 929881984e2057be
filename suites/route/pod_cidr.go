package route

import (
	_ "embed" // the explanation page
	"fmt"
	"net/netip"

	"github.com/plumbline-net/plumbline/framework/check"
	"github.com/plumbline-net/plumbline/framework/dataplane"
	"github.com/plumbline-net/plumbline/framework/facts"
	"github.com/plumbline-net/plumbline/suites/peering"
)

//go:embed pod_cidr.md
var podCIDRDoc string

// PodCIDR promises that every node knows the way to every other node's pods.
func PodCIDR() check.Check {
	return check.Check{
		ID:       "route/pod-cidr",
		Promise:  "For every other node's pod CIDR there is exactly one route, with that very prefix, towards the right device and next hop.",
		Level:    check.Core,
		Needs:    []check.Need{check.NeedHosts},
		Looks:    []facts.Look{facts.First, facts.Last},
		Doc:      podCIDRDoc,
		Evaluate: podCIDR,
	}
}

func podCIDR(s *facts.Snapshot) check.Result {
	if r, ok := peering.NoHosts(s); !ok {
		return r
	}
	net := dataplane.NetworkOf(s)
	if !net.PerNode() {
		return podRoutes(s, net)
	}
	var faults []peering.Fault
	routes, peers := 0, 0
	for _, n := range s.Selected() {
		last, why := dataplane.Seen(s, n.Name)
		if why != "" {
			continue
		}
		w := newWays(s, net, n, s.Host(n.Name, facts.First), last)
		for _, peer := range s.Nodes {
			for _, cidr := range peer.PodCIDRs {
				if peer.Name == n.Name || !announced(s, peer) {
					continue
				}
				peers++
				if f, bad := w.judge(peer, cidr); bad {
					faults = append(faults, f)
					continue
				}
				routes++
			}
		}
	}
	findings := append(peering.Fold(faults), peering.Unseen(s)...)
	if peers == 0 && len(findings) == 0 {
		return check.Skipf("no other node has a pod CIDR, so there is no way to it")
	}
	return check.Conclude(fmt.Sprintf("%d of %d routes to other nodes' pod CIDRs are as they should be", routes, peers), findings)
}

// announced: a node that is not under test and on which the CNI does not run
// (it published nothing, though it does of others) has no pods on this network.
func announced(s *facts.Snapshot, n facts.Node) bool {
	if n.Published != nil || n.Excluded == "" {
		return true
	}
	for _, other := range s.Nodes {
		if other.Published != nil {
			return false
		}
	}
	return true
}

// ways are one node's routes, by prefix.
type ways struct {
	s           *facts.Snapshot
	net         *dataplane.Network
	node        facts.Node
	host        *facts.HostLook
	routes      dataplane.Routes
	tunnels     map[facts.Family]string        // by the family of the pods inside
	first, last map[netip.Prefix][]facts.Route // first is nil where there was no first look
}

func newWays(s *facts.Snapshot, net *dataplane.Network, n facts.Node, first, last *facts.HostLook) ways {
	w := ways{s: s, net: net, node: n, host: last, last: byPrefix(last), routes: dataplane.RoutesOf(*last), tunnels: map[facts.Family]string{}}
	for _, f := range []facts.Family{facts.IPv4, facts.IPv6} {
		if t, ok := net.TunnelFor(*last, n, f); ok {
			w.tunnels[f] = t.Name
		}
	}
	if first != nil && first.NotRun == "" {
		w.first = byPrefix(first)
	}
	return w
}

func byPrefix(h *facts.HostLook) map[netip.Prefix][]facts.Route {
	out := map[netip.Prefix][]facts.Route{}
	for _, r := range dataplane.Main(*h) {
		if r.Dst.IsValid() {
			out[r.Dst.Masked()] = append(out[r.Dst.Masked()], r)
		}
	}
	return out
}

// judge holds the route to one CIDR against what it should be.
func (w ways) judge(peer facts.Node, cidr netip.Prefix) (peering.Fault, bool) {
	found := w.last[cidr.Masked()]
	want := w.right(peer, cidr)
	late := w.first != nil && len(w.first[cidr.Masked()]) == 0
	if len(found) == 1 && found[0].Type == "unicast" && want.is(found[0]) && !late {
		return peering.Fault{}, false
	}
	f := peering.Fault{Node: w.node.Name, Peer: peer.Name, Verdict: check.Fail, Repair: want.repair(), Then: w.then(cidr)}
	for _, r := range found {
		f.Evidence = append(f.Evidence, check.Evidence{Node: w.node.Name, Source: "route, main table (last look)", Text: dataplane.Text(r)})
	}
	pods := fmt.Sprintf("%s (the pods of %s)", cidr, peer.Name)
	switch {
	case len(found) == 0:
		f.Kind, f.Says = "missing", "no route to "+pods
		f.Evidence = append(f.Evidence, w.instead(cidr)...)
	case len(found) > 1:
		f.Kind, f.Says = "several", fmt.Sprintf("%d routes to %s instead of one", len(found), pods)
	case found[0].Type != "unicast":
		f.Kind, f.Says = "type", fmt.Sprintf("the route to %s is a %s: packets are thrown away", pods, found[0].Type)
		f.Repair = append([]check.Remedy{{Text: "Remove it", Node: w.node.Name, Command: dataplane.IP(found[0].Family) + " route del " + found[0].Type + " " + cidr.String()}}, f.Repair...)
	case !want.is(found[0]):
		f.Kind = "wrong"
		f.Says = fmt.Sprintf("the route to %s leads %s, not %s", pods, hop(found[0]), want.text())
	default:
		f.Kind, f.Says = "late", "there was no route to "+pods+" at the first look; at the last there is, and nothing of the run sets it"
		f.Repair = []check.Remedy{logOf(w.node.Name), peering.RestartCNI(w.s, w.node.Name)}
		f.Then = f.Then[1:]
	}
	return f, true
}

func logOf(node string) check.Remedy {
	return check.Remedy{
		Purpose: check.Find,
		Text:    "Find what removed the route, and see in the network plugin's log when it was set again", Node: node,
		Command: "journalctl --no-pager --since -1hour | grep -Ei 'cni|network|route' | tail -40",
	}
}

// instead is what packets to a CIDR without a route of its own take.
func (w ways) instead(cidr netip.Prefix) []check.Evidence {
	text := "none: the destination is unreachable"
	if r, ok := w.routes.Route(cidr.Addr().Next()); ok {
		text = dataplane.Text(r)
	}
	return []check.Evidence{{Node: w.node.Name, Source: "route that is taken instead", Text: text}}
}

func (w ways) then(cidr netip.Prefix) []check.Remedy {
	return []check.Remedy{
		peering.KeptByCNI(w.s, w.node.Name),
		{Purpose: check.Verify, Text: "Check the route: one line must stand there, as above", Node: w.node.Name, Command: dataplane.IP(dataplane.Of(cidr.Addr())) + " route show " + cidr.String()},
	}
}

func hop(r facts.Route) string {
	out := "by " + r.Dev
	if r.Dev == "" {
		out = "by no interface"
	}
	if r.Gateway.IsValid() {
		out += " to " + r.Gateway.String()
	}
	return out
}
