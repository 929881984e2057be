package junit

import (
	"strings"

	"github.com/plumbline-net/plumbline/framework/check"
	"github.com/plumbline-net/plumbline/framework/figures"
	"github.com/plumbline-net/plumbline/reporters/report"
)

// causes are what stands behind a check, each with how well it is founded, then what
// no cause explains of it, and what was seen of both.
func (b builder) causes(c report.Check) (causes, unexplained, evidence []string) {
	for _, cause := range b.report.CausesOf(c) {
		causes = append(causes, founded(cause))
		if cause.Trace != nil {
			evidence = append(evidence, seen(*cause.Trace))
		}
		evidence = append(evidence, witness(cause.Evidence)...)
	}
	for _, u := range b.report.UnexplainedOf(c) {
		unexplained = append(unexplained, shape(u))
		if note := b.report.TraceOfUnexplained(u); note != nil {
			evidence = append(evidence, seen(*note))
		}
	}
	return causes, unexplained, evidence
}

// founded is a cause with its certainty, and with what speaks against it below.
func founded(c report.Cause) string {
	out := c.Says
	if f := c.Founded(); f != "" {
		out += " (" + f + ")"
	}
	for _, s := range c.Speaking() {
		out += "\n" + s.Lead + ": " + s.Says
	}
	return out
}

// shape is what the pairs have in common that no cause explains, or what was found
// where there are no pairs.
func shape(u report.Unexplained) string {
	if u.Pattern == "" {
		return u.Says
	}
	return figures.Count(u.Pairs, "pair") + ": " + u.Pattern
}

func witness(evidence []check.Evidence) []string {
	var out []string
	for _, e := range evidence {
		out = append(out, strings.TrimSpace(e.Node+" ")+" "+e.Source+": "+e.Text)
	}
	return out
}

// seen is what was watched of a flow that was sent again, and in which captures.
func seen(t report.TraceNote) string {
	out := "where packets vanish: " + t.Says
	if t.Place == "" {
		out = "sent again and watched: " + t.Says
	}
	if len(t.Files) > 0 {
		out += " (" + strings.Join(t.Files, ", ") + ")"
	}
	return out
}
