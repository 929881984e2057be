package diagnose

import (
	"fmt"
	"slices"
	"strings"

	"github.com/plumbline-net/plumbline/framework/check"
	"github.com/plumbline-net/plumbline/framework/facts"
)

// nodeOverloaded is why single connects between hosts without processor time are
// lost or late, where no rule there drops or holds back packets. A node that loses
// many of its connects while others, as busy, lose none, has a fault of its own.
func nodeOverloaded(in *input) []claim {
	busy := map[string]facts.Overload{}
	var own []located
	for _, findings := range in.leftBy([]string{quality}, func(f check.Finding) bool { return f.Verdict == check.Warn && in.someAnswered(f) }) {
		for _, f := range findings {
			at, all := in.overloadedEnds(f.Finding)
			if !all || len(in.rulesLike(f.Nodes, dropsShare))+len(in.rulesLike(f.Nodes, queuesPackets)) > 0 {
				continue
			}
			for _, o := range at {
				busy[o.Node] = o
			}
			if !isOneOf(own, f.check, f.Finding) {
				own = append(own, f)
			}
		}
	}
	if len(own) == 0 {
		return nil
	}
	slices.SortFunc(own, func(a, b located) int { return strings.Compare(a.Subject, b.Subject) })
	c := claimOf(sortedKeys(busy), own)
	c.says = overloadSays(c.nodes, busy, own)
	c.open, c.grounds = true, "these hosts had no processor time left at both looks, and no rule there drops or delays packets"
	c.cell = func(f facts.Flow, from facts.Vantage, to facts.Target) bool {
		return f.Via == facts.Series && (slices.Contains(c.nodes, from.Node) || slices.Contains(c.nodes, to.Node))
	}
	c.leaves = lossyOnly
	c.finding = func(id string, f check.Finding) bool { return isOneOf(own, id, f) }
	return []claim{c}
}

// overloadedEnds are the overloaded hosts at the ends of a finding's pairs, and
// whether each pair has one.
func (in *input) overloadedEnds(f check.Finding) ([]facts.Overload, bool) {
	var out []facts.Overload
	for _, p := range f.Pairs {
		s, known := in.place(cellOf(f, p))
		found := false
		for _, node := range []string{s.from.Node, s.to.Node} {
			if o, busy := in.facts.Overload(node); known && busy {
				out, found = append(out, o), true
			}
		}
		if !found {
			return nil, false
		}
	}
	return out, len(out) > 0
}

// overloadSays names the hosts with the worst figures, and what came of it.
func overloadSays(nodes []string, busy map[string]facts.Overload, own []located) string {
	worst := slices.MaxFunc(nodes, func(a, b string) int { return int(busy[a].Load1 - busy[b].Load1) })
	verb := "is"
	if len(nodes) > 1 {
		verb = "are"
	}
	what := "a measurement"
	if len(own) > 1 {
		what = fmt.Sprintf("%d measurements", len(own))
	}
	return fmt.Sprintf("%s %s overloaded (%s on %s): packets and replies wait for a processor, and single connects are late or lost in %s",
		names(nodes), verb, busy[worst], worst, what)
}
