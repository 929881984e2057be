package junit

import (
	"fmt"
	"strings"

	"github.com/plumbline-net/plumbline/framework/check"
	"github.com/plumbline-net/plumbline/framework/figures"
	"github.com/plumbline-net/plumbline/reporters/plain"
	"github.com/plumbline-net/plumbline/reporters/report"
)

// maxListed is how many findings a body lists before it says how many are left.
const maxListed = 20

// maxLine bounds one text in bytes before it is cleaned, which is slow for megabytes.
const maxLine = 16 << 10

// failing is the message of a failure, numbers first: "4 of 9 pairs, 1 node: …".
func (b builder) failing(c report.Check) string {
	findings := c.Judged()
	says := firstWords(c, findings)
	if says != "" && says[0] >= '0' && says[0] <= '9' {
		return says
	}
	size := figures.Count(len(findings), "finding")
	if pairs, of := b.pairs(findings); pairs > 0 {
		size = figures.Grouped(pairs) + " of " + figures.Count(of, "pair")
	}
	if nodes := report.NodesOf(findings); len(nodes) > 0 {
		size += ", " + figures.Count(len(nodes), "node")
	}
	return size + ": " + says
}

func (b builder) unknown(c report.Check) string {
	return figures.Count(len(c.Judged()), "finding") + ": " + c.Why
}

func firstWords(c report.Check, findings []check.Finding) string {
	if len(findings) == 0 {
		return c.Why
	}
	return findings[0].Says
}

// pairs counts the cells that findings name, and those of the flows they are in.
func (b builder) pairs(findings []check.Finding) (pairs, of int) {
	flows := map[string]bool{}
	for _, f := range findings {
		pairs += len(f.Pairs)
		for _, p := range f.Pairs {
			flows[f.FlowOf(p)] = true
		}
	}
	for _, m := range b.report.Matrices {
		if flows[m.Flow] {
			of += len(m.Rows) * len(m.Columns)
		}
	}
	return pairs, max(of, pairs)
}

// passed is what a case that passed prints: the verdict said, and what held.
func (b builder) passed(c report.Check) string {
	out := fmt.Sprintf("%s: %s\n", strings.ToUpper(c.Verdict.String()), plain.Line(c.Why))
	if c.Retried {
		out += "Passed, but not at the first attempt everywhere.\n"
	}
	if len(c.Findings) > 0 {
		out += b.body(c)
	}
	return out
}

// body stands alone: whoever reads it has neither the report nor the cluster.
func (b builder) body(c report.Check) string {
	var out strings.Builder
	findings := c.Judged()
	part(&out, "What", "", fmt.Sprintf("%s (%s) is %s. %s", c.ID, c.Level, strings.ToUpper(c.Verdict.String()), c.Why))
	part(&out, "Where", "tied to no node", where(findings)...)
	part(&out, "Expected", "", c.Promise)
	part(&out, "Observed", "", observed(c, findings)...)
	causes, unexplained, evidence := b.causes(c)
	var fixes []string
	for _, step := range b.report.RemediesOf(c) {
		fixes = append(fixes, fix(step))
	}
	for _, f := range findings {
		evidence = append(evidence, witness(f.Evidence)...)
	}
	part(&out, "Cause", "none was concluded", causes...)
	if len(unexplained) > 0 {
		part(&out, "Unexplained", "", unexplained...)
	}
	part(&out, "Fix", "none is known; run: plumbline explain "+c.ID, fixes...)
	part(&out, "Evidence", "none beyond what was observed", once(evidence)...)
	return out.String()
}

// part writes a heading and its lines; the lines of one text stay together.
func part(out *strings.Builder, name, none string, lines ...string) {
	if len(lines) == 0 {
		lines = []string{none}
	}
	fmt.Fprintf(out, "%s:\n", name)
	for i, l := range lines {
		if i == maxListed {
			fmt.Fprintf(out, "  … and %d more; report.json has them.\n", len(lines)-maxListed)
			break
		}
		fmt.Fprintf(out, "  %s\n", strings.ReplaceAll(strings.TrimSpace(plain.Text(plain.CutBytes(l, maxLine, " …"))), "\n", "\n    "))
	}
}

func where(findings []check.Finding) []string {
	if nodes := report.NodesOf(findings); len(nodes) > 0 {
		return nodes
	}
	var out []string
	for _, f := range findings {
		out = append(out, f.Subject)
	}
	return once(out)
}

func observed(c report.Check, findings []check.Finding) []string {
	if len(findings) == 0 {
		return []string{c.Why}
	}
	var out []string
	for _, f := range findings {
		out = append(out, f.Subject+": "+f.Says)
	}
	return out
}

// fix keeps a command to the letter: it is there to be pasted.
func fix(step check.Remedy) string {
	at := "where kubectl works"
	if step.Node != "" {
		at = "on " + step.Node
	}
	out := plain.Line(step.Text + " (" + at + ")")
	if step.Purpose != check.Repair {
		out = report.Grouped([]check.Remedy{step})[0].Title + ": " + out
	}
	if step.Command != "" {
		out += "\n$ " + step.Command
	}
	return out
}

// once keeps the first of equal lines.
func once(lines []string) []string {
	var out []string
	seen := map[string]bool{}
	for _, l := range lines {
		if !seen[l] {
			out = append(out, l)
		}
		seen[l] = true
	}
	return out
}
