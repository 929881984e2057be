package topology

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/plumbline-net/plumbline/framework/facts"
	"github.com/plumbline-net/plumbline/framework/wire"
)

// Answer is what came back from one vantage in one batch.
type Answer struct {
	From facts.Vantage
	Rows []wire.FlowRow
	// NotRun says why the vantage gave no answer, or why it broke off.
	NotRun string
}

// Assemble makes the matrices of planned flows from the answers. Every vantage
// that was asked has a row in every matrix; a row that did not come says why.
func Assemble(planned []wire.PlannedFlow, answers []Answer) []facts.Matrix {
	out := make([]facts.Matrix, 0, len(planned))
	for _, p := range planned {
		m := facts.Matrix{Flow: p.Flow, Targets: p.Targets, Rows: []facts.Row{}}
		for _, a := range answers {
			m.Rows = append(m.Rows, rowOf(p, a))
		}
		slices.SortFunc(m.Rows, func(x, y facts.Row) int { return cmp.Compare(x.From.String(), y.From.String()) })
		out = append(out, m)
	}
	return out
}

func rowOf(p wire.PlannedFlow, a Answer) facts.Row {
	for _, r := range a.Rows {
		if r.Flow != p.Flow {
			continue
		}
		if r.Row.NotRun == "" && len(r.Row.Cells) != len(p.Targets) {
			why := fmt.Sprintf("the agent answered %d cells for %d targets", len(r.Row.Cells), len(p.Targets))
			return facts.Row{From: a.From, NotRun: why}
		}
		row := r.Row
		row.From = a.From
		return row
	}
	why := a.NotRun
	if why == "" {
		why = "the agent's answer lacks this flow"
	}
	return facts.Row{From: a.From, NotRun: why}
}
