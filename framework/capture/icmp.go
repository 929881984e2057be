package capture

import (
	"encoding/binary"
	"fmt"
)

// icmpKey is the type and code of an ICMP error.
type icmpKey struct{ kind, code uint8 }

// The words for ICMP errors (RFC 792, RFC 1812 section 5.2.7, RFC 4443 section
// 3); those of iptables' --reject-with where it has one.
var icmp4Words = map[icmpKey]string{
	{3, 0}: "network unreachable", {3, 1}: "host unreachable", {3, 2}: "protocol unreachable", {3, 3}: "port unreachable",
	{3, 4}: "fragmentation needed", {3, 5}: "source route failed", {3, 6}: "network unknown", {3, 7}: "host unknown",
	{3, 9}: "network prohibited", {3, 10}: "host prohibited", {3, 13}: "administratively prohibited",
	{11, 0}: "time to live exceeded", {11, 1}: "reassembly time exceeded",
	{5, 0}: "redirect for a network", {5, 1}: "redirect for a host",
}

var icmp6Words = map[icmpKey]string{
	{1, 0}: "no route", {1, 1}: "administratively prohibited", {1, 2}: "beyond the scope of the source", {1, 3}: "address unreachable",
	{1, 4}: "port unreachable", {1, 5}: "source address not allowed", {1, 6}: "route rejected",
	{2, 0}: "packet too big", {3, 0}: "hop limit exceeded", {3, 1}: "reassembly time exceeded",
}

// icmpHeader is that of an echo, and of an error before what it quotes, in bytes.
const icmpHeader = 8

// icmpErrors are the types that quote a packet. Those of ICMPv6 are all below 128,
// and its redirect, which quotes as an option, is none of them.
func icmpErrors(v6 bool) []uint8 {
	if v6 {
		return []uint8{1, 2, 3, 4}
	}
	return []uint8{3, 4, 5, 11, 12}
}

// icmpText says what an ICMP error means, with its code: "host unreachable (3/1)".
func icmpText(v6 bool, kind, code uint8) string {
	words := icmp4Words
	if v6 {
		words = icmp6Words
	}
	said, ok := words[icmpKey{kind, code}]
	if !ok {
		said = "error"
	}
	return fmt.Sprintf("%s (%d/%d)", said, kind, code)
}

// echoText names an echo; empty is any other message.
func echoText(v6 bool, kind uint8) string {
	switch {
	case !v6 && kind == 8, v6 && kind == 128:
		return "echo request"
	case !v6 && kind == 0, v6 && kind == 129:
		return "echo reply"
	default:
		return ""
	}
}

// isICMP: of the right kind for the packet's version, and not cut off.
func (d datagram) isICMP() bool {
	want := uint8(protoICMP)
	if d.src.Is6() {
		want = protoICMPv6
	}
	return d.proto == want && !d.later && len(d.payload) >= icmpHeader
}

// icmpSequence is the number of an echo (RFC 792, RFC 4443).
func (d datagram) icmpSequence() uint32 { return uint32(binary.BigEndian.Uint16(d.payload[6:])) }
