package html

import (
	"fmt"
	"html/template"
	"slices"
	"strings"

	"github.com/plumbline-net/plumbline/framework/check"
	"github.com/plumbline-net/plumbline/framework/diagnose/pages"
	"github.com/plumbline-net/plumbline/reporters/plain"
	"github.com/plumbline-net/plumbline/reporters/report"
)

type cause struct {
	Number int
	ID     string
	Key    string
	Says   string
	Nodes  []string
	// Badge is the class of the certainty, and Certainty and Grounds its words.
	Badge, Certainty, Grounds string
	Warns                     bool // nothing fails because of it
	Against                   []report.Said
	Evidence                  []check.Evidence
	Remedy                    []report.Steps
	Explains                  []report.Explained
	Trace                     *traceView
	// Page explains the cause; where an earlier one has it, that one's number is PageAt.
	Page   template.HTML
	PageAt int
}

// newCauses are all causes, each with its trace, and each page of explanation once.
func newCauses(r *report.Report) []cause {
	var out []cause
	explained := map[string]int{}
	for i, c := range r.Ranked() {
		view := newCause(i+1, c)
		view.Trace = newTrace(r, c.Trace, fmt.Sprintf("Cause %d", view.Number))
		if view.PageAt = explained[c.ID]; view.PageAt == 0 {
			view.Page = explanation(c.ID)
		}
		if view.Page != "" {
			explained[c.ID] = view.Number
		}
		out = append(out, view)
	}
	return out
}

func newCause(n int, c report.Cause) cause {
	view := cause{
		Number: n, ID: plain.Line(c.ID), Key: c.Key, Says: plain.Line(c.Says), Nodes: lines(c.Nodes), Warns: c.OnlyWarns(),
		Badge: badge(c.Certainty), Certainty: plain.Line(string(c.Certainty)), Grounds: plain.Line(c.Grounds),
		Evidence: evidence(c.Evidence), Remedy: remedy(c.Remedy), Explains: c.Explains,
	}
	for _, s := range c.Speaking() {
		view.Against = append(view.Against, report.Said{Lead: s.Lead, Says: plain.Line(s.Says)})
	}
	return view
}

func badge(c report.Certainty) string {
	switch c {
	case report.Proved:
		return "proved"
	case report.Configured:
		return "configured"
	case report.Fits:
		return "fits"
	case report.FitsPartly:
		return "partly"
	default:
		return "open"
	}
}

// explanation is the page of a cause; empty where there is none.
func explanation(id string) template.HTML {
	text, known := pages.Of(id)
	if !known {
		return ""
	}
	return markdown(text)
}

// odd is what failed and no cause explains.
type odd struct {
	Says, First string // First is the sentence of the first finding, where Says is a shape
	Pairs       int
	Checks      []string
	Findings    int
	Nodes       []string
	More        int // nodes that are not listed
	Remedy      []report.Steps
	Trace       *traceView
}

func newOdd(n int, r *report.Report, u report.Unexplained) odd {
	const mostNodes = 12
	v := odd{
		Says: plain.Line(u.Says), Checks: lines(u.Checks), Findings: u.Findings, Nodes: lines(u.Nodes),
		Remedy: remedy(r.RemediesOfUnexplained(u)), Trace: newTrace(r, r.TraceOfUnexplained(u), fmt.Sprintf("Unexplained %d", n)),
	}
	if u.Pattern != "" {
		v.Says, v.First, v.Pairs = plain.Line(u.Pattern), v.Says, u.Pairs
	}
	if n := len(v.Nodes); n > mostNodes {
		v.Nodes, v.More = v.Nodes[:mostNodes], n-mostNodes
	}
	return v
}

// isOdd says whether a check is among what is listed as unexplained.
func isOdd(r *report.Report, id string) bool {
	return slices.ContainsFunc(r.Unexplained, func(u report.Unexplained) bool { return slices.Contains(u.Checks, id) })
}

func remedy(in []check.Remedy) []report.Steps {
	steps := make([]check.Remedy, 0, len(in))
	for _, s := range in {
		steps = append(steps, check.Remedy{
			Node: plain.Line(s.Node), Text: plain.Line(s.Text), Command: strings.TrimSpace(plain.Text(s.Command)), Purpose: s.Purpose,
		})
	}
	return report.Grouped(steps)
}
