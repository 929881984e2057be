package text

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/plumbline-net/plumbline/framework/check"
	"github.com/plumbline-net/plumbline/framework/figures"
	"github.com/plumbline-net/plumbline/reporters/plain"
	"github.com/plumbline-net/plumbline/reporters/report"
)

func (p *page) causes(r *report.Report) {
	for i, c := range r.Ranked() {
		if i == 0 {
			p.head("Fix first")
		} else {
			p.lines = append(p.lines, "")
		}
		p.cause(i+1, c)
	}
}

func (p *page) cause(n int, c report.Cause) {
	const indent = "   "
	says := c.Says
	if nodes := strings.Join(c.Nodes, ", "); !strings.Contains(says, nodes) {
		says = nodes + ": " + says
	}
	if c.OnlyWarns() {
		says = "Only a warning: " + says
	}
	p.say("", fmt.Sprintf("%d. %s", n, says))
	if founded := c.Founded(); founded != "" {
		p.say(indent, "Certainty: "+founded)
	}
	for _, s := range c.Speaking() {
		p.say(indent, s.Lead+": "+s.Says)
	}
	p.evidence(indent, c.Evidence)
	p.remedy(indent, c.Remedy)
	for _, e := range c.Explains {
		says := fmt.Sprintf("explains %s: %s of %s", e.Check, figures.Grouped(e.Findings), figures.Count(e.Of, "finding"))
		if e.Pairs > 0 {
			says += ", " + figures.Count(e.Pairs, "pair")
		}
		p.say(indent, says)
	}
	p.trace(indent, c.Trace)
	p.say(indent, "More: plumbline explain "+c.ID)
}

// unexplainedNodes is how many nodes are named of what no cause explains.
const unexplainedNodes = 12

// unexplained is what failed and no cause explains, with the shape that it has.
func (p *page) unexplained(r *report.Report) {
	const indent = "   "
	for i, u := range r.Unexplained {
		if i == 0 {
			p.head("Unexplained")
		} else {
			p.lines = append(p.lines, "")
		}
		says := u.Says
		if u.Pattern != "" {
			says = figures.Count(u.Pairs, "pair") + ": " + u.Pattern
		}
		p.say("", "- "+says)
		if u.Pattern != "" {
			p.say(indent, "first finding: "+u.Says)
		}
		p.say(indent, "found by "+strings.Join(u.Checks, ", ")+": "+figures.Count(u.Findings, "finding"))
		if len(u.Nodes) > 0 {
			p.say(indent, "nodes: "+named(u.Nodes, unexplainedNodes))
		}
		p.remedy(indent, r.RemediesOfUnexplained(u))
		p.trace(indent, r.TraceOfUnexplained(u))
	}
}

// trace is what was seen of a flow that was sent again: the drawing ends with the verdict.
func (p *page) trace(indent string, t *report.TraceNote) {
	if t == nil {
		return
	}
	p.say(indent, "sent again and watched:")
	// The drawing is as wide as a page; where that is narrower its lines are broken.
	for _, l := range strings.Split(strings.TrimRight(plain.Text(t.Drawing), "\n"), "\n") {
		switch text := strings.TrimLeft(l, " "); {
		case text == "":
		case utf8.RuneCountInString(l) > p.width():
			p.say(strings.Repeat(" ", min(len(l)-len(text), p.width()/2)), text)
		default:
			p.lines = append(p.lines, l)
		}
	}
	if len(t.Files) > 0 {
		p.say(indent, "captured: "+strings.Join(t.Files, ", "))
	}
}

func (p *page) evidence(indent string, evidence []check.Evidence) {
	for _, e := range evidence {
		p.say(indent, "saw: "+strings.TrimSpace(e.Node+" "+e.Source)+": "+e.Text)
	}
}

// remedy has the steps by what they are good for.
func (p *page) remedy(indent string, steps []check.Remedy) {
	for _, g := range report.Grouped(steps) {
		p.say(indent, g.Title+":")
		for _, s := range g.Steps {
			p.say(indent+"  ", at(s)+": "+s.Text)
			for _, l := range strings.Split(strings.TrimSpace(plain.Text(s.Command)), "\n") {
				if l != "" {
					p.lines = append(p.lines, indent+"    "+l)
				}
			}
		}
	}
}

// inBrackets is empty for nothing.
func inBrackets(s string) string {
	if s == "" {
		return ""
	}
	return " (" + s + ")"
}
