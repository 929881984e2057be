package path

import (
	"fmt"
	"net/netip"
	"slices"

	"github.com/plumbline-net/plumbline/framework/cni"
	"github.com/plumbline-net/plumbline/framework/dataplane"
	"github.com/plumbline-net/plumbline/framework/facts"
)

// saying adds a reason that the configuration of a node gives.
type saying func(format string, args ...any)

// configured is what the looks at the hosts say against the way.
func (b *builder) configured() []Reason {
	var out []Reason
	stops := b.stops()
	for i, s := range stops {
		h := b.host(s.node)
		if h.look == nil {
			continue
		}
		say := func(way Direction) saying {
			return func(format string, args ...any) {
				out = append(out, Reason{Node: s.node, Source: "configuration", Text: fmt.Sprintf(format, args...), way: way})
			}
		}
		b.bridging(h, say(""))
		b.pinned(h, s.outPod, say(Request))
		b.pinned(h, s.inPod, say(Answer))
		forwards := s.in != Host && s.out != Host
		if name := forwarding(b.family); forwards && h.look.Sysctls[name] == "0" {
			say("")("%s is 0 on %s", name, s.node)
		}
		if len(stops) > 1 && !b.tunnelWorks(h, say("")) {
			continue // its routes went with the device
		}
		if i+1 < len(stops) && b.to.kind != "" && (b.entry == "" || s.role != sender) {
			b.routed(h, b.host(stops[i+1].node), first(b.to.addrs, b.family), say(Request))
		}
		if i > 0 && b.from.kind == PodPort && stops[0].node != s.node && b.entry == "" {
			b.routed(h, b.host(stops[i-1].node), first(b.from.addrs, b.family), say(Answer))
		}
	}
	return out
}

// nearby keeps the reasons for one direction, on the nodes where it went wrong:
// what lies before them was passed. Reasons that hold for both ways have none.
func nearby(reasons []Reason, way Direction, nodes []string) []Reason {
	return slices.DeleteFunc(reasons, func(r Reason) bool {
		return !slices.Contains(nodes, r.Node) || way != "" && r.way != "" && r.way != way
	})
}

func forwarding(f facts.Family) string {
	if f == facts.IPv6 {
		return "net.ipv6.conf.all.forwarding"
	}
	return "net.ipv4.ip_forward"
}

// tunnelWorks says what is wrong with a node's tunnel device itself, and whether it is up.
func (b *builder) tunnelWorks(h *host, say saying) bool {
	t, ok := dataplane.TunnelFor(h.s, *h.look, h.node, b.family)
	if !ok {
		return true
	}
	if !t.Up {
		say("%s is down on %s", t.Name, h.name)
		return false
	}
	own := h.underlay(dataplane.Of(t.Vxlan.Local))
	if t.Vxlan.Local.IsValid() && len(own) > 0 && !slices.Contains(own, t.Vxlan.Local) {
		say("%s on %s sends from %s, which is not the node's address", t.Name, h.name, t.Vxlan.Local)
	}
	return true
}

// routed says where a host has no route, or not the one that a tunnel needs, or
// where the tunnel's own tables lead elsewhere than to the next node.
func (b *builder) routed(h, next *host, to netip.Addr, say saying) {
	if !to.IsValid() || len(h.look.Routes) == 0 {
		return
	}
	r, ok := dataplane.RoutesOf(*h.look).Route(to)
	if ok && diverted(h, r, to, say) {
		return
	}
	switch {
	case !ok:
		say("%s has no route to %s", h.name, to)
	case r.Type != "unicast" && r.Type != "local":
		say("on %s the route for %s is %s", h.name, to, dataplane.Text(r))
	case dataplane.Backend(h.node) == "vxlan" && b.podAddr(to) == yes && h.kind(r.Dev, "", false) != Tunnel:
		say("on %s the route for %s is %s, not the tunnel's", h.name, to, dataplane.Text(r))
	case h.kind(r.Dev, "", false) == Tunnel:
		b.forwarded(h, next, r, say)
	case b.unrouted(r, to):
		say("%s has no route to %s but the default route, %s", h.name, to, dataplane.Text(r))
	}
}

// unrouted: a pod's address is sent by the default route, while this node's routes,
// or those of others, lead to the other pods: it leaves for where nobody knows it.
func (b *builder) unrouted(r facts.Route, to netip.Addr) bool {
	if r.Dst.IsValid() && r.Dst.Bits() > 0 || b.podAddr(to) != yes {
		return false
	}
	switch b.network().Model() {
	case cni.NodeTunnel, cni.NodeDirect, cni.Blocks:
		return true
	default:
		return false
	}
}

// network is the pod network as the facts show it, read once.
func (b *builder) network() *dataplane.Network {
	if b.net == nil {
		b.net = dataplane.NetworkOf(b.s)
	}
	return b.net
}

// astray corrects the place of a packet that left by a node's NIC and came nowhere:
// where the node's own routing sent it out by the default route, that is the place.
func (b *builder) astray(v *Verdict) {
	if v.Place.To == "" || v.LastSeen == nil {
		return
	}
	h, f := b.host(v.LastSeen.Node), b.family
	to := first(b.to.addrs, f)
	if v.Direction == Answer {
		to = first(b.from.addrs, f)
	}
	if h.look == nil || !to.IsValid() {
		return
	}
	r, ok := dataplane.RoutesOf(*h.look).Route(to)
	if !ok || !b.unrouted(r, to) {
		return
	}
	place := at(v.Direction, v.LastSeen.Node, v.LastSeen.role().stage(Host))
	if v.Blames == v.Place {
		v.Blames = place
	}
	v.Place = place
}

// diverted holds the kernel's own answer for an address against the main table's, and
// names the policy rule between them (ip-rule(8)).
func diverted(h *host, main facts.Route, to netip.Addr, say saying) bool {
	for _, q := range h.look.Lookups {
		if q.Dst != to || q.Errno == "" && q.Dev == main.Dev {
			continue
		}
		walked := dataplane.Walk(*h.look, q)
		if !walked.Decided || walked.By.Usual() {
			continue
		}
		answer := "leads it by " + q.Dev
		if q.Errno != "" {
			answer = "ends in " + q.Errno
		}
		say("on %s the rule %q %s, though the main table leads %s by %s", h.name, dataplane.RuleText(walked.By.Rule), answer, to, main.Dev)
		return true
	}
	return false
}
