package path

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/plumbline-net/plumbline/framework/facts"
	"github.com/plumbline-net/plumbline/framework/podpath"
)

// blind is the verdict where nothing was captured: what should be passed, and what
// the configuration says against it. It is never "fine".
func (b *builder) blind(p *Path) (Verdict, bool) {
	var why []string
	seen := false
	for _, w := range b.t.Watches {
		if w.NotRun != "" {
			why = append(why, w.Node+": "+w.NotRun)
		}
		seen = seen || len(w.Packets) > 0
	}
	sent := slices.ContainsFunc(b.t.Attempts, func(a facts.Attempt) bool { return a.Outcome != facts.NotRun })
	_, missing := gap(p.Request)
	switch {
	case seen, missing != nil && sent && b.t.NotRun == "":
		return Verdict{}, false
	case b.t.NotRun != "":
		why = []string{b.t.NotRun}
	case len(b.t.Watches) == 0:
		why = []string{"no node watched"}
	case len(why) == 0 && !sent:
		why = []string{"no packet is known to have been sent"}
	case len(why) == 0:
		why = []string{"none of the watches lasted to the end"}
	}
	v := Verdict{Because: append(b.told(), b.configured()...)}
	v.Says = "Nothing was captured (" + strings.Join(why, "; ") + "), so where packets vanish is not known; by the configuration the request goes " + wayText(p.Request)
	if len(v.Because) > 0 {
		v.Says += because(v.Because)
	}
	return v, true
}

// wayText is "n1 cni0, flannel.1, eth0; n3 eth0, flannel.1, cni0".
func wayText(l Lane) string {
	var legs []string
	for i, h := range l.Hops {
		name := h.name()
		if h.Kind == Host {
			name = "the host"
		}
		if i > 0 && l.Hops[i-1].leg == h.leg {
			legs[len(legs)-1] += ", " + name
			continue
		}
		legs = append(legs, h.Node+" "+name)
	}
	return strings.Join(legs, "; ")
}

// told is what the sender itself heard.
func (b *builder) told() []Reason {
	var out []Reason
	for _, a := range b.t.Attempts {
		if a.ICMP == nil {
			continue
		}
		from := a.ICMP.From.String()
		if n := b.nodeOf(a.ICMP.From); n != "" {
			from = n + " (" + from + ")"
		}
		r := Reason{Node: b.t.From.Node, Source: "probe", Text: fmt.Sprintf("the sender got ICMP type %d code %d from %s", a.ICMP.Type, a.ICMP.Code, from)}
		if !slices.Contains(out, r) {
			out = append(out, r)
		}
	}
	return out
}

// configured is what the looks at the hosts say against the way.
func (b *builder) configured() []Reason {
	var out []Reason
	stops := b.stops()
	for i, s := range stops {
		h := b.host(s.node)
		if h.look == nil {
			continue
		}
		say := func(format string, args ...any) {
			out = append(out, Reason{Node: s.node, Source: "configuration", Text: fmt.Sprintf(format, args...)})
		}
		b.bridging(h, say)
		forwards := s.in != Host && s.out != Host
		if name := forwarding(b.family); forwards && h.look.Sysctls[name] == "0" {
			say("%s is 0 on %s", name, s.node)
		}
		if i+1 < len(stops) && b.to.kind != "" && (b.entry == "" || s.role != sender) {
			b.routed(h, first(b.to.addrs, b.family), say)
		}
		if i > 0 && b.from.kind == PodPort && stops[0].node != s.node && b.entry == "" {
			b.routed(h, first(b.from.addrs, b.family), say)
		}
		if t, ok := podpath.TunnelFor(*h.look, h.node, b.family); ok && t.Vxlan.Local.IsValid() && !slices.Contains(h.underlay(podpath.Of(t.Vxlan.Local)), t.Vxlan.Local) {
			say("%s on %s sends from %s, which is not the node's address", t.Name, s.node, t.Vxlan.Local)
		}
	}
	return out
}

func forwarding(f facts.Family) string {
	if f == facts.IPv6 {
		return "net.ipv6.conf.all.forwarding"
	}
	return "net.ipv4.ip_forward"
}

// routed says where a host has no route, or not the one that a tunnel needs.
func (b *builder) routed(h *host, to netip.Addr, say func(string, ...any)) {
	if !to.IsValid() || len(h.look.Routes) == 0 {
		return
	}
	r, ok := podpath.RoutesOf(*h.look).Route(to)
	switch {
	case !ok:
		say("%s has no route to %s", h.name, to)
	case r.Type != "unicast" && r.Type != "local":
		say("on %s the route for %s is %s", h.name, to, podpath.Text(r))
	case podpath.Backend(h.node) == "vxlan" && b.podAddr(to) == yes && h.kind(r.Dev, "", false) != Tunnel:
		say("on %s the route for %s is %s, not the tunnel's", h.name, to, podpath.Text(r))
	}
}
