package text

import (
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/plumbline-net/plumbline/framework/check"
	"github.com/plumbline-net/plumbline/framework/figures"
	"github.com/plumbline-net/plumbline/reporters/plain"
	"github.com/plumbline-net/plumbline/reporters/report"
)

// Full writes the whole report as text, in the order in which it is needed:
// verdict, causes with their repair, checks, nodes, what was not checked.
func Full(w io.Writer, r *report.Report, o Options) error {
	p := page{Options: o}
	p.lines = append(p.lines, verdict(r, o)...)
	p.say("", counts(r))
	p.say("", coverage(r))
	p.cluster(r)
	if r.Run.Incomplete != "" {
		p.say("", "Incomplete: "+r.Run.Incomplete)
	}
	for _, e := range r.Run.Problems {
		p.say("", "Trouble in the run: "+e.What+": "+e.Says)
	}
	if len(r.Causes) > 0 {
		p.head("Fix first")
	}
	for i, c := range r.Causes {
		p.cause(i+1, c)
	}
	p.head("Checks")
	for _, c := range r.Checks {
		p.check(r, c)
	}
	p.head("Coverage")
	for _, c := range r.Coverage {
		p.say("  ", fmt.Sprintf("%s: %s of %s pairs answered", c.Kind, figures.Grouped(c.Answered), figures.Grouped(c.Asked)))
	}
	p.nodes(r)
	p.head("Not checked")
	for _, n := range r.NotChecked {
		p.say("  ", n.What+": "+n.Why)
	}
	if len(r.NotChecked) == 0 {
		p.say("  ", "Nothing was left out.")
	}
	return write(w, p.lines)
}

type page struct {
	Options
	lines []string
}

// say adds text, wrapped and indented.
func (p *page) say(indent, s string) {
	for _, l := range wrap(s, p.width()-len(indent), "  ") {
		p.lines = append(p.lines, strings.TrimRight(indent+l, " "))
	}
}

func (p *page) head(s string) { p.lines = append(p.lines, "", p.paint(bold, s)) }

func (p *page) cluster(r *report.Report) {
	var parts []string
	for _, part := range []string{
		r.Cluster.Context, r.Cluster.Server, "Kubernetes " + r.Cluster.Version, r.Cluster.CNI,
		"kube-proxy " + r.Cluster.ProxyMode,
	} {
		if s := plain.Line(part); s != "" && s != "Kubernetes" && s != "kube-proxy" {
			parts = append(parts, s)
		}
	}
	p.say("", "Cluster: "+strings.Join(parts, ", "))
	p.say("", fmt.Sprintf("Run %s of plumbline %s, %s.", r.Run.ID, r.Run.Suite, r.Run.Started.UTC().Format("2006-01-02 15:04:05 UTC")))
}

func (p *page) cause(n int, c report.Cause) {
	if n > 1 {
		p.lines = append(p.lines, "")
	}
	subject := strings.Join(c.Nodes, ", ") + ": "
	if strings.Contains(c.Says, strings.Join(c.Nodes, ", ")) {
		subject = ""
	}
	p.say("", fmt.Sprintf("%d. %s%s", n, subject, c.Says))
	p.evidence("   ", c.Evidence)
	p.trace("   ", c.Trace)
	p.remedy("   ", c.Remedy)
	for _, e := range c.Explains {
		says := fmt.Sprintf("explains %s: %s of %s", e.Check, figures.Grouped(e.Findings), figures.Count(e.Of, "finding"))
		if e.Pairs > 0 {
			says += ", " + figures.Count(e.Pairs, "pair")
		}
		p.say("   ", says)
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

func (p *page) remedy(indent string, steps []check.Remedy) {
	for _, s := range steps {
		p.say(indent, "fix "+at(s)+": "+s.Text)
		for _, l := range strings.Split(strings.TrimSpace(plain.Text(s.Command)), "\n") {
			if l != "" {
				p.lines = append(p.lines, indent+"  "+l)
			}
		}
	}
}

// check is the line of a check and, where it did not hold, its findings. What a
// cause has said already is not repeated.
func (p *page) check(r *report.Report, c report.Check) {
	p.checkHead(c)
	if c.Verdict == check.Pass || c.Verdict == check.Skip {
		return
	}
	for _, f := range c.Findings {
		p.say("      ", f.Subject+": "+f.Says)
		if len(c.Causes) == 0 {
			p.evidence("        ", f.Evidence)
			p.remedy("        ", f.Remedy)
		}
	}
	p.trace("      ", r.TraceOf(c))
	for _, cause := range r.CausesOf(c) {
		p.say("      ", "because: "+cause.Says)
	}
}

// checkHead is the line of a check with nothing cut: what does not fit goes on below.
func (p *page) checkHead(c report.Check) {
	rest := wrap(c.Why, p.width()-headWidth-2, "")
	p.lines = append(p.lines, line(c, rest[0], p.Options))
	for _, l := range rest[1:] {
		p.lines = append(p.lines, strings.Repeat(" ", headWidth+2)+l)
	}
}

func (p *page) nodes(r *report.Report) {
	p.head("Nodes")
	for _, n := range r.Nodes {
		says := fmt.Sprintf("%s (%s, %s): %s", n.Name, n.Role, strings.Join(n.Addresses, ", "), n.Status)
		if n.Why != "" {
			says += ", " + n.Why
		}
		if n.Failing > 0 {
			says += fmt.Sprintf("; in %s", figures.Count(n.Failing, "failing finding"))
		}
		p.say("  ", says)
	}
}
