package pattern

import "github.com/plumbline-net/plumbline/framework/facts"

// grid is one matrix with its rows and columns by name.
type grid struct {
	m          *facts.Matrix
	rows, cols map[string]int
	counted    bool
	all        tally
	// out and in are by name of the place.
	out, in map[string]*tally
}

// tally counts observed cells, and those of them that are right, apart for cells
// across nodes and within one.
type tally struct{ across, within, rightAcross, rightWithin int }

func (t *tally) add(across, right bool) {
	switch {
	case across && right:
		t.across, t.rightAcross = t.across+1, t.rightAcross+1
	case across:
		t.across++
	case right:
		t.within, t.rightWithin = t.within+1, t.rightWithin+1
	default:
		t.within++
	}
}

func (t *tally) plus(o tally) {
	t.across, t.within = t.across+o.across, t.within+o.within
	t.rightAcross, t.rightWithin = t.rightAcross+o.rightAcross, t.rightWithin+o.rightWithin
}

// grid finds a matrix; nil where it was not observed.
func (b *Board) grid(flow facts.Flow) *grid {
	if g, known := b.grids[flow]; known {
		return g
	}
	b.grids[flow] = nil
	for i := range b.facts.Matrices {
		m := &b.facts.Matrices[i]
		if m.Flow != flow {
			continue
		}
		g := &grid{m: m, rows: map[string]int{}, cols: map[string]int{}}
		for j, r := range m.Rows {
			g.rows[r.From.String()] = j
		}
		for j, t := range m.Targets {
			g.cols[t.ID] = j
		}
		b.grids[flow] = g
	}
	return b.grids[flow]
}

func (g *grid) observed(row, col int) bool {
	r := g.m.Rows[row]
	return r.NotRun == "" && col < len(r.Cells) && r.Cells[col].Outcome != facts.NotRun && !g.m.Targets[col].Silent
}

// right: the answer is the one that a healthy network gives, from all that must
// answer.
func (g *grid) right(row, col int) bool {
	c := g.m.Rows[row].Cells[col]
	return c.Outcome == g.m.Flow.Via.Right() && !c.Partial
}

// count fills the tallies.
func (g *grid) count() {
	if g.counted {
		return
	}
	g.counted, g.out, g.in = true, map[string]*tally{}, map[string]*tally{}
	ins := make([]*tally, len(g.m.Targets))
	for col, t := range g.m.Targets {
		ins[col] = tallyOf(g.in, toName(g.m.Flow, t))
	}
	for row, r := range g.m.Rows {
		out := tallyOf(g.out, fromName(r.From))
		for col, t := range g.m.Targets {
			if !g.observed(row, col) {
				continue
			}
			across, right := across(r.From, t), g.right(row, col)
			g.all.add(across, right)
			out.add(across, right)
			ins[col].add(across, right)
		}
	}
}

func tallyOf(m map[string]*tally, name string) *tally {
	if m[name] == nil {
		m[name] = &tally{}
	}
	return m[name]
}

// at finds another cell; ok is false where it was not observed.
func (b *Board) at(f facts.Flow, from, to string) (right, ok bool) {
	g := b.grid(f)
	if g == nil {
		return false, false
	}
	row, ok1 := g.rows[from]
	col, ok2 := g.cols[to]
	if !ok1 || !ok2 || !g.observed(row, col) {
		return false, false
	}
	return g.right(row, col), true
}
