package netfilter

import (
	"net/netip"
	"slices"
	"strings"

	"github.com/plumbline-net/plumbline/framework/facts"
)

// Truth is the answer of a match. The zero value is: cannot be told.
type Truth uint8

// The answers.
const (
	Maybe Truth = iota
	No
	Yes
)

func (t Truth) not() Truth {
	switch t {
	case Yes:
		return No
	case No:
		return Yes
	default:
		return Maybe
	}
}

// MatchKind says what of a packet a match looks at.
type MatchKind string

// The kinds of match. The zero value is one that is not understood: Maybe.
const (
	Unread      MatchKind = ""
	Always      MatchKind = "always" // comments, accounting: no condition
	Source      MatchKind = "source"
	Destination MatchKind = "destination"
	InInterface MatchKind = "in"
	OutIface    MatchKind = "out"
	Protocol    MatchKind = "protocol"
	IPFamily    MatchKind = "family"
	CTState     MatchKind = "ctstate"
	AddrType    MatchKind = "addrtype" // of the destination
	SourceType  MatchKind = "srctype"
	DestPort    MatchKind = "dport"
	SourcePort  MatchKind = "sport"
	ICMPType    MatchKind = "icmptype"
	Mark        MatchKind = "mark"
)

// Match is one condition of a rule.
type Match struct {
	Kind MatchKind `json:"kind"`
	Not  bool      `json:"not,omitempty"`
	// Words are interface patterns, protocols, states or types, one of which must hold.
	Words    []string       `json:"words,omitempty"`
	Prefixes []netip.Prefix `json:"prefixes,omitempty"`
	Ports    []PortRange    `json:"ports,omitempty"`
	Value    uint32         `json:"value,omitempty"`
	Mask     uint32         `json:"mask,omitempty"`
	// Text is the match as the tool printed it.
	Text string `json:"text,omitempty"`
}

// Packet stands for a new connection's first packet, with addresses not
// translated: forwarded between two pods, or to the host itself.
type Packet struct {
	Family facts.Family
	// Protocol is tcp, udp or icmp (an echo request, of either family).
	Protocol string
	// Port is the destination's; 0 is not known. The source's never is.
	Port uint16
	// ToHost: the destination is an address of the host itself.
	ToHost bool
	// Src and Dst are the prefixes the packet may come from and go to.
	Src, Dst []netip.Prefix
	// In and Out are the interfaces it may pass; empty where not known.
	In, Out []string
	// FromBridge and ToBridge: In or Out is a bridge, between whose ports and the host
	// the chains of the family bridge are asked, too.
	FromBridge, ToBridge bool
}

// state is a packet under way.
type state struct {
	Packet
	hook      string
	tracked   bool // conntrack has seen it (raw comes before)
	mark      uint32
	markKnown bool
	// straddled: a prefix match held for some of the packet's addresses only.
	straddled bool
}

func (m Match) holds(s *state) Truth {
	t := m.plain(s)
	if m.Not {
		return t.not()
	}
	return t
}

func (m Match) plain(s *state) Truth {
	switch m.Kind {
	case Always:
		return Yes
	case Source:
		return s.within(s.Src, m.Prefixes)
	case Destination:
		return s.within(s.Dst, m.Prefixes)
	case InInterface:
		return named(s.In, m.Words)
	case OutIface:
		return named(s.Out, m.Words)
	case Protocol:
		return isOne(m.Words, s.Protocol)
	case IPFamily:
		return isOne(m.Words, string(s.Family))
	case CTState:
		if !s.tracked {
			return Maybe
		}
		return isOne(m.Words, "new")
	case AddrType:
		if s.ToHost {
			return isOne(m.Words, "local")
		}
		// Both ends are pods: unicast addresses, neither of them the host's own.
		return isOne(m.Words, "unicast")
	case SourceType:
		return isOne(m.Words, "unicast")
	case DestPort:
		return s.portIn(m.Ports)
	case SourcePort:
		return Maybe
	case ICMPType:
		if s.Protocol != "icmp" {
			return No
		}
		return isOne(m.Words, "echo-request")
	case Mark:
		if !s.markKnown {
			return Maybe
		}
		return truth(s.mark&m.Mask == m.Value)
	case Unread:
		return Maybe
	default:
		return Maybe
	}
}

func truth(b bool) Truth {
	if b {
		return Yes
	}
	return No
}

func isOne(words []string, is string) Truth { return truth(slices.Contains(words, is)) }

// within says whether all of the packet's prefixes lie inside the rule's.
func (s *state) within(packet, rule []netip.Prefix) Truth {
	inside, outside := 0, 0
	for _, p := range packet {
		switch inPrefixes(p, rule) {
		case Yes:
			inside++
		case No:
			outside++
		case Maybe:
		}
	}
	switch {
	case len(packet) == 0:
		return Maybe
	case inside == len(packet):
		return Yes
	case outside == len(packet):
		return No
	default:
		s.straddled = s.straddled || len(packet) > 1
		return Maybe
	}
}

func inPrefixes(p netip.Prefix, rule []netip.Prefix) Truth {
	t := No
	for _, r := range rule {
		if r.Bits() <= p.Bits() && r.Contains(p.Addr()) {
			return Yes
		}
		if r.Overlaps(p) {
			t = Maybe
		}
	}
	return t
}

// named compares interfaces with patterns; a trailing + or * stands for any ending.
func named(ifaces, patterns []string) Truth {
	if slices.Equal(patterns, []string{"lo"}) && len(ifaces) == 0 {
		return No // what is forwarded between pods never passes lo
	}
	hits := 0
	for _, name := range ifaces {
		if slices.ContainsFunc(patterns, func(p string) bool { return fits(name, p) }) {
			hits++
		}
	}
	switch {
	case slices.Contains(patterns, "*"), slices.Contains(patterns, "+"):
		return Yes
	case len(ifaces) == 0:
		return Maybe
	case hits == len(ifaces):
		return Yes
	case hits == 0:
		return No
	default:
		return Maybe
	}
}

func fits(name, pattern string) bool {
	if stem, open := strings.CutSuffix(pattern, "+"); open {
		return strings.HasPrefix(name, stem)
	}
	if stem, open := strings.CutSuffix(pattern, "*"); open {
		return strings.HasPrefix(name, stem)
	}
	return name == pattern
}
