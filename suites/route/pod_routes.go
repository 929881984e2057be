package route

import (
	"fmt"
	"net/netip"
	"slices"

	"github.com/plumbline-net/plumbline/framework/check"
	"github.com/plumbline-net/plumbline/framework/cni"
	"github.com/plumbline-net/plumbline/framework/dataplane"
	"github.com/plumbline-net/plumbline/framework/facts"
	"github.com/plumbline-net/plumbline/suites/peering"
)

// podRoutes is the judgement where nodes do not have one route for each node's pod
// CIDR: routes are for blocks of addresses, or lead to a program. What is missing is
// told by the routes themselves: where this node has routes of its own to other
// nodes' pods, or another node has one to the same, the lack of one is a fault. That
// all are reached by the default route is none where the cloud's own network knows
// the pods; so that is not judged.
func podRoutes(s *facts.Snapshot, net *dataplane.Network) check.Result {
	t := &toPods{s: s, net: net, others: map[netip.Prefix]int{}}
	for _, n := range s.Selected() {
		if last, why := dataplane.Seen(s, n.Name); why == "" {
			t.read(n, last)
		}
	}
	for _, v := range t.views {
		t.judge(v)
	}
	findings := append(peering.Fold(t.faults), peering.Unseen(s)...)
	if t.judged == 0 && len(findings) == 0 {
		return check.Skipf("%s has no routes of its own to other nodes' pods, so there is none to judge", pluginName(s))
	}
	held := fmt.Sprintf("%d of %d routes to other nodes' pods lead on (%s)", t.judged-t.wrong, t.judged, pluginName(s))
	if t.aside > 0 {
		held += fmt.Sprintf("; %d lie behind a default route, as on all nodes, and were not judged", t.aside)
	}
	return check.Conclude(held, findings)
}

// toPods judges the routes of all nodes to other nodes' pods.
type toPods struct {
	s     *facts.Snapshot
	net   *dataplane.Network
	views []view
	// others counts the nodes that have a route of their own to a range.
	others               map[netip.Prefix]int
	faults               []peering.Fault
	judged, wrong, aside int
}

// view is what one node's routes say of each peer's ranges.
type view struct {
	node   facts.Node
	host   *facts.HostLook
	routes dataplane.Routes
	ranges []toRange
	// explicit: it has routes of its own to some peers' pods, by family.
	explicit map[facts.Family]bool
}

type toRange struct {
	peer  facts.Node
	to    netip.Prefix
	route facts.Route
	own   bool // a route for it, not the default route or the network of the node itself
}

func (t *toPods) read(n facts.Node, h *facts.HostLook) {
	v := view{node: n, host: h, routes: dataplane.RoutesOf(*h), explicit: map[facts.Family]bool{}}
	for _, peer := range t.s.Nodes {
		if peer.Name == n.Name || peer.Excluded != "" && peer.Published == nil {
			continue
		}
		for _, f := range []facts.Family{facts.IPv4, facts.IPv6} {
			for _, p := range t.net.Pods(peer.Name, f) {
				r, ok := v.routes.Route(inside1(p))
				own := ok && r.Dst.IsValid() && r.Dst.Bits() > 0 && !ofUplink(h, n, r)
				v.ranges = append(v.ranges, toRange{peer, p, r, own})
				if own {
					v.explicit[f] = true
					t.others[p]++
				}
			}
		}
	}
	t.views = append(t.views, v)
}

// inside1 is an address of a range: its own, or the first behind it.
func inside1(p netip.Prefix) netip.Addr {
	if p.IsSingleIP() {
		return p.Addr()
	}
	return p.Masked().Addr().Next()
}

// ofUplink: the route is that of a network in which the node itself has its address.
func ofUplink(h *facts.HostLook, n facts.Node, r facts.Route) bool {
	i, ok := h.Interface(r.Dev)
	return ok && !r.Gateway.IsValid() && slices.ContainsFunc(i.Addrs, func(p netip.Prefix) bool { return slices.Contains(n.Internal, p.Addr()) })
}

func (t *toPods) judge(v view) {
	for _, to := range v.ranges {
		f := dataplane.Of(to.to.Addr())
		if !to.own && !v.explicit[f] && t.others[to.to] == 0 {
			t.aside++
			continue
		}
		t.judged++
		switch {
		case !to.own:
			t.add(t.missing(v, to))
		case to.route.Type != "unicast":
			t.add(thrownAway(t.s, v.node.Name, to.peer.Name, inside1(to.to), to.route))
		default:
			if f, bad := t.elsewhere(v, to); bad {
				t.add(f)
			}
		}
	}
}

func (t *toPods) add(f peering.Fault) {
	t.wrong++
	t.faults = append(t.faults, f)
}

