package matrix

import (
	"cmp"
	"slices"
)

// Shape is the form that failing cells make in a matrix.
type Shape uint8

// The shapes, the widest first: the first that fits takes the cells.
const (
	Everything   Shape = iota // every cell
	BetweenNodes              // every cell between two nodes, none within one
	WithinNodes               // every cell within a node, none between two
	Node                      // a node's row and column
	Sources                   // several senders' rows, all alike
	Targets                   // several receivers' columns, all alike
	Source                    // one sender's row
	Target                    // one receiver's column
	Hub                       // one node is part of all of them, but not all of its cells fail
	Pair                      // both directions between two ends
	OneWay                    // one direction
	Within                    // from a node to itself
	Scattered                 // no form
)

// group is failing cells of one flow in one shape.
type group struct {
	shape Shape
	a, b  string // the ends it names: a node, or what stands for one
	nodes []string
	cells []wrongCell
	// onlyBetween: the cells between nodes fail, and those within a node do not.
	onlyBetween bool
	// reverseOK: the opposite direction was judged and is right.
	reverseOK bool
}

// shaper finds the shapes in one grid.
type shaper struct {
	g          *grid
	total      lines
	rows, cols []lines
	out, in    map[string]score // by node: cells between it and others
	// rowsOf and colsOf are the lines of a node.
	rowsOf, colsOf map[string][]int
	left           []wrongCell
	groups         []group
}

func shapes(g *grid) []group {
	if len(g.wrong) == 0 {
		return nil
	}
	s := &shaper{
		g: g, rows: make([]lines, len(g.rows)), cols: make([]lines, len(g.cols)),
		out: map[string]score{}, in: map[string]score{}, rowsOf: map[string][]int{}, colsOf: map[string][]int{},
		left: slices.Clone(g.wrong),
	}
	s.measure()
	if s.whole() {
		return s.groups
	}
	for _, step := range []func(){s.byNode, s.bySource, s.byTarget, s.byHub, s.byPair} {
		step()
	}
	return s.groups
}

func (s *shaper) measure() {
	for i, from := range s.g.rows {
		s.rowsOf[from.Node] = append(s.rowsOf[from.Node], i)
	}
	for j, to := range s.g.cols {
		s.colsOf[to.Node] = append(s.colsOf[to.Node], j)
	}
	for i, from := range s.g.rows {
		for j, to := range s.g.cols {
			st := s.g.at(i, j)
			if st != Right && st != Wrong {
				continue
			}
			within := to.Node != "" && to.Node == from.Node
			s.total.add(within, st)
			s.rows[i].add(within, st)
			s.cols[j].add(within, st)
			if within || from.Node == "" || to.Node == "" {
				continue
			}
			s.out[from.Node] = s.out[from.Node].plus(st)
			s.in[to.Node] = s.in[to.Node].plus(st)
		}
	}
}

// whole finds the shapes that span the grid; true if nothing is left to explain.
func (s *shaper) whole() bool {
	all, rows, cols := s.total.sum(), heard(s.rows), heard(s.cols)
	switch {
	case all.all() && all.judged >= 2 && cols == 1:
		s.target(s.left[0].col, s.left)
	case all.all() && all.judged >= 2 && rows == 1:
		s.source(s.left[0].row, s.left)
	case all.all() && all.judged >= 2:
		s.groups = append(s.groups, group{shape: Everything, cells: s.left})
	case s.total.cross.all() && s.total.cross.judged >= 3 && rows >= 2 && cols >= 2 && s.total.same.judged > 0:
		within := s.take(func(c wrongCell) bool { return !c.within() }, func(cells []wrongCell) {
			s.groups = append(s.groups, group{shape: BetweenNodes, cells: cells, onlyBetween: true})
		})
		return within == 0
	case s.total.same.all() && s.total.same.judged >= 2 && s.total.cross.wrong == 0:
		s.groups = append(s.groups, group{shape: WithinNodes, cells: s.left})
	default:
		return false
	}
	return true
}

// take hands the left cells that match to use, and gives how many remain.
func (s *shaper) take(match func(wrongCell) bool, use func([]wrongCell)) int {
	var taken, rest []wrongCell
	for _, c := range s.left {
		if match(c) {
			taken = append(taken, c)
		} else {
			rest = append(rest, c)
		}
	}
	if len(taken) > 0 {
		use(taken)
		s.left = rest
	}
	return len(s.left)
}

// byNode takes the nodes of which both row and column fail. With two nodes
// alone that would be true of both, hence at least three cells.
func (s *shaper) byNode() {
	for _, n := range sortedKeys(s.out) {
		out, in := s.out[n], s.in[n]
		if out.judged == 0 || in.judged == 0 || out.judged+in.judged < 3 || !out.all() || !in.all() {
			continue
		}
		s.take(func(c wrongCell) bool { return c.From.Node == n || c.Column.Node == n }, func(cells []wrongCell) {
			g := group{shape: Node, a: n, nodes: []string{n}, cells: cells}
			g.onlyBetween = !slices.ContainsFunc(cells, func(c wrongCell) bool { return c.within() })
			s.groups = append(s.groups, g)
		})
	}
}

func (s *shaper) bySource() {
	for i := range s.rows {
		l := s.rows[i]
		service := heard(s.cols) == 1 && s.total.cross.judged == s.total.sum().judged
		full := l.sum().all() && (l.sum().judged >= 2 || l.sum().judged == 1 && service)
		if !full && (!l.cross.all() || l.cross.judged < 2) {
			continue
		}
		if cells := s.line(func(c wrongCell) bool { return c.row == i && (full || !c.within()) }); cells != nil {
			s.source(i, cells)
		}
	}
}

func (s *shaper) byTarget() {
	for j := range s.cols {
		l := s.cols[j]
		lone := heard(s.rows) == 1 && len(s.rows) == 1
		full := l.sum().all() && (l.sum().judged >= 2 || l.sum().judged == 1 && lone)
		if !full && (!l.cross.all() || l.cross.judged < 2) {
			continue
		}
		if cells := s.line(func(c wrongCell) bool { return c.col == j && (full || !c.within()) }); cells != nil {
			s.target(j, cells)
		}
	}
}

// line takes the cells of a row or column, unless a wider shape already
// explained all of it but one cell.
func (s *shaper) line(match func(wrongCell) bool) []wrongCell {
	all, left := countCells(s.g.wrong, match), countCells(s.left, match)
	if left == 0 || left == 1 && all > 1 {
		return nil
	}
	var out []wrongCell
	s.take(match, func(cells []wrongCell) { out = cells })
	return out
}

func (s *shaper) source(row int, cells []wrongCell) {
	from := s.g.rows[row]
	g := group{shape: Source, a: from.Node, cells: cells, onlyBetween: s.rows[row].same.judged > s.rows[row].same.wrong}
	if from.Node == "" {
		g.a = from.String()
	} else {
		g.nodes = []string{from.Node}
	}
	s.groups = append(s.groups, g)
}

func (s *shaper) target(col int, cells []wrongCell) {
	to := s.g.cols[col]
	g := group{shape: Target, a: to.Label, b: to.Node, cells: cells, onlyBetween: s.cols[col].same.judged > s.cols[col].same.wrong}
	if to.Node != "" {
		g.nodes = []string{to.Node}
	}
	s.groups = append(s.groups, g)
}

func countCells(cells []wrongCell, match func(wrongCell) bool) int {
	n := 0
	for _, c := range cells {
		if match(c) {
			n++
		}
	}
	return n
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.SortFunc(keys, cmp.Compare[string])
	return keys
}
