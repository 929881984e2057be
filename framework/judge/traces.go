package judge

import (
	"fmt"
	"slices"
	"strings"

	"github.com/plumbline-net/plumbline/framework/check"
	"github.com/plumbline-net/plumbline/framework/diagnose"
	"github.com/plumbline-net/plumbline/framework/facts"
	"github.com/plumbline-net/plumbline/framework/path"
	"github.com/plumbline-net/plumbline/reporters/report"
)

// Resend says which flows are worth sending again while the nodes on their way
// watch, as diagnose.Resend does, from what was observed so far. The checks are all
// that the suite has; which of them were selected stands in the snapshot.
func Resend(s *facts.Snapshot, all []check.Check) []facts.Trace {
	return diagnose.Resend(s, newTrial(s, all, nil).judged())
}

// Traced makes the path of every flow that was sent again.
func Traced(s *facts.Snapshot) []report.Trace {
	var out []report.Trace
	for _, t := range s.Traces {
		p := path.Build(s, t)
		note := report.TraceNote{
			ID: t.ID, Outcome: p.Verdict.Outcome, Says: strings.TrimRight(p.Verdict.Says, "."), Place: p.Verdict.Place.String(),
			Drawing: path.Draw(p), Files: p.Files, NotAsked: notAsked(t),
		}
		out = append(out, report.Trace{For: t.For, Note: note, Path: p})
	}
	return out
}

// notAsked says where a node could not watch, or its kernel and counters could not
// be asked; nodes with the same reason are told together.
func notAsked(t facts.Trace) []string {
	var reasons []string
	nodes := map[string][]string{}
	add := func(node, what, why string) {
		if why == "" {
			return
		}
		reason := what + ": " + strings.TrimRight(why, ".")
		if nodes[reason] == nil {
			reasons = append(reasons, reason)
		}
		nodes[reason] = append(nodes[reason], node)
	}
	for _, w := range t.Watches {
		add(w.Node, "its packets were not watched", w.NotRun)
		if w.NotRun == "" {
			add(w.Node, "the kernel was not asked why it drops packets", w.NoDrops)
			add(w.Node, "counters were not read", w.NoGrowth)
		}
	}
	for i, r := range reasons {
		reasons[i] = fmt.Sprintf("%s: %s", strings.Join(nodes[r], ", "), r)
	}
	return reasons
}

// attach puts what was seen of the flows that were sent again beside the causes they
// were sent for, with what it says of them, and orders the causes anew.
func attach(d diagnose.Diagnosis, traces []report.Trace) {
	for i := range d.Causes {
		c := &d.Causes[i]
		for _, t := range traces {
			if t.For == c.Key && c.Trace == nil {
				note := t.Note
				c.Trace = &note
				c.Evidence = append(c.Evidence, reasons(t)...)
				foundedBy(c, t, d)
			}
		}
	}
	diagnose.Order(d.Causes)
}

// witnesses puts what was seen beside the unexplained findings it was sent for.
func witnesses(r *report.Report) {
	for _, t := range r.Traces {
		if !strings.HasPrefix(t.For, report.ForUnexplained) {
			continue
		}
		for i := range r.Checks {
			witness(&r.Checks[i], t)
		}
	}
}

// witness adds what was seen to the evidence of the finding it was sent for.
func witness(c *report.Check, t report.Trace) {
	for i := range c.Findings {
		if diagnose.UnexplainedKey(c.ID, c.Findings[i].Subject) != t.For {
			continue
		}
		source := "sent again and watched"
		if t.Note.Outcome == path.Unknown {
			source = "where packets vanish"
		}
		if len(t.Note.Files) > 0 {
			source += " (" + strings.Join(t.Note.Files, ", ") + ")"
		}
		seen := append([]check.Evidence{{Source: source, Text: t.Note.Says}}, reasons(t)...)
		c.Findings[i].Evidence = append(slices.Clone(c.Findings[i].Evidence), seen...)
	}
}

// reasons are what explains the place: the kernel's own word, the counter that moved.
func reasons(t report.Trace) []check.Evidence {
	var out []check.Evidence
	for _, why := range t.Path.Verdict.Because {
		e := check.Evidence{Node: why.Node, Source: "sent again, " + why.Source, Text: why.Text}
		if !slices.Contains(out, e) {
			out = append(out, e)
		}
	}
	return out
}
