package capture

import (
	"encoding/binary"
	"net/netip"
	"slices"
	"strings"

	"github.com/plumbline-net/plumbline/framework/facts"
	"github.com/plumbline-net/plumbline/framework/wire"
)

// flow decides which packets belong to what is watched, and describes them.
type flow struct {
	addrs       map[netip.Addr]bool
	ports       []uint16
	protos      []string
	tunnelPorts []uint16
	// fragmented are packets whose first fragment belongs to the flow; the others
	// have no ports to go by.
	fragmented map[fragmented]bool
}

type fragmented struct {
	src, dst netip.Addr
	id       uint32
}

// maxFragmented bounds how many packets in fragments are remembered.
const maxFragmented = 4096

func newFlow(ask wire.Watch) *flow {
	f := &flow{
		addrs: map[netip.Addr]bool{}, ports: ask.Ports, protos: ask.Protos, tunnelPorts: ask.TunnelPorts,
		fragmented: map[fragmented]bool{},
	}
	for _, a := range ask.Addrs {
		f.addrs[a.Unmap().WithZone("")] = true
	}
	return f
}

// sighting describes an IP packet that belongs to the flow; what is not known of
// it here (when, where, direction) is left empty. length is that on the interface.
func (f *flow) sighting(b []byte, length int) (facts.Sighting, bool) { return f.see(b, length, true) }

// see looks into a tunnel first. The tunnel's own packets belong to the flow only
// where its port was asked for: between two nodes they carry everybody's traffic.
func (f *flow) see(b []byte, length int, quotes bool) (facts.Sighting, bool) {
	outer, ok := readIP(b, length)
	if !ok {
		return facts.Sighting{}, false
	}
	w, tunnelled := unwrap(outer, f.tunnelPorts)
	if !tunnelled {
		return f.plain(outer, quotes)
	}
	if inner, ok := readIP(w.inner, len(w.inner)); ok {
		if s, ok := f.plain(inner, quotes); ok {
			s.Tunnel, s.VNI = w.tunnel, w.vni
			s.OuterSrc, s.OuterDst = outer.ends()
			return s, true
		}
	}
	if w.port == 0 || !slices.Contains(f.ports, w.port) {
		return facts.Sighting{}, false
	}
	return f.plain(outer, quotes)
}

// plain judges a packet by itself.
func (f *flow) plain(d datagram, quotes bool) (facts.Sighting, bool) {
	s := facts.Sighting{ID: d.id, Length: d.length}
	s.Src, s.Dst = d.ends()
	if d.isICMP() {
		return f.icmp(d, s, quotes)
	}
	switch d.proto {
	case protoTCP:
		s.Proto = "tcp"
	case protoUDP:
		s.Proto = "udp"
	case protoICMP, protoICMPv6:
		s.Proto = "icmp" // a later fragment of an echo
	default:
		return s, false
	}
	if !f.between(d) || !slices.Contains(f.protos, s.Proto) || !f.ported(d, s) {
		return s, false
	}
	switch {
	case d.later:
	case d.proto == protoTCP:
		tcp(&s, d.payload)
	case f.dns(s) && len(d.payload) >= udpHeader+2:
		s.ID = uint32(binary.BigEndian.Uint16(d.payload[udpHeader:]))
	}
	return s, true
}

// between: both ends are among the flow's addresses.
func (f *flow) between(d datagram) bool { return f.addrs[d.src] && f.addrs[d.dst] }

// ported: one of the ports was asked for. A fragment without ports follows the
// first one of its packet.
func (f *flow) ported(d datagram, s facts.Sighting) bool {
	key := fragmented{d.src, d.dst, d.id}
	if d.later {
		return f.fragmented[key]
	}
	ok := len(f.ports) == 0 || slices.Contains(f.ports, s.Src.Port()) || slices.Contains(f.ports, s.Dst.Port())
	f.remember(d, ok)
	return ok
}

func (f *flow) remember(d datagram, ok bool) {
	if ok && d.first && len(f.fragmented) < maxFragmented {
		f.fragmented[fragmented{d.src, d.dst, d.id}] = true
	}
}

// icmp takes an echo between the ends, and an error that quotes a packet of the
// flow, whoever sends it.
func (f *flow) icmp(d datagram, s facts.Sighting, quotes bool) (facts.Sighting, bool) {
	v6, kind, code := d.src.Is6(), d.payload[0], d.payload[1]
	s.Proto = "icmp"
	if slices.Contains(icmpErrors(v6), kind) {
		s.ICMP = icmpText(v6, kind, code)
		if !quotes {
			return s, false // an error never quotes an error (RFC 1122 section 3.2.2)
		}
		quoted := d.payload[icmpHeader:]
		_, ours := f.see(quoted, len(quoted), false)
		return s, ours
	}
	s.ICMP = echoText(v6, kind)
	if s.ICMP == "" || !f.between(d) || !slices.Contains(f.protos, s.Proto) {
		return s, false
	}
	s.ID = d.icmpSequence()
	f.remember(d, true)
	return s, true
}

// dns: the question's id tells questions apart also where addresses are
// rewritten, and stands in the answer too.
func (f *flow) dns(s facts.Sighting) bool {
	const domain = 53
	return s.Proto == "udp" && (slices.Contains(f.ports, domain) || s.Src.Port() == domain || s.Dst.Port() == domain)
}

// tcp adds flags and numbers (RFC 9293 section 3.1). Of the flags those are left
// out that only tell of congestion or urgency.
func tcp(s *facts.Sighting, segment []byte) {
	if len(segment) < 14 {
		return // a quotation may hold eight bytes only
	}
	s.Seq, s.Ack = binary.BigEndian.Uint32(segment[4:]), binary.BigEndian.Uint32(segment[8:])
	var words []string
	for _, flag := range []struct {
		bit  byte
		word string
	}{{0x02, "SYN"}, {0x01, "FIN"}, {0x04, "RST"}, {0x08, "PSH"}, {0x10, "ACK"}} {
		if segment[13]&flag.bit != 0 {
			words = append(words, flag.word)
		}
	}
	s.Flags = strings.Join(words, " ")
}
