package html

import (
	"cmp"
	"slices"
	"strings"

	"github.com/plumbline-net/plumbline/framework/figures"
	"github.com/plumbline-net/plumbline/reporters/plain"
	"github.com/plumbline-net/plumbline/reporters/report"
)

const (
	// maxWorst is how many of the worst pairs the table lists.
	maxWorst = 25
	// maxTable is the largest side of a matrix that is also written out as a table.
	maxTable = 16
)

// letter is what a letter of report.Row.Words means to a reader.
type letter struct {
	Glyph string
	Says  string
	// Wrong letters count as failing; the worst have the highest weight.
	Wrong  bool
	Weight int
}

func letterOf(b byte) letter {
	switch b {
	case '.':
		return letter{"·", "right", false, 0}
	case '~':
		return letter{"~", "right, after a retry", false, 2}
	case 'n':
		return letter{"n", "answered, but the far end saw another source address", false, 1}
	case 'R':
		return letter{"R", "refused", true, 8}
	case 'T':
		return letter{"T", "timed out", true, 9}
	case 'U':
		return letter{"U", "unreachable", true, 9}
	case 'X':
		return letter{"X", "connection cut", true, 7}
	case 'B':
		return letter{"B", "packet too big", true, 6}
	case 'G':
		return letter{"G", "garbled answer", true, 7}
	case 'p':
		return letter{"p", "answered in part", true, 5}
	default:
		return letter{"?", "not observed", false, 4}
	}
}

type mapView struct {
	Flows []flowView
	// Bad are the flows in which a pair fails or was not observed; Good are the others.
	Bad, Good []flowView
	Worst     []worst
	Wrong     int // pairs that are not right, in all flows
	Unseen    int // pairs without an answer
	Tables    bool
	// Zoned: the script begins with the zones. Left counts records that are not here.
	Zoned bool
	Left  int
}

// flowView is one matrix, its rows and columns in the order of the map.
type flowView struct {
	Flow, Title                   string
	Cells, Right, Wrong, NotRun   int
	WorstRow, WorstColumn         string
	WorstRowSays, WorstColumnSays string
	Columns                       []string
	Rows                          []rowView
	Small                         bool
}

type rowView struct {
	From   string
	NotRun string
	Cells  []cellView
}

type cellView struct {
	letter
	From, To string
}

type worst struct {
	Title, Flow, From, To, Says, Why string
	Check                            string
	weight, crowd                    int
	// named: an ICMP error says who rejects.
	named bool
}

func newMapView(r *report.Report) mapView {
	v := mapView{Zoned: len(zones(r)) > 0, Left: r.DetailsLeft}
	tellings := tellings(r)
	for _, m := range r.Matrices {
		o := order(m)
		v.Flows = append(v.Flows, newFlowView(m, o))
		v.Worst = append(v.Worst, worstOf(m, o, tellings)...)
	}
	for _, f := range v.Flows {
		if f.Wrong+f.NotRun > 0 {
			v.Bad = append(v.Bad, f)
		} else {
			v.Good = append(v.Good, f)
		}
		v.Wrong, v.Unseen, v.Tables = v.Wrong+f.Wrong, v.Unseen+f.NotRun, v.Tables || f.Small
	}
	slices.SortStableFunc(v.Worst, func(a, b worst) int {
		return cmp.Or(cmp.Compare(b.weight, a.weight), cmp.Compare(first(b.named), first(a.named)), cmp.Compare(b.crowd, a.crowd))
	})
	v.Worst = v.Worst[:min(len(v.Worst), maxWorst)]
	return v
}

func newFlowView(m report.Matrix, o ordering) flowView {
	v := flowView{Flow: m.Flow, Title: plain.Line(m.Title), Small: len(m.Columns) <= maxTable && len(m.Rows) <= maxTable}
	for _, i := range o.rows {
		for j := range m.Columns {
			v.count(letterOf(at(m.Rows[i], j)))
		}
		if v.Small {
			v.Rows = append(v.Rows, newRowView(m, m.Rows[i], o.columns))
		}
	}
	if v.Small {
		for _, j := range o.columns {
			v.Columns = append(v.Columns, plain.Line(m.Columns[j]))
		}
	}
	if len(o.rows) > 0 && o.rowWrong[o.rows[0]] > 0 {
		v.WorstRow, v.WorstRowSays = plain.Line(m.Rows[o.rows[0]].From), share(o.rowWrong[o.rows[0]], len(m.Columns))
	}
	if len(o.columns) > 0 && o.columnWrong[o.columns[0]] > 0 {
		v.WorstColumn, v.WorstColumnSays = plain.Line(m.Columns[o.columns[0]]), share(o.columnWrong[o.columns[0]], len(m.Rows))
	}
	return v
}

func share(n, of int) string { return figures.Grouped(n) + " of " + figures.Grouped(of) }

func (v *flowView) count(l letter) {
	v.Cells++
	switch {
	case l.Wrong:
		v.Wrong++
	case l.Glyph == "?":
		v.NotRun++
	default:
		v.Right++
	}
}

func newRowView(m report.Matrix, row report.Row, columns []int) rowView {
	v := rowView{From: plain.Line(row.From), NotRun: plain.Line(row.NotRun)}
	for _, j := range columns {
		v.Cells = append(v.Cells, cellView{letterOf(at(row, j)), row.From, m.Columns[j]})
	}
	return v
}

func first(b bool) int {
	if b {
		return 1
	}
	return 0
}

// at is the letter of a cell; a row without cells was not observed.
func at(row report.Row, column int) byte {
	if column >= len(row.Words) {
		return '?'
	}
	return row.Words[column]
}

// worstOf are the pairs that are not plainly right, at most maxWorst of them.
func worstOf(m report.Matrix, o ordering, tellings map[cellKey]telling) []worst {
	var out []worst
	for _, i := range o.rows {
		row := m.Rows[i]
		for _, j := range o.columns {
			l := letterOf(at(row, j))
			if l.Weight < 2 || len(out) >= maxWorst && l.Weight <= out[len(out)-1].weight {
				continue
			}
			d := row.Detail(j)
			w := worst{
				Title: plain.Line(m.Title), Flow: m.Flow, From: row.From, To: m.Columns[j], Says: happened(l, d), Why: plain.Line(row.NotRun),
				weight: l.Weight, crowd: o.rowWrong[i] + o.columnWrong[j],
				named: rejected(d),
			}
			if t, ok := tellings[cellKey{m.Flow, row.From, w.To}]; ok {
				w.Check, w.Why = t.check, t.says
			}
			out = append(out, w)
		}
	}
	slices.SortStableFunc(out, func(a, b worst) int { return cmp.Compare(b.weight, a.weight) })
	return out[:min(len(out), maxWorst)]
}

type cellKey struct{ flow, from, to string }

type telling struct{ check, says string }

// tellings says which finding speaks of a cell; the first one does.
func tellings(r *report.Report) map[cellKey]telling {
	out := map[cellKey]telling{}
	for _, c := range r.Checks {
		for _, f := range c.Findings {
			for _, p := range f.Pairs {
				key := cellKey{f.FlowOf(p), p.From, p.To}
				if _, ok := out[key]; !ok {
					out[key] = telling{c.ID, plain.Line(f.Says)}
				}
			}
		}
	}
	return out
}

// node is the part of a target or vantage after the slash.
func node(id string) string {
	if _, n, ok := strings.Cut(id, "/"); ok {
		return n
	}
	return id
}
