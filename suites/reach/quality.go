package reach

import (
	_ "embed"
	"fmt"
	"slices"
	"strings"

	"github.com/plumbline-net/plumbline/framework/check"
	"github.com/plumbline-net/plumbline/framework/facts"
	"github.com/plumbline-net/plumbline/framework/figures"
	"github.com/plumbline-net/plumbline/framework/matrix"
)

//go:embed quality.md
var qualityDoc string

// Quality is the check reach/quality.
func Quality() check.Check {
	return check.Check{
		ID: "reach/quality", Promise: "Repeated TCP connects between any two pods and any two hosts all succeed, and no node's are far slower than the fleet's.",
		Level: check.Extended, Needs: []check.Need{check.NeedPods}, Doc: qualityDoc, Ask: askQuality, Evaluate: evaluateQuality,
	}
}

func askQuality(scope check.Scope) []facts.Flow {
	return append(cross(scope, facts.FromPod, facts.ToPod, facts.Series), cross(scope, facts.FromHost, facts.ToHost, facts.Series)...)
}

func evaluateQuality(s *facts.Snapshot) check.Result {
	flows := askQuality(check.ScopeOf(s))
	all := measured(s, flows)
	r := matrix.Judge(s, matrix.Spec{
		Flows: flows, Rule: measuredRule, Holds: "were measured", JudgesLoss: true,
		Also: slices.Concat(lossy(s, all), slow(s, all)),
	})
	if r.Verdict != check.Unknown && len(all) > 0 {
		r.Why += ": " + strings.Join(fleet(flows, all), "; ")
	}
	return r
}

// measuredRule only asks whether there is a figure: what it says is judged over
// the whole fleet.
func measuredRule(c matrix.Cell) matrix.Ruling {
	if c.Series.Sent == 0 {
		return matrix.Ruling{Standing: matrix.Open, Why: "no figures of a series came back"}
	}
	return matrix.Ruling{Standing: matrix.Right}
}

// pairFigures is what a series gave for one pair. Times are in microseconds.
type pairFigures struct {
	flow facts.Flow
	from facts.Vantage
	to   facts.Target
	facts.SeriesCell
}

func (p pairFigures) within() bool { return p.from.Node == p.to.Node }

func (p pairFigures) has(node string) bool { return p.from.Node == node || p.to.Node == node }

func (p pairFigures) pair() check.Pair {
	return check.Pair{From: p.from.String(), To: p.to.ID, Flow: p.flow.Key()}
}

// measured are all pairs of which a series came back whole.
func measured(s *facts.Snapshot, flows []facts.Flow) []pairFigures {
	var out []pairFigures
	for _, f := range flows {
		m := s.Matrix(f)
		if m == nil || m.NotRun != "" {
			continue
		}
		for _, r := range m.Rows {
			if r.NotRun != "" || len(r.Cells) != len(m.Targets) {
				continue
			}
			for j, cell := range r.Series[:min(len(r.Series), len(m.Targets))] {
				if cell.Sent > 0 && r.Cells[j].Outcome != facts.NotRun {
					out = append(out, pairFigures{f, r.From, m.Targets[j], cell})
				}
			}
		}
	}
	return out
}

// fleet is a line of figures for each flow: of the typical pair (medians over
// the pairs), and the worst answer of all. Pairs within a node count only where
// there are no others.
func fleet(flows []facts.Flow, all []pairFigures) []string {
	var out []string
	for _, f := range flows {
		between := slices.DeleteFunc(slices.Clone(all), func(p pairFigures) bool { return p.flow != f || p.within() })
		where := "between nodes"
		if len(between) == 0 {
			between = slices.DeleteFunc(slices.Clone(all), func(p pairFigures) bool { return p.flow != f })
			where = "within a node"
		}
		if len(between) == 0 {
			continue
		}
		sent, lost, worst := 0, 0, 0
		for _, p := range between {
			sent, lost, worst = sent+p.Sent, lost+p.Lost, max(worst, p.Worst)
		}
		typical := func(of func(pairFigures) int) string { return span(quantile(between, 0.5, of)) }
		out = append(out, fmt.Sprintf("%s over %s, %s %s: %s of %s connects lost, median %s, p95 %s, deviation %s, worst %s",
			whose(f), family(f), figures.Count(len(between), "pair"), where, figures.Grouped(lost), figures.Grouped(sent),
			typical(func(p pairFigures) int { return p.Median }), typical(func(p pairFigures) int { return p.P95 }),
			typical(func(p pairFigures) int { return p.Deviation }), span(worst)))
	}
	return out
}

// quantile is the lower quantile of a figure over pairs; 0 where there are none.
func quantile(pairs []pairFigures, q float64, of func(pairFigures) int) int {
	var values []int
	for _, p := range pairs {
		if p.Lost < p.Sent {
			values = append(values, of(p))
		}
	}
	if len(values) == 0 {
		return 0
	}
	slices.Sort(values)
	return values[int(float64(len(values)-1)*q)]
}

func whose(f facts.Flow) string {
	if f.From == facts.FromHost {
		return "hosts"
	}
	return "pods"
}

func family(f facts.Flow) string {
	if f.Family == facts.IPv6 {
		return "IPv6"
	}
	return "IPv4"
}

// span writes microseconds for people: "0.26 ms", "52 ms", "1.0 s".
func span(micros int) string {
	switch {
	case micros < 10_000:
		return fmt.Sprintf("%.2g ms", float64(micros)/1000)
	case micros < 1_000_000:
		return fmt.Sprintf("%d ms", micros/1000)
	}
	return fmt.Sprintf("%.1f s", float64(micros)/1_000_000)
}
