package path

import (
	"net/netip"
	"slices"

	"github.com/plumbline-net/plumbline/framework/dataplane"
	"github.com/plumbline-net/plumbline/framework/facts"
)

// stop is a node on the way, with how a packet comes in and goes on.
type stop struct {
	node    string
	role    role
	in, out Kind // PodPort, Host or NIC
	// inTunnel and outTunnel: the packet is encapsulated there; maybe: it cannot be known.
	inTunnel, outTunnel tunnelled
	previous, next      string
	// inPod and outPod are the pods' addresses, where it begins or ends at one here.
	inPod, outPod netip.Addr
	// translates: the data plane of a Service works here, and no backend is known.
	translates bool
}

// tunnelled says whether a packet goes through the tunnel between two nodes.
type tunnelled int

const (
	maybe tunnelled = iota
	no
	yes
)

// stops are the nodes of the request in order, neighbours that are the same merged.
func (b *builder) stops() []stop {
	var out []stop
	add := func(s stop) {
		if n := len(out); n > 0 && out[n-1].node == s.node {
			out[n-1].out, out[n-1].outPod, out[n-1].translates = s.out, s.outPod, out[n-1].translates || s.translates
			return
		}
		out = append(out, s)
	}
	if b.from.kind != Outside {
		add(stop{node: b.from.node, role: sender, in: b.from.kind, out: NIC, inPod: first(b.from.addrs, b.family), translates: b.service && b.entry == "" && b.to.kind == ""})
	}
	if b.entry != "" {
		add(stop{node: b.entry, role: entry, in: NIC, out: NIC, translates: b.to.kind == ""})
	}
	if b.to.kind != "" && b.to.kind != Outside {
		add(stop{node: b.to.node, role: receiver, in: NIC, out: b.to.kind, outPod: first(b.to.addrs, b.family)})
		if last := &out[len(out)-1]; last.role == entry {
			last.role = receiver
		}
	}
	return out
}

// through says whether packets for an address go through the tunnel between two
// nodes: only those for pods' addresses do, and only where the network plugin has one.
func (b *builder) through(from, to string, dst netip.Addr) tunnelled {
	if from == "" || to == "" {
		return no
	}
	h := b.host(from)
	switch dataplane.Backend(h.node) {
	case "vxlan", "ipip", "wireguard":
		return b.podAddr(dst)
	case "host-gw":
		return no
	}
	if h.look != nil && dst.IsValid() {
		if r, ok := dataplane.RoutesOf(*h.look).Route(dst); ok && r.Dev != "" {
			if h.kind(r.Dev, "", false) == Tunnel {
				return yes
			}
			if h.kind(r.Dev, "", false) == NIC {
				return no
			}
		}
	}
	return maybe
}

func (b *builder) podAddr(a netip.Addr) tunnelled {
	switch {
	case !a.IsValid():
		return maybe
	case slices.ContainsFunc(b.network().Ranges(dataplane.Of(a)), func(p netip.Prefix) bool { return p.Contains(a) }):
		return yes
	}
	if slices.ContainsFunc(b.s.Nodes, func(n facts.Node) bool { return slices.Contains(n.PodAgent.Addrs, a) }) {
		return yes
	}
	return no
}

// lanes are the hops that both directions should pass.
func (b *builder) lanes() (request, answer Lane) {
	there := b.stops()
	for i := 1; i < len(there); i++ {
		a, z := &there[i-1], &there[i]
		dst := b.target.Addr()
		if b.to.kind != "" && (b.entry == "" || a.node == b.entry) {
			dst = first(b.to.addrs, b.family)
		}
		a.outTunnel = b.through(a.node, z.node, dst)
		a.next, z.previous, z.inTunnel = z.node, a.node, a.outTunnel
	}
	request, answer = Lane{Direction: Request}, Lane{Direction: Answer}
	for i, s := range there {
		request.Hops = append(request.Hops, b.hops(s, i)...)
	}
	for i, s := range slices.Backward(there) {
		back := stop{node: s.node, role: s.role, in: s.out, out: s.in, previous: s.next, next: s.previous, inPod: s.outPod, outPod: s.inPod}
		if i+1 < len(there) {
			back.inTunnel = b.backThrough(there[i+1], s)
		}
		if i > 0 {
			back.outTunnel = b.backThrough(s, there[i-1])
		}
		if !s.translates {
			answer.Hops = append(answer.Hops, b.hops(back, len(there)-1-i)...)
		}
	}
	return request, answer
}

