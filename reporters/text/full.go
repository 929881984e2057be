package text

import (
	"fmt"
	"io"
	"strings"

	"github.com/plumbline-net/plumbline/framework/check"
	"github.com/plumbline-net/plumbline/framework/figures"
	"github.com/plumbline-net/plumbline/reporters/plain"
	"github.com/plumbline-net/plumbline/reporters/report"
)

// Full writes the whole report as text, in the order in which it is needed:
// verdict, causes with their repair, what no cause explains, checks, nodes, what
// was not checked.
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
	p.causes(r)
	p.unexplained(r)
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
	for _, part := range r.Cluster.Parts() {
		p.say("  ", plain.Line(part))
	}
	p.say("", fmt.Sprintf("Run %s of plumbline %s, %s.", r.Run.ID, r.Run.Suite, r.Run.Started.UTC().Format("2006-01-02 15:04:05 UTC")))
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
	for _, cause := range r.CausesOf(c) {
		p.say("      ", "because: "+cause.Says)
	}
	for _, u := range r.UnexplainedOf(c) {
		p.say("      ", "unexplained"+inBrackets(u.Pattern))
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
