package topology

import (
	"cmp"
	"slices"

	"github.com/plumbline-net/plumbline/framework/check"
	"github.com/plumbline-net/plumbline/framework/facts"
	"github.com/plumbline-net/plumbline/framework/wire"
)

// Flows merges what the checks ask for into one sorted list without duplicates.
func Flows(checks []check.Check, scope check.Scope) []facts.Flow {
	seen := map[facts.Flow]bool{}
	var out []facts.Flow
	for _, c := range checks {
		if c.Ask == nil {
			continue
		}
		for _, f := range c.Ask(scope) {
			if !seen[f] {
				seen[f] = true
				out = append(out, f)
			}
		}
	}
	slices.SortFunc(out, func(a, b facts.Flow) int {
		return cmp.Or(cmp.Compare(rank(a), rank(b)), cmp.Compare(a.Key(), b.Key()))
	})
	return out
}

// rank puts the flows through Services last: while the others are under way,
// the data planes learn of the suite's own Service.
func rank(f facts.Flow) int {
	switch {
	case f.Via == facts.Series || f.Via == facts.Bulk || f.Via == facts.Race:
		return 2 // the heavy ones after all, so that they disturb none of the others
	case f.To == facts.ToClusterIP || f.To == facts.ToNodePort || f.To == facts.ToNodePortLocal || f.To == facts.ToHairpin || f.To == facts.ToAffinity:
		return 1
	}
	return 0
}

// At keeps the flows of one look.
func At(flows []facts.Flow, look facts.Look) []facts.Flow {
	var out []facts.Flow
	for _, f := range flows {
		if f.Look == look {
			out = append(out, f)
		}
	}
	return out
}

// Planned gives the flows that start at one kind of vantage with their targets,
// and an empty matrix for each flow that has none.
func Planned(s *facts.Snapshot, flows []facts.Flow, from facts.VantageKind) ([]wire.PlannedFlow, []facts.Matrix) {
	var planned []wire.PlannedFlow
	var empty []facts.Matrix
	for _, f := range flows {
		if f.From != from {
			continue
		}
		targets, why := Targets(s, f)
		if why != "" {
			empty = append(empty, facts.Matrix{Flow: f, Targets: []facts.Target{}, Rows: []facts.Row{}, NotRun: why})
			continue
		}
		planned = append(planned, wire.PlannedFlow{Flow: f, Targets: targets})
	}
	return planned, empty
}

// Vantages are the places of one kind that ought to answer, in the order of the nodes.
func Vantages(s *facts.Snapshot, kind facts.VantageKind) []facts.Vantage {
	if kind == facts.FromRunner {
		return []facts.Vantage{{Kind: facts.FromRunner}}
	}
	var out []facts.Vantage
	for _, n := range s.Selected() {
		if kind == facts.FromRuntime {
			for _, r := range n.RuntimeAgents {
				out = append(out, facts.Vantage{Kind: kind, Node: n.Name, Class: r.Class})
			}
			continue
		}
		out = append(out, facts.Vantage{Kind: kind, Node: n.Name})
	}
	return out
}

// Probes is the number of cells that a set of planned flows asks of one vantage.
func Probes(planned []wire.PlannedFlow) int {
	n := 0
	for _, p := range planned {
		n += len(p.Targets)
	}
	return n
}