// backThrough is the same for the answer, which goes to the address from which
// the request came: that depends on who rewrote it, so the capture decides.
func (b *builder) backThrough(from, to stop) tunnelled {
	for _, w := range b.t.Watches {
		for _, p := range w.Packets {
			if w.Node == from.node && !p.Out && b.direction(p) == Request && b.host(from.node).kind(p.Dev, p.Kind, p.Tunnel != "") == NIC {
				return b.through(from.node, to.node, p.Src.Addr())
			}
		}
	}
	switch {
	case to.role == sender && to.in == PodPort && from.out == PodPort:
		return b.through(from.node, to.node, first(b.from.addrs, b.family))
	case b.through(from.node, to.node, first(b.from.addrs, b.family)) == no && b.from.kind == PodPort:
		return no
	}
	return maybe
}

func first(addrs []netip.Addr, f facts.Family) netip.Addr {
	for _, a := range addrs {
		if dataplane.Of(a) == f {
			return a
		}
	}
	return netip.Addr{}
}

// hops are the interfaces of one node that a packet passes.
func (b *builder) hops(s stop, leg int) []Hop {
	h := b.host(s.node)
	var out []Hop
	add := func(k Kind, dev string, outward, optional bool) *Hop {
		out = append(out, Hop{Node: s.node, Dev: dev, Kind: k, Stage: s.role.stage(k), Out: outward, leg: leg, optional: optional, Why: h.why})
		return &out[len(out)-1]
	}
	// Frames between two ports of a bridge pass by the bridge's own interface.
	bridged := s.in == PodPort && s.out == PodPort
	bridge := h.bridge(b.family)
	noBridge := h.look != nil && bridge == ""
	switch s.in {
	case PodPort:
		add(PodPort, h.podPort(s.inPod), false, false)
		if !noBridge {
			add(Bridge, bridge, false, bridged || h.look == nil)
		}
	case NIC:
		nic := add(NIC, h.nic(first(b.host(s.previous).node.Internal, b.family), b.family), false, false)
		nic.encapsulated, nic.plain = s.inTunnel == yes, s.inTunnel == no
		if s.inTunnel != no {
			add(Tunnel, h.tunnel(b.family), false, s.inTunnel == maybe)
		}
	default:
		add(Host, "", true, false)
	}
	if s.translates {
		add(Translation, "", true, false)
		return out
	}
	b.leaves(s, h, bridge, !bridged && !noBridge, add)
	return out
}

// leaves adds the interfaces by which a packet goes on, or reaches its end; over:
// it goes over the bridge's own interface to a pod.
func (b *builder) leaves(s stop, h *host, bridge string, over bool, add func(k Kind, dev string, outward, optional bool) *Hop) {
	switch s.out {
	case PodPort:
		if over {
			add(Bridge, bridge, true, h.look == nil)
		}
		add(PodPort, h.podPort(s.outPod), true, false)
	case NIC:
		if s.outTunnel != no {
			add(Tunnel, h.tunnel(b.family), true, s.outTunnel == maybe || s.next == "")
		}
		nic := add(NIC, h.nic(first(b.host(s.next).node.Internal, b.family), b.family), true, false)
		nic.encapsulated, nic.plain = s.outTunnel == yes, s.outTunnel == no
	default:
		if s.in == Host {
			add(Loopback, "lo", true, false)
		}
		add(Host, "", false, false)
	}
}
