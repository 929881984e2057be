package path

import (
	"net/netip"
	"slices"
	"strings"

	"github.com/plumbline-net/plumbline/framework/dataplane"
	"github.com/plumbline-net/plumbline/framework/facts"
)

// host is a node with what is known of its interfaces.
type host struct {
	s    *facts.Snapshot
	name string
	node facts.Node
	look *facts.HostLook // nil where nobody looked
	// watch is nil where there was none; why says so.
	watch *facts.Watch
	why   string
}

func newHost(s *facts.Snapshot, name string, watches []facts.Watch) *host {
	h := &host{s: s, name: name, why: "it was not watched"}
	if n := s.Node(name); n != nil {
		h.node = *n
	}
	for _, look := range []facts.Look{facts.Last, facts.Main, facts.First} {
		if l := s.Host(name, look); l != nil && l.NotRun == "" && h.look == nil {
			h.look = l
		}
	}
	for i := range watches {
		if watches[i].Node != name {
			continue
		}
		if watches[i].NotRun != "" {
			h.why = watches[i].NotRun
			continue
		}
		h.watch, h.why = &watches[i], ""
	}
	return h
}

// underlay are the addresses at which the other nodes reach this one.
func (h *host) underlay(f facts.Family) []netip.Addr {
	out := slices.Clone(dataplane.Underlay(h.node, f))
	for _, a := range h.node.Internal {
		if dataplane.Of(a) == f && !slices.Contains(out, a) {
			out = append(out, a)
		}
	}
	return out
}

// owns says whether an address is the host's own, on any interface.
func (h *host) owns(a netip.Addr) bool {
	if slices.Contains(h.node.Internal, a) || h.node.Published != nil && slices.Contains(h.node.Published.Addrs, a) {
		return true
	}
	if h.look == nil {
		return false
	}
	return slices.ContainsFunc(h.look.Interfaces, func(i facts.Interface) bool {
		return slices.ContainsFunc(i.Addrs, func(p netip.Prefix) bool { return p.Addr() == a })
	})
}

// kind is what an interface is to the flow. Names say nothing; addresses, routes
// and masters do. seen is the word with which a capture named it.
func (h *host) kind(dev, seen string, encapsulated bool) Kind {
	i, known := facts.Interface{}, false
	if h.look != nil {
		i, known = h.look.Interface(dev)
	}
	if known {
		seen = i.Kind
	}
	switch {
	case dev == "lo":
		return Loopback
	case known && (h.isNIC(i) || h.further(i)), encapsulated:
		return NIC
	case i.Vxlan != nil, dataplane.TunnelKind(seen):
		return Tunnel
	case seen == "bridge":
		return Bridge
	case known && h.below(dev):
		return Other
	case seen == "veth":
		return PodPort
	case seen == "device" && !known:
		return NIC
	}
	return Other
}

// isNIC: the interface has an address of the node, or carries its tunnels.
func (h *host) isNIC(i facts.Interface) bool {
	for _, p := range i.Addrs {
		if slices.Contains(h.node.Internal, p.Addr()) || h.node.Published != nil && slices.Contains(h.node.Published.Addrs, p.Addr()) {
			return true
		}
	}
	return slices.ContainsFunc(h.look.Interfaces, func(t facts.Interface) bool {
		return t.Vxlan != nil && t.Vxlan.Device != "" && t.Vxlan.Device == i.Name
	})
}

// further: the interface has a network of its own that is not the pods': another NIC.
func (h *host) further(i facts.Interface) bool {
	return i.Vxlan == nil && i.Kind != "bridge" && i.Kind != "dummy" && slices.ContainsFunc(i.Addrs, func(p netip.Prefix) bool {
		pods := slices.ContainsFunc(h.node.PodCIDRs, func(c netip.Prefix) bool { return c.Overlaps(p) })
		return !p.IsSingleIP() && !p.Addr().IsLinkLocalUnicast() && !p.Addr().IsLoopback() && !pods
	})
}

// below: the interface is a part of a NIC (a bond's or bridge's port, a VLAN's parent).
func (h *host) below(dev string) bool {
	if h.look == nil {
		return false
	}
	own, _ := h.look.Interface(dev)
	return slices.ContainsFunc(h.look.Interfaces, func(i facts.Interface) bool {
		return h.isNIC(i) && (i.Name == own.Master && own.Master != "" || i.Parent == dev)
	})
}

// nic is the interface towards an address; "" where it is not known.
func (h *host) nic(to netip.Addr, f facts.Family) string {
	if h.look == nil {
		return ""
	}
	first := ""
	for _, i := range h.look.Interfaces {
		if !h.isNIC(i) {
			continue
		}
		for _, p := range i.Addrs {
			if dataplane.Of(p.Addr()) != f {
				continue
			}
			if to.IsValid() && p.Contains(to) && slices.Contains(h.node.Internal, p.Addr()) {
				return i.Name
			}
			if first == "" || slices.Contains(h.node.Internal, p.Addr()) {
				first = i.Name
			}
		}
	}
	return first
}

// bridge is the bridge behind which the node's pods are; "" where there is none.
func (h *host) bridge(f facts.Family) string {
	if h.look == nil {
		return ""
	}
	for _, dev := range dataplane.Local(*h.look, dataplane.Pods(h.node, f)) {
		if i, ok := h.look.Interface(dev); ok && i.Kind == "bridge" {
			return dev
		}
	}
	return ""
}

// podPort is the host's end of the interface of a pod: a route of its own leads
// to it, or the bridge learned the pod's MAC there.
func (h *host) podPort(pod netip.Addr) string {
	if h.look == nil || !pod.IsValid() {
		return ""
	}
	for _, r := range h.look.Routes {
		if r.Dst.IsValid() && r.Dst.IsSingleIP() && r.Dst.Addr() == pod && r.Type == "unicast" && !r.Gateway.IsValid() {
			return r.Dev
		}
	}
	mac := ""
	if slices.Contains(h.node.PodAgent.Addrs, pod) {
		mac = h.node.PodAgent.MAC
	}
	for _, n := range h.look.Neighbors {
		if n.Addr == pod && n.MAC != "" && mac == "" {
			mac = n.MAC
		}
	}
	for _, e := range h.look.FDB {
		if i, ok := h.look.Interface(e.Dev); ok && mac != "" && strings.EqualFold(e.MAC, mac) && i.Master != "" && i.Vxlan == nil {
			return e.Dev
		}
	}
	return ""
}

// tunnel is the tunnel device for a family; "" where it is not known.
func (h *host) tunnel(f facts.Family) string {
	if h.look == nil {
		return ""
	}
	if t, ok := dataplane.TunnelFor(h.s, *h.look, h.node, f); ok {
		return t.Name
	}
	return ""
}
