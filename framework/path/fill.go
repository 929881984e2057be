package path

import (
	"cmp"
	"net/netip"
	"slices"
	"strings"

	"github.com/plumbline-net/plumbline/framework/facts"
)

// packet is a sighting with its direction.
type packet struct {
	facts.Sighting
	way Direction
}

func (p packet) addresses() Addresses {
	return Addresses{Src: p.Src, Dst: p.Dst, Tunnel: p.Tunnel, VNI: p.VNI, OuterSrc: p.OuterSrc, OuterDst: p.OuterDst}
}

// failure says whether it is an ICMP error about the flow, and not the flow itself.
func failure(p facts.Sighting) bool {
	return p.ICMP != "" && !strings.HasPrefix(p.ICMP, "echo re")
}

// direction says which way a packet of the flow goes. A rewritten address does not
// hide it: the far end is known by every address and port that it may have, and an
// echo by its name. It is "" for what belongs to another backend, or to none.
func (b *builder) direction(p facts.Sighting) Direction {
	if failure(p) {
		return ""
	}
	there, back := b.far(p.Dst), b.far(p.Src)
	switch {
	case strings.HasPrefix(p.ICMP, "echo request") && there:
		return Request
	case strings.HasPrefix(p.ICMP, "echo reply") && back:
		return Answer
	case p.ICMP != "":
		return ""
	case there && !back, there && b.from.is(p.Src.Addr()):
		return Request
	case back:
		return Answer
	}
	return ""
}

// far says whether an address and port is the target's or the chosen backend's.
// Where none is chosen, it may be any.
func (b *builder) far(a netip.AddrPort) bool {
	same := func(addr netip.Addr, port uint16) bool {
		return addr == a.Addr().Unmap() && (port == a.Port() || a.Port() == 0 || port == 0)
	}
	if same(b.target.Addr(), b.target.Port()) {
		return true
	}
	for _, addr := range b.to.addrs {
		if same(addr, cmp.Or(b.to.port, b.target.Port())) {
			return true
		}
	}
	return false
}

// fill puts what was seen into the lanes.
func (b *builder) fill(lanes ...*Lane) {
	for _, l := range lanes {
		b.names(l)
		for _, w := range b.t.Watches {
			for _, p := range w.Packets {
				if b.direction(p) == l.Direction && !b.elsewhere[identity(p)] && !b.earlier(p) && b.failed.holds(p) {
					b.put(l, w.Node, packet{p, l.Direction})
				}
			}
		}
	}
	for _, l := range lanes {
		for i := range l.Hops {
			l.Hops[i].state(b.host(l.Hops[i].Node), l.since(l.Hops[i].Node))
		}
		l.Hops = slices.DeleteFunc(l.Hops, func(h Hop) bool { return h.optional && h.State != Seen })
	}
	for i, l := range lanes {
		other := *lanes[1-i]
		l.Hops = slices.DeleteFunc(l.Hops, func(h Hop) bool { return b.passedBy(h, *l, other) })
	}
	for i, l := range lanes {
		b.virtual(l, lanes[1-i])
	}
}

// passedBy says whether a packet went past the port of a pod on a routed link without
// being seen there: eBPF hands it to the pod's own interface (bpf_redirect_peer,
// bpf-helpers(7)), as host routing of eBPF data planes does. What was seen later, or what came
// back, proves it. On a bridge every packet passes the port.
func (b *builder) passedBy(h Hop, l, other Lane) bool {
	at := b.host(h.Node)
	if h.Kind != PodPort || h.State != Missing || at.look == nil || at.bridge(b.family) != "" {
		return false
	}
	later := slices.ContainsFunc(l.Hops, func(x Hop) bool {
		return !x.virtual() && x.Packets > 0 && (x.leg > h.leg || x.leg == h.leg && x.Out && !h.Out)
	})
	back := l.Direction == Request && h.Out && slices.ContainsFunc(other.Hops, func(x Hop) bool { return x.Node == h.Node && x.Packets > 0 })
	return later || back || b.succeeded()
}

// names gives hops whose interface is not known from the host the one that the
// capture shows there.
func (b *builder) names(l *Lane) {
	for i := range l.Hops {
		hop := &l.Hops[i]
		if hop.Dev != "" || hop.virtual() {
			continue
		}
		h := b.host(hop.Node)
		if h.watch == nil {
			continue
		}
		for _, p := range h.watch.Packets {
			if b.direction(p) == l.Direction && p.Out == hop.Out && h.kind(p.Dev, p.Kind, p.Tunnel != "") == hop.Kind {
				hop.Dev = p.Dev
				break
			}
		}
	}
}

func (h Hop) virtual() bool { return h.Kind == Host || h.Kind == Translation }

