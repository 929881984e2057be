package capture

import (
	"encoding/binary"
	"net/netip"
)

// The protocols that are told apart (IANA, assigned internet protocol numbers).
const (
	protoICMP   = 1
	protoIPv4   = 4 // IPv4 inside an IP packet
	protoTCP    = 6
	protoUDP    = 17
	protoIPv6   = 41 // IPv6 inside an IP packet
	protoICMPv6 = 58
)

const (
	header4 = 20 // without options
	header6 = 40
)

// datagram is an IP packet as far as its bytes reach.
type datagram struct {
	src, dst netip.Addr
	proto    uint8 // of what follows the extension headers
	// id is IPv4's identification, or that of an IPv6 fragment; otherwise 0.
	id uint32
	// first and later: of a packet in fragments, the first one, or another, which has
	// no ports.
	first, later bool
	length       int // bytes of the whole packet
	payload      []byte
}

// readIP reads an IP packet of either version. What is cut short behind its
// header (a quotation, a bounded copy) is read as far as it goes; length is how
// long the packet was on the interface.
func readIP(b []byte, length int) (datagram, bool) {
	if len(b) == 0 {
		return datagram{}, false
	}
	switch b[0] >> 4 {
	case 4:
		return readIPv4(b, length)
	case 6:
		return readIPv6(b, length)
	default:
		return datagram{}, false
	}
}

// readIPv4 follows RFC 791. A total length of 0 is what the kernel writes into a
// packet that is too large for it (BIG TCP); its length is the one on the interface.
func readIPv4(b []byte, length int) (datagram, bool) {
	if len(b) < header4 {
		return datagram{}, false
	}
	header := int(b[0]&0xf) * 4
	if header < header4 || header > len(b) {
		return datagram{}, false
	}
	d := datagram{
		src: netip.AddrFrom4([4]byte(b[12:16])), dst: netip.AddrFrom4([4]byte(b[16:20])),
		proto: b[9], id: uint32(binary.BigEndian.Uint16(b[4:])), length: int(binary.BigEndian.Uint16(b[2:])),
	}
	if d.length < header {
		d.length = length
	}
	const moreFragments, offset = 0x2000, 0x1fff
	fragment := binary.BigEndian.Uint16(b[6:])
	d.later = fragment&offset != 0
	d.first = !d.later && fragment&moreFragments != 0
	d.payload = b[header:max(header, min(len(b), d.length))] // short frames are padded
	return d, true
}

// readIPv6 follows RFC 8200. A payload length of 0 is that of a jumbogram (RFC
// 2675) or of a packet that is too large for it.
func readIPv6(b []byte, length int) (datagram, bool) {
	if len(b) < header6 {
		return datagram{}, false
	}
	d := datagram{src: netip.AddrFrom16([16]byte(b[8:24])), dst: netip.AddrFrom16([16]byte(b[24:40])), proto: b[6]}
	d.length = header6 + int(binary.BigEndian.Uint16(b[4:]))
	if d.length == header6 {
		d.length = max(length, header6)
	}
	d.payload = b[header6:min(len(b), d.length)]
	d.extensions()
	return d, true
}

// extensions skips the headers that may stand between IPv6 and its payload
// (RFC 8200 section 4); a packet that ends within them keeps what is left.
func (d *datagram) extensions() {
	const hopByHop, routing, fragment, destination = 0, 43, 44, 60
	for len(d.payload) >= 8 {
		size := 8
		switch d.proto {
		case hopByHop, routing, destination:
			size += int(d.payload[1]) * 8
		case fragment:
			place := binary.BigEndian.Uint16(d.payload[2:])
			d.id = binary.BigEndian.Uint32(d.payload[4:])
			d.later, d.first = place>>3 != 0, place>>3 == 0 && place&1 != 0
		default:
			return
		}
		d.proto = d.payload[0]
		d.payload = d.payload[min(size, len(d.payload)):]
		if d.later {
			return
		}
	}
}

// ports are those of TCP and UDP; zero where there are none, or not in these bytes.
func (d datagram) ports() (src, dst uint16) {
	if d.later || len(d.payload) < 4 || d.proto != protoTCP && d.proto != protoUDP {
		return 0, 0
	}
	return binary.BigEndian.Uint16(d.payload), binary.BigEndian.Uint16(d.payload[2:])
}

// ends are both addresses with their ports.
func (d datagram) ends() (src, dst netip.AddrPort) {
	from, to := d.ports()
	return netip.AddrPortFrom(d.src, from), netip.AddrPortFrom(d.dst, to)
}
