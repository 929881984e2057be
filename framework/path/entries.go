package path

import (
	"net/netip"
	"slices"
	"strings"

	"github.com/plumbline-net/plumbline/framework/dataplane"
	"github.com/plumbline-net/plumbline/framework/facts"
)

// forwarded follows a route into a VXLAN device: its gateway has a MAC by the
// neighbour table, and that MAC another node's address by the forwarding table
// (ip-neighbour(8), bridge-fdb(8)). A table that was not read says nothing.
func (b *builder) forwarded(h, next *host, r facts.Route, say saying) {
	if !r.Gateway.IsValid() || dataplane.Backend(h.node) != "vxlan" {
		return
	}
	mac := neighbour(h, r)
	if mac == "" {
		return
	}
	if own := next.tunnelMAC(b.family); own != "" && !strings.EqualFold(own, mac) {
		say("%s on %s has the MAC %s for %s, but %s's tunnel has %s", r.Dev, h.name, mac, r.Gateway, next.name, own)
	}
	entries, to := 0, netip.Addr{}
	for _, e := range h.look.FDB {
		if e.Dev != r.Dev {
			continue
		}
		entries++
		if strings.EqualFold(e.MAC, mac) && e.Dst.IsValid() {
			to = e.Dst
		}
	}
	own := next.underlay(dataplane.Of(to))
	switch {
	case entries == 0:
	case !to.IsValid():
		say("%s on %s has no forwarding entry for %s", r.Dev, h.name, mac)
	case len(own) > 0 && !slices.Contains(own, to):
		say("%s on %s sends what is for %s to %s, %s", r.Dev, h.name, next.name, to, b.whose(to))
	}
}

// pinned says where a node's neighbour table has another MAC for a probe pod of its
// own than the pod has: the bridge then has no port for the frame, or another's.
func (b *builder) pinned(h *host, pod netip.Addr, say saying) {
	if n, wrong := h.wrongMAC(pod); wrong {
		say("%s on %s has the MAC %s for %s, but the pod has %s", n.Dev, h.name, n.MAC, pod, h.node.PodAgent.MAC)
	}
}

// wrongMAC is the neighbour entry of a probe pod that has not the pod's own MAC.
func (h *host) wrongMAC(pod netip.Addr) (facts.Neighbor, bool) {
	mac := h.node.PodAgent.MAC
	if h.look == nil || mac == "" || !slices.Contains(h.node.PodAgent.Addrs, pod) {
		return facts.Neighbor{}, false
	}
	for _, n := range h.look.Neighbors {
		if n.Addr == pod && n.MAC != "" && !strings.EqualFold(n.MAC, mac) {
			return n, true
		}
	}
	return facts.Neighbor{}, false
}

// flooded says whether a bridge sent the request out of other pods' ports too: it
// knows no port for the MAC in the frame.
func (b *builder) flooded(l Lane, node string) bool {
	return slices.ContainsFunc(l.Astray, func(h Hop) bool { return h.Node == node && h.Kind == PodPort && h.Out })
}

// whose is "an address of n2", or that no node has it.
func (b *builder) whose(a netip.Addr) string {
	if n := b.nodeOf(a); n != "" {
		return "an address of " + n
	}
	return "which is no node's address"
}

// neighbour is the MAC of a route's gateway; "" where it is not known.
func neighbour(h *host, r facts.Route) string {
	for _, n := range h.look.Neighbors {
		if n.Addr == r.Gateway && n.Dev == r.Dev {
			return n.MAC
		}
	}
	return ""
}

// tunnelMAC is that of the node's tunnel device; "" where nobody looked.
func (h *host) tunnelMAC(f facts.Family) string {
	if h.look == nil {
		return ""
	}
	t, _ := dataplane.TunnelFor(h.s, *h.look, h.node, f)
	return t.MAC
}
