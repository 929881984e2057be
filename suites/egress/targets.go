package egress

import (
	"cmp"
	_ "embed"
	"fmt"
	"strings"

	"github.com/plumbline-net/plumbline/framework/check"
	"github.com/plumbline-net/plumbline/framework/facts"
	"github.com/plumbline-net/plumbline/framework/matrix"
)

//go:embed targets.md
var targetsDoc string

// Targets is the check egress/targets.
func Targets() check.Check {
	return check.Check{
		ID: "egress/targets", Promise: "The targets of the configuration outside the cluster resolve and connect from every pod and every host, without loss.",
		Level: check.OptIn, Needs: []check.Need{check.NeedPods, check.NeedConfig}, Doc: targetsDoc, Ask: ask, Evaluate: evaluateTargets,
	}
}

func evaluateTargets(s *facts.Snapshot) check.Result {
	if r, nothing := unasked(s); nothing {
		return r
	}
	elsewhere := resolvedElsewhere(s)
	r := matrix.Judge(s, matrix.Spec{
		Flows: ask(check.ScopeOf(s)), Noun: "pairs of sender and target", Holds: "connect", JudgesLoss: true,
		Rule: func(c matrix.Cell) matrix.Ruling { return targetRule(c, elsewhere) }, Remedy: func(p matrix.Place) []check.Remedy { return targetRemedy(s, p) },
	})
	for _, f := range r.Findings {
		for i := range f.Evidence { // a name has no address before the vantage resolved it
			f.Evidence[i].Text = strings.Replace(f.Evidence[i].Text, "to invalid IP port", "to the name's address, port", 1)
		}
	}
	return r
}

// ends are a sender and a target, whatever the family.
type ends struct{ from, target string }

// resolvedElsewhere are the pairs whose name has an address in some family.
func resolvedElsewhere(s *facts.Snapshot) map[ends]bool {
	out := map[ends]bool{}
	for _, f := range ask(check.ScopeOf(s)) {
		m := s.Matrix(f)
		if m == nil {
			continue
		}
		for _, row := range m.Rows {
			for i, cell := range row.Cells {
				if _, failed := unresolved(row.Detail(i)); i < len(m.Targets) && cell.Outcome != facts.NotRun && !failed {
					out[ends{row.From.String(), m.Targets[i].ID}] = true
				}
			}
		}
	}
	return out
}

// targetRule tells apart what an operator mends in different places: the name,
// a refusal, a router's word, silence, and loss.
func targetRule(c matrix.Cell, elsewhere map[ends]bool) matrix.Ruling {
	told := c.Telling()
	if c.Answer.Outcome == facts.NotRun {
		return matrix.Outcome(facts.NotRun)
	}
	if failed, ok := unresolved(c.Detail); ok && c.Answer.Outcome != facts.OK {
		if absent(failed) && elsewhere[ends{c.From.String(), c.To.ID}] {
			return matrix.Ruling{Standing: matrix.Aside, Why: "the name has an address of the other family only"}
		}
		why := cmp.Or(failed.RCode, failed.Errno, failed.Outcome.String())
		return matrix.Failing("does not resolve ("+why+")", "do not resolve ("+why+")")
	}
	switch c.Answer.Outcome {
	case facts.OK:
		if c.Series.Lost > 0 {
			return matrix.Warning("loses a share of its connections", "lose a share of their connections")
		}
		return matrix.Ruling{Standing: matrix.Right}
	case facts.Refused:
		by := "the far end (RST)"
		if told.ICMP != nil {
			by = icmp(told)
		}
		return matrix.Failing("is refused by "+by, "are refused by "+by)
	case facts.Timeout:
		return matrix.Failing("times out in silence", "time out in silence")
	case facts.Unreachable:
		if told.ICMP != nil {
			return matrix.Failing("is told by "+icmp(told)+" that there is no way", "are told by "+icmp(told)+" that there is no way")
		}
		why := cmp.Or(told.Errno, "no route")
		return matrix.Failing("has no way out of its own node ("+why+")", "have no way out of their own node ("+why+")")
	case facts.NotRun, facts.Reset, facts.TooBig, facts.Garbled:
	}
	return matrix.Outcome(c.Answer.Outcome)
}

func icmp(a facts.Attempt) string {
	return fmt.Sprintf("%s (ICMP type %d code %d)", a.ICMP.From, a.ICMP.Type, a.ICMP.Code)
}
