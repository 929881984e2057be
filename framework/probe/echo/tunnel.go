package echo

import (
	"encoding/binary"
	"net/netip"
)

// A request through a tunnel's port is a VXLAN packet (RFC 7348 section 5) of a
// network that nobody has, so that the kernel which owns the port drops it after
// it has been seen:
//
//	VXLAN header(8), Ethernet header(14), "PLT1" nonce(16) padding
//
// The answer is the ordinary one, from the echo port; it is never longer than the
// request was.
const (
	tunnelMagic = "PLT1"
	// tunnelVNI is the last but one of all: VNIs are counted from the other end.
	tunnelVNI      = 0xFFFFFE
	vxlanHeader    = 8
	ethernetHeader = 14
	vxlanHasVNI    = 0x08
	// etherType is that of local experiments (IEEE 802, 0x88B5): no host takes it.
	etherType    = 0x88B5
	tunnelHeader = vxlanHeader + ethernetHeader
	tunnelNonce  = tunnelHeader + magicLen
	tunnelLeast  = tunnelNonce + len(Nonce{})
)

// AppendTunnelRequest appends a request, as the payload of a UDP datagram.
func AppendTunnelRequest(b []byte, n Nonce) []byte {
	start := len(b)
	b = append(b, vxlanHasVNI, 0, 0, 0)
	b = binary.BigEndian.AppendUint32(b, tunnelVNI<<8)
	b = append(b, 0x02, 'P', 'L', 0, 0, 2, 0x02, 'P', 'L', 0, 0, 1) // locally administered addresses
	b = binary.BigEndian.AppendUint16(b, etherType)
	b = append(append(b, tunnelMagic...), n[:]...)
	return append(b, make([]byte, MinDatagram-(len(b)-start))...)
}

// ParseTunnelRequest reads the nonce of a request that is the payload of a UDP datagram.
func ParseTunnelRequest(b []byte) (Nonce, error) {
	if len(b) < MinDatagram || string(b[tunnelHeader:tunnelNonce]) != tunnelMagic {
		return Nonce{}, ErrNotEcho
	}
	return Nonce(b[tunnelNonce:tunnelLeast]), nil
}

// tunnelPacket is a request as a raw socket gives it.
type tunnelPacket struct {
	nonce Nonce
	size  int        // of the payload, in bytes
	from  netip.Addr // invalid where the packet does not say it (IPv6, raw(7))
	to    netip.Addr
	port  uint16 // the sender's
}

const udpHeader = 8

// parseTunnelPacket reads what a raw socket of IPPROTO_UDP gives: with the IP
// header in IPv4, without it in IPv6.
func parseTunnelPacket(b []byte, v6 bool) (tunnelPacket, error) {
	var p tunnelPacket
	if !v6 {
		if len(b) < 20 || b[0]>>4 != 4 {
			return p, ErrNotEcho
		}
		head := int(b[0]&0x0f) * 4
		if head < 20 || len(b) < head {
			return p, ErrNotEcho
		}
		p.from, p.to = netip.AddrFrom4([4]byte(b[12:16])), netip.AddrFrom4([4]byte(b[16:20]))
		b = b[head:]
	}
	if len(b) < udpHeader {
		return p, ErrNotEcho
	}
	p.port = binary.BigEndian.Uint16(b)
	var err error
	p.nonce, err = ParseTunnelRequest(b[udpHeader:])
	p.size = len(b) - udpHeader
	return p, err
}
