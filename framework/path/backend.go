package path

import (
	"net/netip"
	"slices"
	"strings"

	"github.com/plumbline-net/plumbline/framework/facts"
)

// choose takes the backend whose way is told: of those to which packets went,
// the one that answered least; otherwise the one that answered the probe.
func (b *builder) choose() {
	if !b.service {
		b.to = b.endAt(b.target.Addr(), b.target.Port(), b.t.To.Node)
		return
	}
	best := -1 << 30
	for _, e := range b.backends {
		asked, answered := b.counted(e, b.failed)
		if asked > 0 && asked-2*answered > best {
			best, b.to = asked-2*answered, e
		}
	}
	if e, ok := b.unmet(); ok && b.failed != nil && b.to.kind == "" {
		b.to = e
	}
	if b.to.kind != "" {
		return
	}
	for _, a := range b.t.Attempts {
		if _, node, ok := strings.Cut(a.Peer, "/"); ok && strings.HasPrefix(a.Peer, "pod/") {
			b.to = b.probePod(node)
		}
	}
	if b.to.kind == "" && len(b.backends) == 1 {
		b.to = b.backends[0]
	}
}

// counted are the packets to and from a backend, of the connections in focus.
func (b *builder) counted(e end, f *focus) (asked, answered int) {
	for _, w := range b.t.Watches {
		for _, p := range w.Packets {
			if !f.holds(p) {
				continue
			}
			if e.is(p.Dst.Addr()) && p.Dst.Port() == e.port {
				asked++
			}
			if e.is(p.Src.Addr()) && p.Src.Port() == e.port {
				answered++
			}
		}
	}
	return asked, answered
}

// identity tells a packet apart on its whole way, rewritten or not: by TCP's
// numbers, the DNS id, IPv4's identification or the number of an echo. It is the
// zero value where there is nothing to go by.
func identity(p facts.Sighting) packetID {
	if p.Proto == "tcp" {
		return packetID{p.Proto, p.Flags, p.Seq, p.Ack}
	}
	if p.ID == 0 {
		return packetID{}
	}
	return packetID{p.Proto, p.ICMP, p.ID, uint32(p.Length)}
}

type packetID struct {
	proto, words string
	a, b         uint32
}

// others are the packets that went to, or came from, other backends than the one
// whose way is told. Before they are translated, only this tells them apart.
func (b *builder) others() map[packetID]bool {
	out := map[packetID]bool{}
	for _, e := range b.backends {
		if len(b.to.addrs) == 0 || slices.Equal(e.addrs, b.to.addrs) {
			continue
		}
		at := func(a netip.AddrPort) bool { return e.is(a.Addr()) && (a.Port() == e.port || a.Port() == 0) }
		for _, w := range b.t.Watches {
			for _, p := range w.Packets {
				if (at(p.Src) || at(p.Dst)) && identity(p) != (packetID{}) {
					out[identity(p)] = true
				}
			}
		}
	}
	return out
}

// asking are the ports from which requests came, before and after every rewriting
// that was seen, and those that the sender's sockets had.
func (b *builder) asking() map[uint16]bool {
	out := map[uint16]bool{}
	for _, w := range b.t.Watches {
		for _, p := range w.Packets {
			if b.direction(p) == Request && p.Src.Port() != 0 {
				out[p.Src.Port()] = true
			}
		}
	}
	for _, a := range b.t.Attempts {
		if a.Local.Port() != 0 {
			out[a.Local.Port()] = true
		}
	}
	return out
}

// earlier says whether a packet answers a connection that was asked for before the
// watch began: a host goes on sending SYN ACK for a minute. What comes to an address
// that the sender itself has may have been rewritten where nobody captures.
func (b *builder) earlier(p facts.Sighting) bool {
	if len(b.askers) == 0 || b.direction(p) != Answer || p.Dst.Port() == 0 {
		return false
	}
	return !b.askers[p.Dst.Port()] && (b.from.kind == PodPort || !b.from.is(p.Dst.Addr()))
}
