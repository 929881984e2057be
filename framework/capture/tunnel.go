package capture

import (
	"encoding/binary"
	"slices"
)

// The kinds of tunnel, as facts.Sighting has them.
const (
	vxlan  = "vxlan"
	geneve = "geneve"
	ipip   = "ipip"
)

// genevePort is Geneve's own (RFC 8926); all other tunnel ports carry VXLAN
// (RFC 7348), which Linux also does on 8472.
const genevePort = 6081

const (
	udpHeader    = 8
	tunnelHeader = 8 // of VXLAN, and of Geneve without options
	etherHeader  = 14
	etherIPv4    = 0x0800
	etherIPv6    = 0x86dd
	etherVLAN    = 0x8100
	etherBridged = 0x6558 // an Ethernet frame, in Geneve
)

// wrapped is what a tunnel carries.
type wrapped struct {
	tunnel string
	vni    int
	port   uint16 // of the tunnel, where it has one
	inner  []byte // an IP packet
}

// unwrap looks into a tunnel packet; false is said of everything else. Nothing is
// inside where that is not IP, or out of reach.
func unwrap(d datagram, tunnelPorts []uint16) (wrapped, bool) {
	switch d.proto {
	case protoIPv4, protoIPv6:
		return wrapped{tunnel: ipip, inner: d.payload}, !d.later
	case protoUDP:
		port, ok := tunnelPort(d, tunnelPorts)
		if !ok {
			return wrapped{}, false
		}
		open := unwrapVXLAN
		if port == genevePort {
			open = unwrapGeneve
		}
		w := open(d.payload[min(udpHeader, len(d.payload)):])
		w.port = port
		return w, true
	default:
		return wrapped{}, false
	}
}

// tunnelPort looks at the destination first: the source is chosen by a hash.
func tunnelPort(d datagram, tunnelPorts []uint16) (uint16, bool) {
	src, dst := d.ports()
	for _, p := range []uint16{dst, src} {
		if p != 0 && slices.Contains(tunnelPorts, p) {
			return p, true
		}
	}
	return 0, false
}

// unwrapVXLAN reads flags, three bytes, the network's number and a byte, then the
// frame. Of the flags only the one that says that there is a number counts: Linux
// has extensions that set others.
func unwrapVXLAN(b []byte) wrapped {
	const hasVNI = 0x08
	if len(b) < tunnelHeader || b[0]&hasVNI == 0 {
		return wrapped{tunnel: vxlan}
	}
	return wrapped{tunnel: vxlan, vni: number24(b[4:]), inner: frame(b[tunnelHeader:])}
}

// unwrapGeneve reads version and length of the options, flags, the kind of
// payload, the network's number and a byte, then the options.
func unwrapGeneve(b []byte) wrapped {
	w := wrapped{tunnel: geneve}
	if len(b) < tunnelHeader || b[0]>>6 != 0 {
		return w
	}
	w.vni = number24(b[4:])
	header := tunnelHeader + int(b[0]&0x3f)*4
	if len(b) < header {
		return w
	}
	switch binary.BigEndian.Uint16(b[2:]) {
	case etherBridged:
		w.inner = frame(b[header:])
	case etherIPv4, etherIPv6:
		w.inner = b[header:]
	}
	return w
}

func number24(b []byte) int { return int(b[0])<<16 | int(b[1])<<8 | int(b[2]) }

// frame gives the IP packet of an Ethernet frame with one VLAN tag or none; nil
// is any other frame.
func frame(b []byte) []byte {
	const tag = 4
	if len(b) >= etherHeader+tag && binary.BigEndian.Uint16(b[etherHeader-2:]) == etherVLAN {
		b = b[tag:] // the addresses are no longer right, and not needed
	}
	if len(b) < etherHeader {
		return nil
	}
	switch binary.BigEndian.Uint16(b[etherHeader-2:]) {
	case etherIPv4, etherIPv6:
		return b[etherHeader:]
	default:
		return nil
	}
}
