package path

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/plumbline-net/plumbline/framework/dataplane"
)

// outer holds the tunnel's ends as seen against the addresses that the nodes have
// in the cluster. It blames the node that sent the packet.
func (b *builder) outer(p *Path) ([]Reason, Place) {
	var out []Reason
	var blamed Place
	for _, l := range []Lane{p.Request, p.Answer} {
		for i, h := range l.Hops {
			ends := []int{i, i + 1}
			if !h.Out {
				ends = []int{i - 1, i}
			}
			if h.Kind != NIC || ends[0] < 0 || ends[1] >= len(l.Hops) {
				continue
			}
			from, to := l.Hops[ends[0]], l.Hops[ends[1]]
			text := wrongOuter(b, h, from.Node, to.Node)
			if text == "" || slices.ContainsFunc(out, func(r Reason) bool { return r.Text == text }) {
				continue
			}
			out = append(out, Reason{Node: from.Node, Source: "capture", Text: text})
			if blamed.Stage == "" {
				blamed = at(l.Direction, from.Node, from.role().stage(Tunnel))
			}
		}
	}
	return out, blamed
}

// wrongOuter says which end of the tunnel is not the node's; "" where both are.
func wrongOuter(b *builder, h Hop, from, to string) string {
	for _, a := range h.As {
		if a.Tunnel == "" {
			continue
		}
		f := dataplane.Of(a.OuterSrc.Addr())
		if own := b.host(from).underlay(f); len(own) > 0 && !slices.Contains(own, a.OuterSrc.Addr()) {
			return fmt.Sprintf("the outer source address %s is not %s's InternalIP %s", a.OuterSrc.Addr(), from, list(own))
		}
		if own := b.host(to).underlay(f); len(own) > 0 && !slices.Contains(own, a.OuterDst.Addr()) {
			who := ""
			if n := b.nodeOf(a.OuterDst.Addr()); n != "" && n != to {
				who = ", but one of " + n
			}
			return fmt.Sprintf("the outer destination address %s is not %s's InternalIP %s%s", a.OuterDst.Addr(), to, list(own), who)
		}
	}
	return ""
}

func list(addrs []netip.Addr) string {
	var out []string
	for _, a := range addrs {
		out = append(out, a.String())
	}
	return strings.Join(out, ", ")
}
