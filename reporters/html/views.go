package html

import (
	"cmp"
	"slices"
	"strings"

	"github.com/plumbline-net/plumbline/framework/check"
	"github.com/plumbline-net/plumbline/reporters/plain"
	"github.com/plumbline-net/plumbline/reporters/report"
)

// maxPairs is how many pairs of a finding are listed in the page; the map has all.
const maxPairs = 12

type checkView struct {
	ID, Area, Promise, Word, Why string
	Level                        check.Level
	Accepted, Retried            bool
	Causes                       []cause
	Shapes                       []string // of what no cause explains of it
	Findings                     []finding
	Trace                        *traceView // where the check is listed to be looked at first
}

type finding struct {
	Subject, Says, Word string
	Evidence            []check.Evidence
	Remedy              []report.Steps
	Pairs               []pairLink
	More                int // pairs that are not listed
}

// pairLink leads to the pair in the map.
type pairLink struct{ From, To, Flow string }

// ordered puts what needs attention first, and keeps the order of the report otherwise.
func ordered(checks []report.Check) []report.Check {
	rank := func(c report.Check) int {
		order := []check.Verdict{check.Fail, check.Unknown, check.Warn, check.Skip, check.Pass}
		if c.Accepted {
			return len(order) - 2
		}
		return slices.Index(order, c.Verdict)
	}
	out := slices.Clone(checks)
	slices.SortStableFunc(out, func(a, b report.Check) int { return cmp.Compare(rank(a), rank(b)) })
	return out
}

func newCheckView(r *report.Report, c report.Check) checkView {
	v := checkView{
		ID: plain.Line(c.ID), Area: plain.Line(c.Area), Promise: plain.Line(c.Promise), Word: c.Verdict.String(),
		Why: plain.Line(c.Why), Level: c.Level, Accepted: c.Excepted(), Retried: c.Retried,
	}
	for i, known := range r.Ranked() {
		if slices.Contains(c.Causes, known.Key) {
			v.Causes = append(v.Causes, newCause(i+1, known))
		}
	}
	for _, u := range r.UnexplainedOf(c) {
		v.Shapes = append(v.Shapes, plain.Line(u.Pattern))
	}
	for _, f := range c.Findings {
		view := finding{
			Subject: plain.Line(f.Subject), Says: plain.Line(f.Says), Word: f.Verdict.String(),
			Evidence: evidence(f.Evidence), Remedy: remedy(f.Remedy),
		}
		for i, p := range f.Pairs {
			if i == maxPairs {
				view.More = len(f.Pairs) - maxPairs
				break
			}
			view.Pairs = append(view.Pairs, pairLink{p.From, p.To, f.FlowOf(p)})
		}
		v.Findings = append(v.Findings, view)
	}
	return v
}

// First is the sentence to show where there is room for one.
func (v checkView) First() string {
	for _, f := range v.Findings {
		if f.Word == v.Word {
			return f.Says
		}
	}
	return v.Why
}

// Remedy is the first repair that a finding knows.
func (v checkView) Remedy() []report.Steps {
	for _, f := range v.Findings {
		if len(f.Remedy) > 0 {
			return f.Remedy
		}
	}
	return nil
}

// Search is what the text filter looks through.
func (v checkView) Search() string {
	parts := []string{v.ID, v.Promise, v.Why, v.Word}
	for _, f := range v.Findings {
		parts = append(parts, f.Subject, f.Says)
	}
	return strings.ToLower(plain.CutBytes(strings.Join(parts, " "), 4<<10, ""))
}

func lines(in []string) []string {
	var out []string
	for _, s := range in {
		out = append(out, plain.Line(s))
	}
	return out
}

func evidence(in []check.Evidence) []check.Evidence {
	var out []check.Evidence
	for _, e := range in {
		out = append(out, check.Evidence{Node: plain.Line(e.Node), Source: plain.Line(e.Source), Text: strings.TrimSpace(plain.Text(e.Text))})
	}
	return out
}
