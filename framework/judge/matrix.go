package judge

import (
	"cmp"
	"slices"

	"github.com/plumbline-net/plumbline/framework/facts"
	"github.com/plumbline-net/plumbline/reporters/report"
)

// matrices renders every observed flow with a letter a cell, and the records of
// cells that are not plainly right; left is how many of these are left out.
func (c *trial) matrices() (out []report.Matrix, left int) {
	observed := inOrder(c.facts.Matrices)
	out = []report.Matrix{}
	for _, m := range observed {
		out = append(out, matrixOf(m))
	}
	return out, details(observed, out)
}

// inOrder are the matrices that have cells, sorted by flow, their rows by vantage.
func inOrder(matrices []facts.Matrix) []facts.Matrix {
	var out []facts.Matrix
	for _, m := range matrices {
		if len(m.Rows) == 0 || len(m.Targets) == 0 {
			continue
		}
		m.Rows = slices.Clone(m.Rows)
		slices.SortStableFunc(m.Rows, func(a, b facts.Row) int { return cmp.Compare(a.From.String(), b.From.String()) })
		out = append(out, m)
	}
	slices.SortStableFunc(out, func(a, b facts.Matrix) int { return cmp.Compare(a.Flow.Key(), b.Flow.Key()) })
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
	return out
}

func rowOf(m facts.Matrix, row facts.Row) report.Row {
	out := report.Row{From: row.From.String(), NotRun: row.NotRun}
	letters := make([]byte, 0, len(m.Targets))
	micros := make([]int, 0, len(m.Targets))
	timed := false
	for i := range m.Targets {
		cell := cellAt(row, i)
		letters = append(letters, letter(m.Flow, m.Targets[i], cell))
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
func letter(f facts.Flow, to facts.Target, cell facts.Cell) byte {
	if to.Silent {
		return silence(cell)
	}
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

// silence is the letter of a negative control: whatever does not answer is right.
func silence(cell facts.Cell) byte {
	switch cell.Outcome {
	case facts.NotRun:
		return '?'
	case facts.OK, facts.Garbled:
		return 'G'
	case facts.Refused, facts.Timeout, facts.Unreachable, facts.Reset, facts.TooBig:
		return '.'
	}
	return '?'
}
