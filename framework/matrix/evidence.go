package matrix

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/plumbline-net/plumbline/framework/check"
	"github.com/plumbline-net/plumbline/framework/facts"
)

// evidence tells typical cells as both ends saw them.
func (t *tally) evidence(cells []Cell) []check.Evidence {
	var out []check.Evidence
	for _, c := range cells {
		out = append(out, check.Evidence{
			Node:   c.From.Node,
			Source: fmt.Sprintf("%s %s → %s, %s", viaWord(c.Flow.Via), c.From, c.To.ID, familyWord(c.Flow.Family)),
			Text:   c.tell(t.owner),
		})
	}
	return out
}

// tell is a cell's record in one line.
func (c Cell) tell(owner func(netip.Addr) string) string {
	target := c.To.Addr.String()
	if c.To.Port != 0 {
		target = fmt.Sprintf("%s port %d", c.To.Addr, c.To.Port)
	}
	if c.Detail == nil || len(c.Detail.Attempts) == 0 {
		return fmt.Sprintf("to %s: %s", target, c.Answer.Outcome)
	}
	told := c.Telling()
	text := fmt.Sprintf("to %s: %s%s after %s", target, told.Outcome, c.share(), duration(told.Micros))
	if told.Local.IsValid() {
		text = fmt.Sprintf("from %s %s", told.Local.Addr(), text)
	}
	return text + strings.Join(c.traits(told, owner), "")
}

// share is how many attempts went the way that the text tells.
func (c Cell) share() string {
	if c.Flow.Via == facts.PMTU { // the attempts differ in size
		return ""
	}
	same, all := 0, len(c.Detail.Attempts)
	for _, a := range c.Detail.Attempts {
		if a.Outcome == c.Answer.Outcome {
			same++
		}
	}
	if c.series() && same == all {
		return "" // of those that went well the record keeps only one
	}
	if c.series() && c.Answer.Outcome == facts.OK {
		return fmt.Sprintf(" (but %d attempts lost)", all-same)
	}
	return fmt.Sprintf(" (%d of %d attempts)", same, all)
}

// traits are the parts of a record that only some attempts have.
func (c Cell) traits(a facts.Attempt, owner func(netip.Addr) string) []string {
	var out []string
	add := func(format string, args ...any) { out = append(out, "; "+fmt.Sprintf(format, args...)) }
	if a.Errno != "" {
		add("%s", a.Errno)
	}
	if a.ICMP != nil {
		add("ICMP type %d code %d from %s", a.ICMP.Type, a.ICMP.Code, owner(a.ICMP.From))
		if a.ICMP.MTU > 0 {
			add("it names an MTU of %d", a.ICMP.MTU)
		}
	}
	if a.Seen.IsValid() && a.Seen.Addr() != a.Local.Addr() {
		add("the far end saw %s", owner(a.Seen.Addr()))
	}
	if a.Peer != "" && len(c.To.Peers) > 0 {
		add("%s answered", a.Peer)
	}
	if c.Flow.Via == facts.Bulk && (a.Connected || a.Size > 0) {
		add("the connection was made, %d of %d bytes came back", a.Size, facts.BulkBytes)
	} else if a.Size > 0 {
		add("packet of %d bytes", a.Size)
	}
	if c.Detail.PathMTU > 0 {
		add("up to %d bytes arrive", c.Detail.PathMTU)
	}
	if a.RCode != "" {
		add("DNS says %s", a.RCode)
	}
	if len(a.Answers) > 0 {
		add("the answer holds %s", list(a.Answers, 6))
	}
	if len(c.To.Want) > 0 && c.Answer.Outcome != facts.OK {
		add("right is %s", list(c.To.Want, 6))
	}
	if len(c.Detail.Met) > 0 {
		add("met %s", list(c.Detail.Met, 6))
	}
	if a.Note != "" {
		add("%s", a.Note)
	}
	return out
}

// owner is an address with the node it belongs to, where that is known.
func (t *tally) owner(a netip.Addr) string {
	for _, n := range t.facts.Nodes {
		own := slices.Contains(n.Internal, a) || slices.Contains(n.PodAgent.Addrs, a) ||
			slices.ContainsFunc(n.PodCIDRs, func(p netip.Prefix) bool { return p.Contains(a) })
		if own {
			return fmt.Sprintf("%s (%s)", a, n.Name)
		}
	}
	return a.String()
}

func duration(micros int) string {
	if micros < 1000 {
		return fmt.Sprintf("%d µs", micros)
	}
	return fmt.Sprintf("%d ms", micros/1000)
}
