package path

import (
	"fmt"
	"slices"

	"github.com/plumbline-net/plumbline/framework/dataplane"
	"github.com/plumbline-net/plumbline/framework/facts"
)

// unreverted finds an answer that came back to who asked a Service with the
// backend's address: nobody there knows it. Within a node that is so where a
// bridge carries the answer past the host's connection tracking.
func (b *builder) unreverted(p *Path) (Verdict, bool) {
	hops := real(p.Answer)
	if !b.service || b.satisfied() || len(hops) == 0 {
		return Verdict{}, false
	}
	last := hops[len(hops)-1]
	if !last.Out || !slices.ContainsFunc(last.As, func(a Addresses) bool { return a.Src != b.target && b.far(a.Src) }) {
		return Verdict{}, false
	}
	v := Verdict{Outcome: Unreverted, Direction: Answer, LastSeen: last, Place: at(Answer, last.Node, ServiceTranslation)}
	v.Blames = v.Place
	for _, r := range b.configured() {
		if r.Node == last.Node {
			v.Because = append(v.Because, r)
		}
	}
	v.Says = fmt.Sprintf("The answer came back with the backend's address %s instead of the Service's %s, so nobody takes it%s",
		addrText(last.As[0].Src), addrText(b.target), because(v.Because))
	return v, true
}

// bridging is what the configuration says against a Service whose backend is on
// the node that asks.
func (b *builder) bridging(h *host, say func(string, ...any)) {
	if !b.service || b.from.kind != PodPort || b.to.kind != PodPort || b.from.node != h.name || b.to.node != h.name {
		return
	}
	name := "net.bridge.bridge-nf-call-iptables"
	if b.family == facts.IPv6 {
		name = "net.bridge.bridge-nf-call-ip6tables"
	}
	if h.look.Sysctls[name] == "0" {
		say("%s is 0 on %s", name, h.name)
	}
	pod := first(b.from.addrs, b.family)
	if !b.to.is(pod) || dataplane.Of(pod) != b.family {
		return
	}
	if i, ok := h.look.Interface(h.podPort(pod)); ok && i.HairpinOff {
		say("the bridge port %s of %s has its hairpin mode off, and the pod asks itself", i.Name, h.name)
	}
}
