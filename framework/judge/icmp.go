package judge

import (
	"fmt"

	"github.com/plumbline-net/plumbline/framework/facts"
)

// icmpKey is the type and code of an ICMP error.
type icmpKey struct{ kind, code uint8 }

// The ICMP errors that a router, a firewall or a host sends (RFC 792, RFC 1812
// section 5.2.7, RFC 4443 section 3); the words are those of iptables' --reject-with
// where it has one.
var icmp4 = map[icmpKey]string{
	{3, 0}: "network unreachable", {3, 1}: "host unreachable", {3, 2}: "protocol unreachable", {3, 3}: "port unreachable",
	{3, 4}: "fragmentation needed", {3, 5}: "source route failed", {3, 6}: "network unknown", {3, 7}: "host unknown",
	{3, 9}: "network prohibited", {3, 10}: "host prohibited", {3, 13}: "administratively prohibited",
	{11, 0}: "time to live exceeded", {11, 1}: "reassembly time exceeded",
}

var icmp6 = map[icmpKey]string{
	{1, 0}: "no route", {1, 1}: "administratively prohibited", {1, 2}: "beyond the scope of the source", {1, 3}: "address unreachable",
	{1, 4}: "port unreachable", {1, 5}: "source address not allowed", {1, 6}: "route rejected",
	{2, 0}: "packet too big", {3, 0}: "hop limit exceeded", {3, 1}: "reassembly time exceeded",
}

// icmpText is an error in one line: "ICMP host prohibited (3/10) from 10.0.0.13".
// Without the sender's address the family is not known, and neither are the words.
func icmpText(e *facts.ICMPError) string {
	if e == nil {
		return ""
	}
	name, words := "ICMP", map[icmpKey]string(nil)
	switch {
	case e.From.Is4():
		words = icmp4
	case e.From.Is6():
		name, words = "ICMPv6", icmp6
	}
	out := fmt.Sprintf("%s (%d/%d)", name, e.Type, e.Code)
	if said, ok := words[icmpKey{e.Type, e.Code}]; ok {
		out = fmt.Sprintf("%s %s (%d/%d)", name, said, e.Type, e.Code)
	}
	if e.From.IsValid() {
		out += " from " + e.From.String()
	}
	if e.MTU > 0 {
		out += fmt.Sprintf(", which takes %d bytes", e.MTU)
	}
	return out
}
