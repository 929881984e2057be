package judge

import (
	"cmp"
	"slices"

	"github.com/plumbline-net/plumbline/framework/facts"
	"github.com/plumbline-net/plumbline/reporters/report"
)

// matrices renders every observed flow with a letter a cell.
func (c *trial) matrices() []report.Matrix {
	out := []report.Matrix{}
	for _, m := range c.facts.Matrices {
		if len(m.Rows) == 0 || len(m.Targets) == 0 {
			continue
		}
		out = append(out, matrixOf(m))
	}
	slices.SortStableFunc(out, func(a, b report.Matrix) int { return cmp.Compare(a.Flow, b.Flow) })
	return out
}

func matrixOf(m facts.Matrix) report.Matrix {
	out := report.Matrix{Flow: m.Flow.Key(), Title: titleOf(m.Flow), Columns: []string{}, Rows: []report.Row{}}
	for _, t := range m.Targets {
		out.Columns = append(out.Columns, t.ID)
	}
	for _, row := range m.Rows {
		out.Rows = append(out.Rows, rowOf(m, row))
	}
	slices.SortStableFunc(out.Rows, func(a, b report.Row) int { return cmp.Compare(a.From, b.From) })
	return out
}

func rowOf(m facts.Matrix, row facts.Row) report.Row {
	out := report.Row{From: row.From.String(), NotRun: row.NotRun}
	letters := make([]byte, 0, len(m.Targets))
	micros := make([]int, 0, len(m.Targets))
	timed := false
	for i := range m.Targets {
		cell := cellAt(row, i)
		letters = append(letters, letter(m.Flow, cell))
		micros = append(micros, cell.RTT)
		timed = timed || cell.RTT != 0
	}
	if row.NotRun == "" {
		out.Words = string(letters)
	}
	if timed {
		out.Micros = micros
	}
	return out
}

// cellAt is a row's answer for one target; a row without it, or without any, is NotRun.
func cellAt(row facts.Row, target int) facts.Cell {
	if row.NotRun != "" || target >= len(row.Cells) {
		return facts.Cell{}
	}
	return row.Cells[target]
}

// letter is the one described at report.Row.
func letter(f facts.Flow, cell facts.Cell) byte {
	if cell.Outcome == f.Via.Right() {
		switch {
		case cell.Partial:
			return 'p'
		case cell.Rewritten && f.From == facts.FromPod && f.To == facts.ToPod:
			// Elsewhere a new source is how Kubernetes works: pods leave the pod
			// network masqueraded, and a NodePort may hide the client.
			return 'n'
		case cell.Retried:
			return '~'
		}
		return '.'
	}
	switch cell.Outcome {
	case facts.NotRun:
		return '?'
	case facts.OK, facts.Garbled:
		// OK where there must be none: something answers that is not what was asked.
		return 'G'
	case facts.Refused:
		return 'R'
	case facts.Timeout:
		return 'T'
	case facts.Unreachable:
		return 'U'
	case facts.Reset:
		return 'X'
	case facts.TooBig:
		return 'B'
	}
	return '?'
}
