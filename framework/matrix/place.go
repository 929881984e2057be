package matrix

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/plumbline-net/plumbline/framework/facts"
)

// Place is failing cells of one shape, of all flows in which they fail.
type Place struct {
	Shape Shape
	// Subject is what the finding is about, for example "n2" or "n1 → n2".
	Subject string
	// Nodes to look at first, sorted; none where every node is alike.
	Nodes []string
	// Examples are one or two typical cells, the first of each thing that goes wrong.
	Examples []Cell
	// Flows that fail here, in the order in which the check asks them.
	Flows []facts.Flow

	a, b        string
	cells       []wrongCell
	onlyBetween bool
	reverseOK   bool
}

// Node is the first node to look at, or "".
func (p Place) Node() string {
	if len(p.Nodes) == 0 {
		return ""
	}
	return p.Nodes[0]
}

// manyPlaces is from when on places of one narrow shape become one finding.
const manyPlaces = 6

// places merges the groups of all flows: the same shape with the same ends is one place.
func places(grids []*grid) []Place {
	type key struct {
		shape Shape
		a, b  string
	}
	var out []Place
	known := map[key]int{}
	rank := map[facts.Flow]int{}
	for n, g := range grids {
		rank[g.flow] = n
		for _, gr := range shapes(g) {
			k := key{gr.shape, gr.a, gr.b}
			if i, ok := known[k]; ok {
				out[i].add(gr, g.flow)
				continue
			}
			known[k] = len(out)
			out = append(out, newPlace(gr, g.flow))
		}
	}
	out = gather(scatter(out), grids)
	for i := range out {
		slices.SortFunc(out[i].Flows, func(x, y facts.Flow) int { return rank[x] - rank[y] })
		out[i].finish()
	}
	slices.SortStableFunc(out, func(x, y Place) int {
		return cmp.Or(cmp.Compare(x.Shape, y.Shape), cmp.Compare(x.Subject, y.Subject))
	})
	return out
}

func newPlace(g group, f facts.Flow) Place {
	return Place{
		Shape: g.shape, Nodes: slices.Clone(g.nodes), Flows: []facts.Flow{f},
		a: g.a, b: g.b, cells: slices.Clone(g.cells), onlyBetween: g.onlyBetween, reverseOK: g.reverseOK,
	}
}

func (p *Place) add(g group, f facts.Flow) {
	p.cells = append(p.cells, g.cells...)
	p.onlyBetween = p.onlyBetween && g.onlyBetween
	p.reverseOK = p.reverseOK && g.reverseOK
	if !slices.Contains(p.Flows, f) {
		p.Flows = append(p.Flows, f)
	}
}

// scatter makes one place of many that have two ends each.
func scatter(places []Place) []Place {
	narrow := func(p Place) bool { return p.Shape == Pair || p.Shape == OneWay || p.Shape == Within }
	var kept []Place
	all := Place{Shape: Scattered}
	n := 0
	for _, p := range places {
		if !narrow(p) {
			kept = append(kept, p)
			continue
		}
		n++
		all.cells = append(all.cells, p.cells...)
		for _, f := range p.Flows {
			if !slices.Contains(all.Flows, f) {
				all.Flows = append(all.Flows, f)
			}
		}
	}
	if n < manyPlaces {
		return places
	}
	return append(kept, all)
}

func (p *Place) finish() {
	slices.Sort(p.Nodes)
	seen := map[Phrase]bool{}
	for _, c := range p.cells {
		if !seen[c.phrase] && len(p.Examples) < 2 {
			seen[c.phrase] = true
			p.Examples = append(p.Examples, c.Cell)
		}
	}
	p.Subject = p.subject()
}

func (p *Place) subject() string {
	switch p.Shape {
	case Everything:
		return "all nodes"
	case BetweenNodes:
		return "between all nodes"
	case WithinNodes:
		return "within all nodes"
	case Node, Source, Hub, Sources, Targets:
		return p.a
	case Target:
		if p.b != "" && p.a != p.b {
			return fmt.Sprintf("%s (%s)", p.a, p.b)
		}
		return p.a
	case Pair:
		return p.a + " ↔ " + p.b
	case OneWay:
		return p.a + " → " + p.b
	case Within:
		if p.a == p.b {
			return p.a
		}
		return p.a + " → " + p.b
	case Scattered:
		return fmt.Sprintf("%d pairs without a common node", len(p.pairs()))
	}
	return "unknown shape"
}

// where says which pairs fail, in words.
func (p *Place) where() string {
	switch p.Shape {
	case Everything:
		return "all of them"
	case BetweenNodes:
		return "all that cross from one node to another; those within a node are well"
	case WithinNodes:
		return "all within one node; those between nodes are well"
	case Node:
		if p.onlyBetween {
			return fmt.Sprintf("all between %s and other nodes", p.a)
		}
		return fmt.Sprintf("all from and to %s, itself included", p.a)
	case Source:
		if p.onlyBetween {
			return fmt.Sprintf("all from %s to other nodes", p.a)
		}
		return "all from " + p.a
	case Target:
		if p.onlyBetween {
			return fmt.Sprintf("all to %s from other nodes", p.subject())
		}
		return "all to " + p.subject()
	case Sources:
		return p.direction("from")
	case Targets:
		return p.direction("to")
	case Hub:
		return fmt.Sprintf("between %s and %s", p.a, list(p.others(), 6))
	case Pair:
		return fmt.Sprintf("both ways between %s and %s", p.a, p.b)
	case OneWay:
		if p.reverseOK {
			return fmt.Sprintf("only from %s to %s; the opposite direction is well", p.a, p.b)
		}
		return fmt.Sprintf("from %s to %s", p.a, p.b)
	case Within:
		if p.a == p.b {
			return "within " + p.a
		}
		return fmt.Sprintf("from %s to %s on the same node", p.a, p.b)
	case Scattered:
		return "in no pattern: " + list(p.ends(), 6)
	}
	return ""
}

// others are the nodes of the cells besides the one that is named.
func (p *Place) others() []string {
	return slices.DeleteFunc(nodesOf(p.cells), func(n string) bool { return n == p.a })
}

// ends are "n1 → n2" for every pair, sorted.
func (p *Place) ends() []string {
	seen := map[string]bool{}
	for _, c := range p.cells {
		seen[fromLabel(c)+" → "+c.Column.Label] = true
	}
	return sortedKeys(seen)
}

// list joins words, and counts those beyond most.
func list(words []string, most int) string {
	if len(words) > most {
		words = append(slices.Clone(words[:most]), fmt.Sprintf("%d more", len(words)-most))
	}
	if len(words) < 2 {
		return strings.Join(words, "")
	}
	return strings.Join(words[:len(words)-1], ", ") + " and " + words[len(words)-1]
}
