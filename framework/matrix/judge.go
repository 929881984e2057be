package matrix

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/plumbline-net/plumbline/framework/check"
	"github.com/plumbline-net/plumbline/framework/facts"
)

// Judge holds a check's flows against its rule. Findings come worst first:
// failures by shape, then what could not be told, then loss that a retry hid.
func Judge(s *facts.Snapshot, spec Spec) check.Result {
	if len(spec.Flows) == 0 {
		return check.Unknownf("no IP family of this cluster is known, so there was nothing to ask")
	}
	if spec.Flows = chosen(s, spec.Flows); len(spec.Flows) == 0 {
		return check.Skipf("all of it starts or ends at hosts, and this run was asked to leave those out (--unprivileged)")
	}
	t := read(s, spec)
	findings := slices.Clone(spec.Also)
	for _, p := range places(t.grids) {
		findings = append(findings, t.failure(p))
	}
	findings = append(findings, t.unknown()...)
	findings = append(findings, t.loss()...)
	slices.SortStableFunc(findings, func(a, b check.Finding) int { return cmp.Compare(order(a.Verdict), order(b.Verdict)) })
	if len(t.judged()) == 0 && !slices.ContainsFunc(findings, func(f check.Finding) bool { return f.Verdict != check.Warn }) {
		r := check.Unknownf("nothing could be judged%s", t.remarks())
		r.Findings = findings
		return r
	}
	return check.Conclude(t.held(), findings)
}

// chosen leaves out the flows of hosts where the run did so by choice.
func chosen(s *facts.Snapshot, flows []facts.Flow) []facts.Flow {
	if !s.Run.Unprivileged {
		return flows
	}
	return slices.DeleteFunc(slices.Clone(flows), facts.Flow.AtHost)
}

func order(v check.Verdict) int {
	return slices.Index([]check.Verdict{check.Fail, check.Unknown, check.Warn}, v)
}

func (t *tally) failure(p Place) check.Finding {
	f := check.Finding{
		Subject: p.Subject, Nodes: p.Nodes, Verdict: check.Fail, Says: t.says(&p),
		Pairs: pairsOf(p.cells), Evidence: t.evidence(p.Examples),
	}
	if f.Nodes == nil {
		f.Nodes = []string{}
	}
	if !slices.ContainsFunc(p.cells, func(c wrongCell) bool { return !c.mild }) {
		f.Verdict = check.Warn
	}
	if len(p.Flows) == 1 {
		f.Flow = p.Flows[0].Key()
	}
	if t.spec.Remedy != nil {
		f.Remedy = t.spec.Remedy(p)
	}
	return f
}

// pairsOf are the cells of the matrix behind a finding: all of them, each once, sorted.
func pairsOf(cells []wrongCell) []check.Pair {
	out := make([]check.Pair, 0, len(cells))
	for _, c := range cells {
		out = append(out, c.pair())
	}
	return sortPairs(out)
}

func sortPairs(pairs []check.Pair) []check.Pair {
	slices.SortFunc(pairs, func(a, b check.Pair) int {
		return cmp.Or(cmp.Compare(a.Flow, b.Flow), cmp.Compare(a.From, b.From), cmp.Compare(a.To, b.To))
	})
	return slices.Compact(pairs)
}

// held is the coverage in one sentence: "9 of 9 pairs answer (TCP and UDP; IPv4)".
func (t *tally) held() string {
	flows := t.judged()
	if len(flows) == 0 {
		return "nothing was judged" + t.remarks()
	}
	bad := map[ends]bool{}
	for _, g := range t.grids {
		for _, c := range g.wrong {
			bad[ends{c.From.String(), c.Column.ID}] = true
		}
	}
	holds := cmp.Or(t.spec.Holds, "answer")
	total := t.total(flows)
	return fmt.Sprintf("%d of %d %s %s (%s)%s", total-len(bad), total, t.noun(), holds, t.how(flows), t.remarks())
}

// remarks are what a reader must know beside the figure.
func (t *tally) remarks() string {
	var out strings.Builder
	counts := map[string]map[ends]bool{}
	for _, a := range t.aside {
		if counts[a.why] == nil {
			counts[a.why] = map[ends]bool{}
		}
		counts[a.why][ends{a.cell.From.String(), a.cell.To.ID}] = true
	}
	for _, why := range sortedKeys(counts) {
		fmt.Fprintf(&out, "; %d not judged here: %s", len(counts[why]), why)
	}
	if t.facts.Run.Unprivileged {
		out.WriteString("; hosts were left out by choice (--unprivileged)")
	}
	if len(t.facts.Selected()) == 1 {
		out.WriteString("; one node under test, so nothing crossed from node to node")
	}
	return out.String()
}
