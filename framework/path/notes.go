package path

import (
	"fmt"
	"slices"
	"strings"

	"github.com/plumbline-net/plumbline/framework/facts"
)

// notes are further things that were seen, beside what the verdict says.
func (b *builder) notes(p *Path, v Verdict) []string {
	var out []string
	if b.failed != nil && v.Outcome != Whole {
		out = append(out, "Only the connections that failed are shown; others came through.")
	}
	if v.Outcome == Vanished || v.Outcome == Unanswered {
		for _, l := range []Lane{p.Request, p.Answer} {
			for _, r := range again(real(l), func(packet) bool { return true }) {
				if !acknowledged(p.opposite(l.Direction), r.first) {
					out = append(out, fmt.Sprintf("%s of the %s was retransmitted %s without ACK.", segment(r.first), l.Direction, times(r.count-1)))
					break
				}
			}
		}
	}
	for _, h := range slices.Concat(p.Answer.Hops, p.Answer.Astray) {
		if v.Outcome == Vanished && slices.ContainsFunc(h.packets, func(q packet) bool { return q.flag("RST") }) {
			out = append(out, fmt.Sprintf("A RST came back from %s.", h.Node))
			break
		}
	}
	if n := b.unansweredQuestions(p); n > 0 {
		out = append(out, fmt.Sprintf("DNS: %d of the requests had no response.", n))
	}
	reasons, blamed := b.outer(p)
	if blamed.Stage != "" && v.Outcome != Vanished && v.Outcome != Unanswered && v.Outcome != Whole {
		out = append(out, strings.ToUpper(reasons[0].Text[:1])+reasons[0].Text[1:]+".")
	}
	if v.Outcome != Whole {
		out = append(out, b.unasked("The kernel did not tell its reasons for dropping packets, or not all of them", func(w facts.Watch) string { return w.NoDrops })...)
	}
	out = append(out, b.unasked("Not all counters could be read", func(w facts.Watch) string { return w.NoGrowth })...)
	for _, w := range b.t.Watches {
		if w.Truncated {
			out = append(out, fmt.Sprintf("The watch on %s reached its bound before the end.", w.Node))
		}
	}
	return out
}

// unasked tells what nodes could not be asked, those with one reason together.
func (b *builder) unasked(what string, why func(facts.Watch) string) []string {
	var reasons []string
	nodes := map[string][]string{}
	for _, w := range b.t.Watches {
		reason := strings.TrimSuffix(why(w), ".")
		if reason == "" {
			continue
		}
		if nodes[reason] == nil {
			reasons = append(reasons, reason)
		}
		nodes[reason] = append(nodes[reason], w.Node)
	}
	for i, r := range reasons {
		reasons[i] = fmt.Sprintf("%s (%s): %s.", what, strings.Join(nodes[r], ", "), r)
	}
	return reasons
}

// unansweredQuestions counts the DNS requests, by their id, that the first
// watched hop saw and to which it saw no response.
func (b *builder) unansweredQuestions(p *Path) int {
	hops := real(p.Request)
	if !b.dns() || b.proto() != "udp" || len(hops) == 0 {
		return 0
	}
	var asked []uint32
	for _, q := range hops[0].packets {
		heard := slices.ContainsFunc(p.Answer.Hops, func(h Hop) bool {
			return h.Node == hops[0].Node && slices.ContainsFunc(h.packets, func(a packet) bool { return a.ID == q.ID })
		})
		if !heard && !slices.Contains(asked, q.ID) {
			asked = append(asked, q.ID)
		}
	}
	return len(asked)
}
