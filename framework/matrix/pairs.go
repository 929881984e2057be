package matrix

import (
	"cmp"
	"slices"
)

// byHub takes what is left of a node that has a part in all the rest, or of
// which at least half fails. Three cells, because two are a pair.
func (s *shaper) byHub() {
	for {
		parts := map[string]int{}
		cross := 0
		for _, c := range s.left {
			if c.within() || c.From.Node == "" || c.Column.Node == "" {
				continue
			}
			cross++
			parts[c.From.Node]++
			parts[c.Column.Node]++
		}
		best := ""
		for _, n := range sortedKeys(parts) {
			if best == "" || parts[n] > parts[best] {
				best = n
			}
		}
		all := s.out[best].judged + s.in[best].judged
		if parts[best] < 3 || parts[best] < cross && 2*parts[best] < all {
			return
		}
		s.take(func(c wrongCell) bool { return !c.within() && (c.From.Node == best || c.Column.Node == best) },
			func(cells []wrongCell) {
				s.groups = append(s.groups, group{shape: Hub, a: best, nodes: []string{best}, cells: cells})
			})
	}
}

// byPair groups the rest by the two ends.
func (s *shaper) byPair() {
	type ends struct{ a, b string }
	of := map[ends][]wrongCell{}
	var order []ends
	for _, c := range s.left {
		e := ends{fromLabel(c), c.Column.Label}
		if back := (ends{e.b, e.a}); of[back] != nil && e.a != e.b {
			e = back
		}
		if of[e] == nil {
			order = append(order, e)
		}
		of[e] = append(of[e], c)
	}
	s.left = nil
	slices.SortFunc(order, func(x, y ends) int { return cmp.Or(cmp.Compare(x.a, y.a), cmp.Compare(x.b, y.b)) })
	for _, e := range order {
		s.groups = append(s.groups, s.pair(e.a, e.b, of[e]))
	}
}

func (s *shaper) pair(a, b string, cells []wrongCell) group {
	g := group{shape: OneWay, a: a, b: b, cells: cells, nodes: nodesOf(cells)}
	forth, back := false, false
	for _, c := range cells {
		if c.within() {
			g.shape = Within
			return g
		}
		if fromLabel(c) == a {
			forth = true
		} else {
			back = true
		}
	}
	if forth && back {
		g.shape = Pair
		return g
	}
	g.reverseOK = s.reverse(cells[0]) == Right
	return g
}

// reverse is how the opposite direction of a cell stands.
func (s *shaper) reverse(c wrongCell) Standing {
	if c.From.Node == "" || c.Column.Node == "" {
		return Open
	}
	found := Open
	for _, i := range s.rowsOf[c.Column.Node] {
		for _, j := range s.colsOf[c.From.Node] {
			if st := s.g.at(i, j); st == Wrong {
				return Wrong
			} else if st == Right {
				found = Right
			}
		}
	}
	return found
}

// fromLabel is a sender as people call it.
func fromLabel(c wrongCell) string {
	if c.From.Node == "" {
		return c.From.String()
	}
	return c.From.Node
}

// nodesOf are all nodes with a part in cells, sorted.
func nodesOf(cells []wrongCell) []string {
	seen := map[string]bool{}
	for _, c := range cells {
		for _, n := range []string{c.From.Node, c.Column.Node} {
			if n != "" {
				seen[n] = true
			}
		}
	}
	return sortedKeys(seen)
}