// takes says whether a packet seen on a node belongs to this hop.
func (h Hop) takes(node string, p packet) bool {
	return h.Node == node && h.Dev == p.Dev && !h.virtual() && h.Out == p.Out &&
		(p.Tunnel == "" || h.Kind == NIC) && (!h.encapsulated || p.Tunnel != "") && (!h.plain || p.Tunnel == "")
}

func (b *builder) put(l *Lane, node string, p packet) {
	for i := range l.Hops {
		if l.Hops[i].takes(node, p) {
			l.Hops[i].add(p)
			return
		}
	}
	h := b.host(node)
	kind := h.kind(p.Dev, p.Kind, p.Tunnel != "")
	if h.below(p.Dev) || kind == Bridge || kind == Loopback {
		return
	}
	for i := range l.Astray {
		if a := &l.Astray[i]; a.Node == node && a.Dev == p.Dev && a.Out == p.Out && (a.As[0].Tunnel != "") == (p.Tunnel != "") {
			a.add(p)
			return
		}
	}
	a := Hop{Node: node, Dev: p.Dev, Kind: kind, Out: p.Out, State: Seen}
	a.add(p)
	l.Astray = append(l.Astray, a)
}

func (h *Hop) add(p packet) {
	if h.Packets == 0 || p.AtMicros < h.AtMicros {
		h.AtMicros = p.AtMicros
	}
	h.Packets++
	h.packets = append(h.packets, p)
	a := p.addresses()
	a.OuterSrc = netip.AddrPortFrom(a.OuterSrc.Addr(), 0) // a tunnel's source port only spreads load
	same := func(x Addresses) bool {
		return x.Src.Addr() == a.Src.Addr() && x.Dst == a.Dst && x.OuterSrc == a.OuterSrc && x.OuterDst == a.OuterDst && x.Tunnel == a.Tunnel
	}
	if p.way == Answer {
		same = func(x Addresses) bool {
			return x.Src == a.Src && x.Dst.Addr() == a.Dst.Addr() && x.OuterSrc == a.OuterSrc && x.OuterDst == a.OuterDst && x.Tunnel == a.Tunnel
		}
	}
	if !slices.ContainsFunc(h.As, same) {
		h.As = append(h.As, a)
	}
}

// onward is how long a packet may take from one interface of a node to the next, in
// microseconds; far more than any queue holds it.
const onward = 1_000_000

// since is when the first packet of the lane was seen on a node; negative for never.
func (l Lane) since(node string) int64 {
	first := int64(-1)
	for _, h := range l.Hops {
		if h.Node == node && h.Packets > 0 && (first < 0 || h.AtMicros < first) {
			first = h.AtMicros
		}
	}
	return first
}

// state says what not having been seen means. A watch that a bound ended proves
// something only about packets that the node saw well before.
func (h *Hop) state(at *host, since int64) {
	switch {
	case h.Packets > 0:
		h.State, h.Why = Seen, ""
	case h.virtual() || at.watch == nil:
	case at.watch.Truncated && (since < 0 || at.ended() < since+onward):
		h.Why = "the watch reached its bound before the end"
	default:
		h.State = Missing
	}
}

// ended is when the watch saw its last packet.
func (h *host) ended() int64 {
	if n := len(h.watch.Packets); n > 0 {
		return h.watch.Packets[n-1].AtMicros
	}
	return 0
}

// virtual decides the hops that are no interface: a host began what was seen
// behind it, and got what it answered; a Service was translated where a packet
// with a backend's address was seen.
func (b *builder) virtual(l, other *Lane) {
	for i := range l.Hops {
		h := &l.Hops[i]
		onNode := func(x Hop) bool { return x.Node == h.Node && x.Packets > 0 }
		switch {
		case h.Kind == Host && i == 0:
			if slices.ContainsFunc(l.Hops, onNode) {
				h.State = Seen
			}
		case h.Kind == Host && l.Direction == Request:
			if slices.ContainsFunc(other.Hops, onNode) || slices.ContainsFunc(other.Astray, func(x Hop) bool { return onNode(x) && x.Out }) {
				h.State = Seen
			}
		case h.Kind == Host:
			if i > 0 && l.Hops[i-1].State == Seen && b.succeeded() {
				h.State = Seen
			}
		case h.Kind == Translation:
			if at := b.host(h.Node); at.watch != nil && !at.watch.Truncated {
				h.State = Missing
			}
		}
	}
}

// satisfied says whether every attempt ended as it should: nothing can have vanished.
func (b *builder) satisfied() bool {
	return len(b.t.Attempts) > 0 && !slices.ContainsFunc(b.t.Attempts, func(a facts.Attempt) bool { return a.Outcome != b.t.Flow.Via.Right() })
}

// succeeded says whether any attempt ended as it should.
func (b *builder) succeeded() bool {
	return slices.ContainsFunc(b.t.Attempts, func(a facts.Attempt) bool { return a.Outcome == b.t.Flow.Via.Right() })
}
