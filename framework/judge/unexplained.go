package judge

import (
	"slices"
	"strings"

	"github.com/plumbline-net/plumbline/framework/check"
	"github.com/plumbline-net/plumbline/framework/diagnose"
	"github.com/plumbline-net/plumbline/framework/facts"
	"github.com/plumbline-net/plumbline/framework/pattern"
	"github.com/plumbline-net/plumbline/reporters/report"
)

// unexplained groups failing findings that no cause explains: those whose red pairs
// have the same shape, and those of one check about the same nodes.
func unexplained(s *facts.Snapshot, open []diagnose.Open, traces []report.Trace) []report.Unexplained {
	if len(open) == 0 {
		return nil
	}
	board := pattern.New(s)
	groups, order := map[string][]diagnose.Open{}, []string(nil)
	for _, o := range open {
		key := board.Of(o.Finding).Shape
		if key == "" {
			key = o.Check + "\x00" + strings.Join(o.Finding.Nodes, ",")
		}
		if groups[key] == nil {
			order = append(order, key)
		}
		groups[key] = append(groups[key], o)
	}
	var out []report.Unexplained
	for _, key := range order {
		out = append(out, together(board, groups[key], traces))
	}
	slices.SortStableFunc(out, func(a, b report.Unexplained) int { return b.Pairs + b.Findings - a.Pairs - a.Findings })
	return out
}

// together makes one entry of findings of the same shape.
func together(board *pattern.Board, group []diagnose.Open, traces []report.Trace) report.Unexplained {
	u := report.Unexplained{Findings: len(group), Nodes: []string{}, Says: strings.TrimRight(group[0].Finding.Says, ".")}
	var findings []check.Finding
	for _, o := range group {
		u.Checks, u.Nodes = append(u.Checks, o.Check), append(u.Nodes, o.Finding.Nodes...)
		findings = append(findings, o.Finding)
		for _, t := range traces {
			if u.Trace == "" && t.For == diagnose.UnexplainedKey(o.Check, o.Finding.Subject) {
				u.Trace = t.Note.ID
			}
		}
	}
	slices.Sort(u.Checks)
	slices.Sort(u.Nodes)
	u.Checks, u.Nodes = slices.Compact(u.Checks), slices.Compact(u.Nodes)
	p := board.Of(findings...)
	u.Pairs, u.Pattern = p.Pairs, p.Says
	return u
}
