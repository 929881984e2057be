package netfilter

import (
	"strconv"
	"strings"
)

// PortRange is a range of ports, both ends within.
type PortRange struct {
	From uint16 `json:"from"`
	To   uint16 `json:"to"`
}

// portMatch reads ports and ranges; what is neither (a name) leaves the match Unread.
func portMatch(kind MatchKind, words []string, dash string) (MatchKind, []PortRange) {
	var out []PortRange
	for _, w := range words {
		from, to, isRange := strings.Cut(w, dash)
		if !isRange {
			to = from
		}
		a, err := strconv.ParseUint(from, 10, 16)
		b, err2 := strconv.ParseUint(to, 10, 16)
		if err != nil || err2 != nil {
			return Unread, nil
		}
		out = append(out, PortRange{uint16(a), uint16(b)})
	}
	return kind, out
}

// portIn says whether the packet's destination port lies in one of the ranges.
// What has no ports matches no port.
func (s *state) portIn(ranges []PortRange) Truth {
	if s.Protocol == "icmp" {
		return No
	}
	if s.Port == 0 {
		return Maybe
	}
	for _, r := range ranges {
		if r.From <= s.Port && s.Port <= r.To {
			return Yes
		}
	}
	return No
}
