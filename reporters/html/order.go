package html

import (
	"cmp"
	"slices"
	"strings"

	"github.com/plumbline-net/plumbline/reporters/report"
)

// ordering is the order of rows and columns in which faults form blocks.
type ordering struct {
	rows, columns         []int // indexes into the matrix
	rowWrong, columnWrong []int // how many cells fail, by index into the matrix
}

// order puts the rows and columns with the most failing cells first, those that
// fail towards the same others together, and the healthy ones by name at the end.
// Where rows and columns are the same nodes they share one order, so that a node
// that fails in both directions is a cross and the diagonal stays a diagonal.
func order(m report.Matrix) ordering {
	o := ordering{rowWrong: make([]int, len(m.Rows)), columnWrong: make([]int, len(m.Columns))}
	rowMarks, columnMarks := make([][]byte, len(m.Rows)), make([][]byte, len(m.Columns))
	for j := range m.Columns {
		columnMarks[j] = make([]byte, len(m.Rows))
	}
	for i, row := range m.Rows {
		rowMarks[i] = make([]byte, len(m.Columns))
		for j := range m.Columns {
			mark := mark(at(row, j))
			rowMarks[i][j], columnMarks[j][i] = mark, mark
			if mark == wrong {
				o.rowWrong[i]++
				o.columnWrong[j]++
			}
		}
	}
	rowNames := make([]string, len(m.Rows))
	for i, r := range m.Rows {
		rowNames[i] = node(r.From)
	}
	columnNames := make([]string, len(m.Columns))
	for j, c := range m.Columns {
		columnNames[j] = node(c)
	}
	if slices.Equal(rowNames, columnNames) {
		both := make([]int, len(rowNames))
		for i := range both {
			both[i] = o.rowWrong[i] + o.columnWrong[i]
			rowMarks[i] = append(rowMarks[i], columnMarks[i]...)
		}
		o.rows = sorted(both, rowMarks, rowNames)
		o.columns = o.rows
		return o
	}
	o.rows = sorted(o.rowWrong, rowMarks, rowNames)
	o.columns = sorted(o.columnWrong, columnMarks, columnNames)
	return o
}

const (
	wrong  = 'a' // sorts first
	unseen = 'b'
	right  = 'c'
)

func mark(b byte) byte {
	l := letterOf(b)
	switch {
	case l.Wrong:
		return wrong
	case l.Glyph == "?":
		return unseen
	default:
		return right
	}
}

func sorted(weights []int, marks [][]byte, names []string) []int {
	patterns := make([]string, len(marks))
	for i, m := range marks {
		patterns[i] = string(m)
	}
	out := make([]int, len(names))
	for i := range out {
		out[i] = i
	}
	slices.SortStableFunc(out, func(a, b int) int {
		return cmp.Or(
			cmp.Compare(weights[b], weights[a]),
			strings.Compare(patterns[a], patterns[b]),
			strings.Compare(names[a], names[b]),
		)
	})
	return out
}
