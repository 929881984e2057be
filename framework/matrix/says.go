package matrix

import (
	"fmt"
	"slices"
	"strings"

	"github.com/plumbline-net/plumbline/framework/facts"
)

// ends is one thing that is counted, whatever the protocol: a sender and a receiver.
type ends struct{ from, to string }

// pairs are the different ends of the failing cells.
func (p *Place) pairs() map[ends]bool {
	out := map[ends]bool{}
	for _, c := range p.cells {
		out[ends{c.From.String(), c.Column.ID}] = true
	}
	return out
}

// says is the finding in one sentence, numbers first.
func (t *tally) says(p *Place) string {
	n := len(p.pairs())
	phrase, detail := predicate(p.cells, n)
	how := t.how(p.Flows)
	if detail != "" {
		how = detail + "; " + how
	}
	sentence := fmt.Sprintf("%d of %d %s %s: %s (%s)", n, t.total(p.Flows), t.noun(), phrase, p.where(), how)
	if t.healed(p) {
		sentence += "; it went well at the main look: creating our own pods and Services healed it"
	}
	return sentence
}

func (t *tally) noun() string {
	if t.spec.Noun != "" {
		return t.spec.Noun
	}
	return "pairs"
}

// predicate is what the cells do; where they do several things it is "fail",
// and the second result says which protocols (or else which senders, or how many) do what.
func predicate(cells []wrongCell, n int) (string, string) {
	var phrases []Phrase
	flows, count := map[Phrase][]facts.Flow{}, map[Phrase]int{}
	for _, c := range cells {
		if !slices.Contains(phrases, c.phrase) {
			phrases = append(phrases, c.phrase)
		}
		count[c.phrase]++
		if !slices.Contains(flows[c.phrase], c.Flow) {
			flows[c.phrase] = append(flows[c.phrase], c.Flow)
		}
	}
	if len(phrases) == 1 {
		return phrases[0].of(n), ""
	}
	word := func(f facts.Flow) string { return viaWord(f.Via) }
	if !disjoint(phrases, flows, word) {
		word = fromWord
	}
	told := disjoint(phrases, flows, word)
	var parts []string
	for _, p := range phrases {
		if told {
			parts = append(parts, fmt.Sprintf("%s: %s", list(words(flows[p], word), 9), p.of(n)))
		} else {
			parts = append(parts, fmt.Sprintf("%d %s", count[p], p.of(count[p])))
		}
	}
	detail := strings.Join(parts, ", ")
	if !told {
		detail = fmt.Sprintf("of %d probes %s", len(cells), list(parts, 9))
	}
	return Phrase{"fails", "fail"}.of(n), detail
}

// disjoint says whether a word of their flows tells the phrases apart.
func disjoint(phrases []Phrase, flows map[Phrase][]facts.Flow, word func(facts.Flow) string) bool {
	seen := map[string]bool{}
	for _, p := range phrases {
		for _, w := range words(flows[p], word) {
			if seen[w] {
				return false
			}
			seen[w] = true
		}
	}
	return true
}

// total is how many pairs were judged in flows: the most of any flow, for each
// kind of sender and receiver.
func (t *tally) total(flows []facts.Flow) int {
	type kind struct {
		from facts.VantageKind
		to   facts.TargetKind
	}
	most := map[kind]int{}
	for _, g := range t.grids {
		if slices.Contains(flows, g.flow) {
			k := kind{g.flow.From, g.flow.To}
			most[k] = max(most[k], g.judged)
		}
	}
	n := 0
	for _, m := range most {
		n += m
	}
	return n
}

// judged are the flows in which anything was judged.
func (t *tally) judged() []facts.Flow {
	var out []facts.Flow
	for _, g := range t.grids {
		if g.judged > 0 {
			out = append(out, g.flow)
		}
	}
	return out
}

// how names protocols, families, senders and looks of flows, each with "only"
// where the check judged others too, which went well here.
func (t *tally) how(flows []facts.Flow) string {
	all := t.judged()
	parts := []string{
		only(flows, all, func(f facts.Flow) string { return viaWord(f.Via) }),
		only(flows, all, func(f facts.Flow) string { return familyWord(f.Family) }),
	}
	if from := words(all, fromWord); len(from) > 1 {
		parts = append(parts, "from "+only(flows, all, fromWord))
	}
	if look := words(all, lookWord); len(look) > 1 {
		parts = append(parts, "at "+only(flows, all, lookWord))
	}
	return strings.Join(parts, "; ")
}

func only(flows, all []facts.Flow, word func(facts.Flow) string) string {
	have := words(flows, word)
	text := list(have, 9)
	if len(have) < len(words(all, word)) {
		text += " only"
	}
	return text
}

func words(flows []facts.Flow, word func(facts.Flow) string) []string {
	var out []string
	for _, f := range flows {
		if w := word(f); !slices.Contains(out, w) {
			out = append(out, w)
		}
	}
	return out
}

func viaWord(v facts.Via) string {
	switch v {
	case facts.TCP, facts.UDP, facts.ICMP, facts.TLS:
		return strings.ToUpper(string(v))
	case facts.DNSUDP:
		return "DNS over UDP"
	case facts.DNSTCP:
		return "DNS over TCP"
	case facts.Closed:
		return "TCP to a closed port"
	case facts.PMTU, facts.Over:
		return "UDP with DF"
	case facts.Series:
		return "series of TCP connects"
	case facts.HTTP:
		return "HTTP"
	case facts.Bulk:
		return "1 MiB over TCP"
	case facts.Sticky:
		return "repeated TCP connects"
	case facts.Record:
		return "DNS question"
	case facts.Race:
		return "A and AAAA at once"
	case facts.Big:
		return "large DNS answer"
	case facts.Connect:
		return "TCP to the outside"
	case facts.Tunnel:
		return "tunnel packet"
	case facts.ARP:
		return "ARP"
	}
	return string(v)
}

func familyWord(f facts.Family) string {
	if f == facts.IPv6 {
		return "IPv6"
	}
	return "IPv4"
}

func fromWord(f facts.Flow) string {
	switch f.From {
	case facts.FromPod:
		return "pods"
	case facts.FromHost:
		return "hosts"
	case facts.FromRunner:
		return "the runner"
	case facts.FromRuntime:
		return "pods of a RuntimeClass"
	}
	return string(f.From)
}

func lookWord(f facts.Flow) string { return fmt.Sprintf("the %s look", f.Look) }

// healed says whether all of a place's cells failed at the first look only and
// are right at the main look.
func (t *tally) healed(p *Place) bool {
	for _, c := range p.cells {
		later := c.Flow
		later.Look = facts.Main
		if c.Flow.Look != facts.First || t.standing(later, c) != Right {
			return false
		}
	}
	return len(p.cells) > 0
}

// standing is how the same pair stands in another flow.
func (t *tally) standing(f facts.Flow, c wrongCell) Standing {
	for _, g := range t.grids {
		if g.flow != f {
			continue
		}
		row := slices.Index(g.rows, c.From)
		col, ok := g.index[c.Column.ID]
		if row >= 0 && ok {
			return g.at(row, col)
		}
	}
	return Open
}
