// Package judge makes the report from what was observed. It is pure: nothing
// but the snapshot goes into a report, no clock and no environment, so that
// equal facts give equal bytes years later.
package judge

import (
	"cmp"
	"slices"

	"github.com/plumbline-net/plumbline/framework/check"
	"github.com/plumbline-net/plumbline/framework/diagnose"
	"github.com/plumbline-net/plumbline/framework/facts"
	"github.com/plumbline-net/plumbline/reporters/report"
)

// Judge gives the report of a snapshot. The checks are all that the suite has;
// which of them were selected stands in the snapshot. Results are those already
// known; a selected check without one is evaluated here.
func Judge(s *facts.Snapshot, all []check.Check, results map[string]check.Result) report.Report {
	c := newTrial(s, all, results)
	d := diagnose.Find(s, c.judged())
	traces := Traced(s)
	attach(d, traces)
	c.withhold(d)
	r := report.Report{
		APIVersion: report.APIVersion,
		Kind:       report.Kind,
		Run:        runOf(s),
		Cluster:    clusterOf(s),
		Nodes:      c.nodes(),
		Coverage:   c.coverage(),
		Stats:      s.Stats,
		Causes:     d.Causes,
		Traces:     traces,
		Checks:     c.checks(d.Causes),
		NotChecked: c.notChecked(),
	}
	r.Unexplained = unexplained(s, d.Open, traces)
	witnesses(&r)
	intoContainers(s, &r)
	r.Matrices, r.DetailsLeft = c.matrices()
	r.Counts = c.counts(r.Checks)
	c.verdict(&r)
	return r
}

// trial is everything that is needed while one report is made.
type trial struct {
	facts    *facts.Snapshot
	scope    check.Scope
	selected []check.Check // sorted by id
	others   []string      // ids of checks that were not selected, sorted
	missing  []string      // ids selected when observing, which this suite does not have
	results  map[string]check.Result
	ignored  map[string]bool
}

func newTrial(s *facts.Snapshot, all []check.Check, results map[string]check.Result) *trial {
	c := &trial{
		facts: s, scope: check.ScopeOf(s),
		results: map[string]check.Result{}, ignored: map[string]bool{},
	}
	wanted := map[string]bool{}
	for _, id := range s.Run.Checks {
		wanted[id] = true
	}
	for _, id := range s.Run.IgnoreChecks {
		c.ignored[id] = true
	}
	for _, k := range all {
		if !wanted[k.ID] {
			c.others = append(c.others, k.ID)
			continue
		}
		delete(wanted, k.ID)
		result, known := results[k.ID]
		if !known {
			result = Evaluate(k, s)
		}
		c.selected = append(c.selected, k)
		c.results[k.ID] = sortFindings(result)
	}
	for id := range wanted {
		c.missing = append(c.missing, id)
	}
	slices.Sort(c.missing)
	slices.Sort(c.others)
	slices.SortFunc(c.selected, func(a, b check.Check) int { return cmp.Compare(a.ID, b.ID) })
	return c
}

func (c *trial) judged() []diagnose.Judged {
	out := make([]diagnose.Judged, 0, len(c.selected))
	for _, k := range c.selected {
		out = append(out, diagnose.Judged{ID: k.ID, Result: c.results[k.ID]})
	}
	return out
}

// sortFindings puts what weighs most first, then goes by name; it copies, for
// the same result may be shown elsewhere.
func sortFindings(r check.Result) check.Result {
	r.Findings = slices.Clone(r.Findings)
	for i := range r.Findings {
		f := &r.Findings[i]
		f.Nodes = slices.Sorted(slices.Values(f.Nodes))
		if f.Nodes == nil {
			f.Nodes = []string{}
		}
		f.Pairs = slices.Clone(f.Pairs)
		slices.SortFunc(f.Pairs, func(a, b check.Pair) int {
			return cmp.Or(cmp.Compare(a.Flow, b.Flow), cmp.Compare(a.From, b.From), cmp.Compare(a.To, b.To))
		})
	}
	slices.SortStableFunc(r.Findings, func(a, b check.Finding) int {
		return cmp.Or(
			cmp.Compare(b.Verdict.Weight(), a.Verdict.Weight()),
			slices.Compare(a.Nodes, b.Nodes),
			cmp.Compare(a.Subject, b.Subject),
			cmp.Compare(a.Flow, b.Flow),
			cmp.Compare(a.Says, b.Says),
		)
	})
	if r.Findings == nil {
		r.Findings = []check.Finding{}
	}
	return r
}
