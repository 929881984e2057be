package html

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"

	"github.com/plumbline-net/plumbline/framework/check"
	"github.com/plumbline-net/plumbline/reporters/plain"
	"github.com/plumbline-net/plumbline/reporters/report"
)

// The data for the script, kept small: 500 nodes are 250,000 cells a flow.
type dataView struct {
	Matrices []dataMatrix  `json:"matrices"`
	Findings []dataFinding `json:"findings"`
	// Zones are by node; there are none where the map shows every pair at once.
	Zones map[string]string `json:"zones,omitempty"`
	// Left counts the cells whose record is not here.
	Left int `json:"left,omitempty"`
}

type dataMatrix struct {
	Flow    string   `json:"flow"`
	Title   string   `json:"title"`
	Rows    []string `json:"rows"`
	Columns []string `json:"columns"`
	// Words has a letter a cell, row by row; a row that was not observed is all '?'.
	Words string `json:"words"`
	// NotRun is by row index.
	NotRun map[int]string `json:"notRun,omitempty"`
	// RTT is base64, a byte a cell: 0 is not measured, otherwise 1 + 10·log2(microseconds).
	RTT         string `json:"rtt,omitempty"`
	RowOrder    []int  `json:"rowOrder"`
	ColumnOrder []int  `json:"columnOrder"`
	// Details are sorted by cell.
	Details []dataDetail `json:"details,omitempty"`
}

type dataFinding struct {
	Check   string `json:"check"`
	Subject string `json:"subject"`
	Says    string `json:"says"`
	Word    string `json:"word"`
	Matrix  int    `json:"matrix"`
	// Pairs are cell numbers (row × columns + column), sorted, each as the
	// distance to the one before.
	Pairs    []int    `json:"pairs"`
	Evidence []string `json:"evidence,omitempty"`
}

// scriptData is JSON in which <, > and & are escaped: json.Marshal does so.
func scriptData(r *report.Report) ([]byte, error) {
	v := dataView{Matrices: []dataMatrix{}, Findings: []dataFinding{}, Zones: zones(r), Left: r.DetailsLeft}
	index := map[string]int{}
	for i, m := range r.Matrices {
		index[m.Flow] = i
		v.Matrices = append(v.Matrices, newDataMatrix(m))
	}
	for _, c := range r.Checks {
		for _, f := range c.Findings {
			v.Findings = append(v.Findings, findingData(r, index, c.ID, f)...)
		}
	}
	out, err := json.Marshal(v)
	if err != nil {
		return nil, fmt.Errorf("encoding the data of the page: %w", err)
	}
	return out, nil
}

// findingData is a finding once for each matrix in which it names cells.
func findingData(r *report.Report, index map[string]int, id string, f check.Finding) []dataFinding {
	pairs := map[int][]check.Pair{}
	for _, p := range f.Pairs {
		if i, ok := index[f.FlowOf(p)]; ok {
			pairs[i] = append(pairs[i], p)
		}
	}
	var evidence []string
	for _, e := range f.Evidence {
		evidence = append(evidence, plain.Line(e.Node+" "+e.Source+": "+e.Text))
	}
	var out []dataFinding
	for _, i := range slices.Sorted(maps.Keys(pairs)) {
		out = append(out, dataFinding{
			Check: id, Subject: plain.Line(f.Subject), Says: plain.Line(f.Says), Word: f.Verdict.String(),
			Matrix: i, Pairs: distances(r.Matrices[i], pairs[i]), Evidence: evidence,
		})
	}
	return out
}

func newDataMatrix(m report.Matrix) dataMatrix {
	o := order(m)
	d := dataMatrix{
		Flow: m.Flow, Title: plain.Line(m.Title), Columns: m.Columns, RowOrder: o.rows, ColumnOrder: o.columns,
		NotRun: map[int]string{}, Details: detailsData(m),
	}
	var words strings.Builder
	steps, measured := make([]byte, 0, len(m.Rows)*len(m.Columns)), false
	for i, row := range m.Rows {
		d.Rows = append(d.Rows, row.From)
		if row.NotRun != "" {
			d.NotRun[i] = plain.Line(row.NotRun)
		}
		for j := range m.Columns {
			words.WriteByte(at(row, j))
			step := byte(0)
			if j < len(row.Micros) {
				step = quantised(row.Micros[j])
			}
			measured = measured || step > 0
			steps = append(steps, step)
		}
	}
	d.Words = words.String()
	if measured {
		d.RTT = base64.StdEncoding.EncodeToString(steps)
	}
	return d
}

func quantised(micros int) byte {
	if micros <= 0 {
		return 0
	}
	return byte(min(math.Round(10*math.Log2(float64(micros)))+1, 255))
}

func distances(m report.Matrix, pairs []check.Pair) []int {
	rows, columns := map[string]int{}, map[string]int{}
	for i, r := range m.Rows {
		rows[r.From] = i
	}
	for j, c := range m.Columns {
		columns[c] = j
	}
	var cells []int
	for _, p := range pairs {
		i, ok1 := rows[p.From]
		j, ok2 := columns[p.To]
		if ok1 && ok2 {
			cells = append(cells, i*len(m.Columns)+j)
		}
	}
	slices.Sort(cells)
	last := 0
	for k, c := range cells {
		cells[k], last = c-last, c
	}
	return cells
}