// missing: packets to a peer's pods take the default route, or none.
func (t *toPods) missing(v view, to toRange) peering.Fault {
	text := "none: the destination is unreachable"
	if to.route.Dev != "" {
		text = dataplane.Text(to.route)
	}
	f := peering.Fault{
		Node: v.node.Name, Peer: to.peer.Name, Kind: "missing", Verdict: check.Fail,
		Says:     fmt.Sprintf("no route to %s (the pods of %s)", to.to, to.peer.Name),
		Evidence: []check.Evidence{{Node: v.node.Name, Source: "route that is taken instead", Text: text}},
		Then: []check.Remedy{
			peering.KeptByCNI(t.s, v.node.Name),
			{Purpose: check.Verify, Text: "Check the route: one line must stand there", Node: v.node.Name, Command: dataplane.IP(dataplane.Of(to.to.Addr())) + " route show " + to.to.String()},
		},
	}
	if command := t.as(v, to); command != "" {
		f.Repair = []check.Remedy{{Text: "Set it as " + t.net.Plugin().Name() + " would", Node: v.node.Name, Command: command}}
	} else {
		f.Repair = []check.Remedy{peering.RestartCNI(t.s, v.node.Name)}
	}
	return f
}

// as is the command that sets a route like those which the node has to other peers.
func (t *toPods) as(v view, to toRange) string {
	f := dataplane.Of(to.to.Addr())
	for _, like := range v.ranges {
		if !like.own || dataplane.Of(like.to.Addr()) != f || like.peer.Name == to.peer.Name {
			continue
		}
		i, ok := v.host.Interface(like.route.Dev)
		set := fmt.Sprintf("%s route replace %s", dataplane.IP(f), to.to)
		theirs, own := t.net.Vteps(to.peer, i.Name, f), dataplane.Underlay(to.peer, f)
		switch {
		case ok && i.Vxlan != nil && len(theirs) > 0:
			return fmt.Sprintf("%s via %s dev %s onlink", set, theirs[0], i.Name)
		case ok && dataplane.TunnelKind(i.Kind) && i.Vxlan == nil && len(own) > 0:
			return fmt.Sprintf("%s via %s dev %s onlink", set, own[0], i.Name)
		case slices.Contains(dataplane.Underlay(like.peer, f), like.route.Gateway) && len(own) > 0:
			return fmt.Sprintf("%s via %s dev %s", set, own[0], i.Name)
		case ok && like.route.Gateway.IsValid() && slices.ContainsFunc(i.Addrs, func(p netip.Prefix) bool { return p.Addr() == like.route.Gateway }):
			return fmt.Sprintf("%s via %s dev %s", set, like.route.Gateway, i.Name)
		}
	}
	return ""
}

// elsewhere: the route leads to another node's tunnel or host than the pods' own.
func (t *toPods) elsewhere(v view, to toRange) (peering.Fault, bool) {
	gateway, f := to.route.Gateway, dataplane.Of(to.to.Addr())
	if !gateway.IsValid() {
		return peering.Fault{}, false
	}
	ends := func(n facts.Node) []netip.Addr {
		return slices.Concat(n.Internal, dataplane.Underlay(n, dataplane.Of(gateway)), t.net.Vteps(n, to.route.Dev, f))
	}
	if slices.Contains(ends(to.peer), gateway) {
		return peering.Fault{}, false
	}
	for _, other := range t.s.Nodes {
		if other.Name == v.node.Name || other.Name == to.peer.Name || !slices.Contains(ends(other), gateway) {
			continue
		}
		fault := t.missing(v, to)
		fault.Kind, fault.Says = "wrong", fmt.Sprintf("the route to %s (the pods of %s) leads %s, which is %s", to.to, to.peer.Name, hop(to.route), other.Name)
		fault.Evidence = []check.Evidence{{Node: v.node.Name, Source: "route, main table (last look)", Text: dataplane.Text(to.route)}}
		return fault, true
	}
	return peering.Fault{}, false
}

func pluginName(s *facts.Snapshot) string {
	if p := cni.Of(s); p.Known() {
		return p.Name()
	}
	return "the network plugin (not recognised)"
}

func thrownAway(s *facts.Snapshot, node, peer string, a netip.Addr, r facts.Route) peering.Fault {
	return peering.Fault{
		Node: node, Peer: peer, Kind: "type", Verdict: check.Fail,
		Says:     fmt.Sprintf("packets to the probe pod of %s (%s) are thrown away by the %s route %s", peer, a, r.Type, r.Dst),
		Evidence: []check.Evidence{{Node: node, Source: "route, main table (last look)", Text: dataplane.Text(r)}},
		Repair:   []check.Remedy{{Text: "Remove it", Node: node, Command: fmt.Sprintf("%s route del %s %s", dataplane.IP(r.Family), r.Type, r.Dst)}},
		Then: []check.Remedy{
			peering.KeptByCNI(s, node),
			{Purpose: check.Verify, Text: "Check the way to the pod: it must lead by a device, and be no blackhole, unreachable or prohibit", Node: node, Command: "ip route get " + a.String()},
		},
	}
}
