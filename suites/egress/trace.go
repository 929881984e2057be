package egress

import (
	_ "embed"
	"fmt"
	"slices"

	"github.com/plumbline-net/plumbline/framework/check"
	"github.com/plumbline-net/plumbline/framework/facts"
	"github.com/plumbline-net/plumbline/framework/figures"
	"github.com/plumbline-net/plumbline/framework/matrix"
)

//go:embed trace.md
var traceDoc string

// Trace is the check egress/trace.
func Trace() check.Check {
	return check.Check{
		ID: "egress/trace", Promise: "The way to every target of the configuration outside the cluster is open; of one that is not, the last router that answers is named.",
		Level: check.OptIn, Needs: []check.Need{check.NeedPods, check.NeedConfig}, Doc: traceDoc, Ask: ask, Evaluate: evaluateTrace,
	}
}

func evaluateTrace(s *facts.Snapshot) check.Result {
	if r, nothing := unasked(s); nothing {
		return r
	}
	if s.Run.Unprivileged {
		s = withoutHosts(s)
	}
	var all walks
	for _, f := range ask(check.ScopeOf(s)) {
		if m := s.Matrix(f); m != nil && m.NotRun == "" {
			all.matrix(m)
		}
	}
	findings := append(all.findings(), unheard(s)...)
	slices.SortStableFunc(findings, func(a, b check.Finding) int { return rank(a.Verdict) - rank(b.Verdict) })
	held := fmt.Sprintf("%s of %s to a target are open", figures.Grouped(all.asked-all.failed), figures.Count(all.asked, "way"))
	switch {
	case all.asked == 0 && len(findings) == 0:
		return check.Unknownf("nothing was asked of a target")
	case all.failed == 0 && all.asked > 0:
		held += "; no target failed, so no way had to be walked"
	}
	if all.names > 0 {
		held += fmt.Sprintf("; %d not walked, for the name did not resolve there (see egress/targets)", all.names)
	}
	return check.Conclude(held, findings)
}

func rank(v check.Verdict) int {
	return slices.Index([]check.Verdict{check.Fail, check.Unknown, check.Warn}, v)
}

// withoutHosts leaves out what this run was asked to leave out.
func withoutHosts(s *facts.Snapshot) *facts.Snapshot {
	out := *s
	out.Matrices = slices.DeleteFunc(slices.Clone(s.Matrices), func(m facts.Matrix) bool { return m.Flow.AtHost() })
	return &out
}

// unheard are the findings about everything that was asked and not heard.
func unheard(s *facts.Snapshot) []check.Finding {
	r := matrix.Judge(s, matrix.Spec{Flows: ask(check.ScopeOf(s)), Noun: "ways", JudgesLoss: true, Rule: func(c matrix.Cell) matrix.Ruling {
		if c.Answer.Outcome == facts.NotRun {
			return matrix.Outcome(facts.NotRun)
		}
		return matrix.Ruling{Standing: matrix.Right}
	}})
	return slices.DeleteFunc(r.Findings, func(f check.Finding) bool { return f.Verdict != check.Unknown })
}
