package matrix

import (
	"fmt"
	"strings"

	"github.com/plumbline-net/plumbline/framework/facts"
)

// tally is everything that was read of a check's flows.
type tally struct {
	spec    Spec
	facts   *facts.Snapshot
	grids   []*grid
	silent  []silence
	absent  []absence
	open    []reason
	aside   []reason
	retried []Cell
	// attempts made for cells that are right, and how many of them were lost.
	attempts, lost int
}

// silence is a vantage that gave no answer to a flow.
type silence struct {
	flow facts.Flow
	from facts.Vantage
	why  string
}

// absence is a flow of which nothing was observed.
type absence struct {
	flow facts.Flow
	why  string
}

// reason is a cell that was not judged, and why.
type reason struct {
	cell Cell
	why  string
}

// grid is one flow: how every cell stands, and the wrong ones whole.
type grid struct {
	flow  facts.Flow
	rows  []facts.Vantage
	cols  []Column
	index map[string]int // Column.ID to its place in cols
	state [][]Standing   // by row and column; a short row is Open at its end
	wrong []wrongCell
	// judged counts the cells that are Right or Wrong.
	judged int
}

// wrongCell is a failing cell, its place in the grid, and what it does.
type wrongCell struct {
	Cell
	row, col int
	phrase   Phrase
	mild     bool
}

func read(s *facts.Snapshot, spec Spec) *tally {
	t := &tally{spec: spec, facts: s}
	for _, f := range spec.Flows {
		m := s.Matrix(f)
		switch {
		case m == nil && s.Run.Incomplete != "":
			t.absent = append(t.absent, absence{f, s.Run.Incomplete})
		case m == nil:
			t.absent = append(t.absent, absence{f, "the facts hold nothing of it"})
		case m.NotRun != "":
			t.absent = append(t.absent, absence{f, m.NotRun})
		case len(m.Rows) == 0 || len(m.Targets) == 0:
			t.absent = append(t.absent, absence{f, "it has no vantage or no target"})
		default:
			t.matrix(m)
		}
	}
	return t
}

func (t *tally) matrix(m *facts.Matrix) {
	g := &grid{flow: m.Flow, index: map[string]int{}}
	for i := range m.Rows {
		row := &m.Rows[i]
		switch {
		case row.NotRun != "":
			t.silent = append(t.silent, silence{m.Flow, row.From, row.NotRun})
		case len(row.Cells) != len(m.Targets):
			t.silent = append(t.silent, silence{m.Flow, row.From, "its answer has not one cell for every target"})
		default:
			t.row(g, m, row)
		}
	}
	t.grids = append(t.grids, g)
}

func (t *tally) row(g *grid, m *facts.Matrix, row *facts.Row) {
	g.rows = append(g.rows, row.From)
	g.state = append(g.state, nil)
	for j, answer := range row.Cells {
		c := Cell{
			Flow: m.Flow, From: row.From, To: &m.Targets[j], MTU: row.MTU,
			Answer: answer, Detail: row.Detail(j), Column: columnOf(m.Flow, m.Targets[j]),
		}
		if j < len(row.Series) {
			c.Series = row.Series[j]
		}
		if answer.Outcome == facts.NotRun && !m.Flow.ToItself(row.From, m.Targets[j]) {
			t.open = append(t.open, reason{c, noteOf(c)})
			continue
		}
		parts := []Cell{c}
		if t.spec.Spread != nil {
			parts = t.spec.Spread(c)
		}
		right := true
		for _, part := range parts {
			right = t.cell(g, part) == Right && right
		}
		if right {
			t.count(c)
		}
	}
}

func (t *tally) cell(g *grid, c Cell) Standing {
	rule := t.spec.Rule
	if rule == nil {
		rule = Answers
	}
	r := rule(c)
	switch r.Standing {
	case Open:
		t.open = append(t.open, reason{c, r.Why})
		return r.Standing
	case Aside:
		t.aside = append(t.aside, reason{c, r.Why})
		return r.Standing
	case Right, Wrong:
	}
	row, col := len(g.rows)-1, g.column(c.Column)
	g.set(row, col, r.Standing)
	g.judged++
	if r.Standing == Wrong {
		g.wrong = append(g.wrong, wrongCell{c, row, col, r.Phrase, r.Mild})
	}
	return r.Standing
}

// count keeps the loss figure of cells that are right in the end.
func (t *tally) count(c Cell) {
	if c.Detail == nil || len(c.Detail.Attempts) == 0 {
		t.attempts++
	} else {
		t.attempts += len(c.Detail.Attempts)
		for _, a := range c.Detail.Attempts {
			if a.Outcome != c.Answer.Outcome {
				t.lost++
			}
		}
	}
	if c.Answer.Retried && !t.spec.JudgesLoss {
		t.retried = append(t.retried, c)
	}
}

func (g *grid) set(row, col int, st Standing) {
	for len(g.state[row]) <= col {
		g.state[row] = append(g.state[row], Open)
	}
	g.state[row][col] = st
}

func (g *grid) at(row, col int) Standing {
	if col >= len(g.state[row]) {
		return Open
	}
	return g.state[row][col]
}

func (g *grid) column(c Column) int {
	i, ok := g.index[c.ID]
	if !ok {
		i = len(g.cols)
		g.index[c.ID] = i
		g.cols = append(g.cols, c)
	}
	return i
}

// columnOf calls a target what people call it.
func columnOf(f facts.Flow, t facts.Target) Column {
	c := Column{ID: t.ID, Node: t.Node, Label: t.Node}
	switch f.To {
	case facts.ToPod, facts.ToHost, facts.ToNodePort, facts.ToGateway, facts.ToNodePortLocal, facts.ToTunnel:
	case facts.ToClusterIP:
		c.Label = "ClusterIP " + t.Addr.String()
	case facts.ToAPI:
		c.Label = "Service default/kubernetes " + t.Addr.String()
	case facts.ToDNSService:
		c.Label = "DNS Service " + t.Addr.String()
	case facts.ToDNSReplica:
		c.Label = strings.TrimPrefix(t.ID, "dns/")
	case facts.ToRuntime:
		c.Label = fmt.Sprintf("%s (%s)", t.Node, t.Class)
	case facts.ToHairpin:
		c.Label = "their own Service " + t.Addr.String()
	case facts.ToAffinity:
		c.Label = "Service with affinity " + t.Addr.String()
	case facts.ToNodeDNS:
		c.Label = "nameserver " + t.Addr.String()
	case facts.ToDNSMetrics, facts.ToDNSRecord, facts.ToDNSExternal, facts.ToDNSUpstream, facts.ToEgress:
		_, c.Label, _ = strings.Cut(t.ID, "/")
	}
	return c
}

func noteOf(c Cell) string {
	if note := c.Last().Note; note != "" {
		return note
	}
	return "the agent gave no reason"
}
