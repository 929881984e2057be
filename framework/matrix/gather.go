package matrix

import (
	"fmt"
	"slices"

	"github.com/plumbline-net/plumbline/framework/facts"
)

// manyLines is from when on senders, or receivers, that fail alike become one
// finding; fewer do where they are all but one of those that were judged.
const manyLines = 3

// gather makes one place of several rows, or several columns, that fail alike:
// the same flows, saying the same. Twenty times the same sentence hides that one
// node is well, which is the clue. Receivers with a name of their own (replicas)
// stay apart.
func gather(places []Place, grids []*grid) []Place {
	for _, kind := range []struct{ one, many Shape }{{Source, Sources}, {Target, Targets}} {
		var rest, lines []Place
		for _, p := range places {
			if p.Shape == kind.one && len(p.Nodes) == 1 && p.a == p.Nodes[0] {
				lines = append(lines, p)
			} else {
				rest = append(rest, p)
			}
		}
		places = rest
		for len(lines) > 0 {
			var alike, others []Place
			for _, p := range lines {
				if p.alike(lines[0]) {
					alike = append(alike, p)
				} else {
					others = append(others, p)
				}
			}
			lines = others
			well := wellNodes(grids, alike, kind.one)
			if len(alike) < manyLines && (len(alike) < 2 || len(well) != 1) {
				places = append(places, alike...)
				continue
			}
			places = append(places, together(kind.many, alike, well))
		}
	}
	return places
}

// alike says whether two places fail in the same flows, in the same way.
func (p Place) alike(q Place) bool {
	return slices.Equal(p.Flows, q.Flows) && p.onlyBetween == q.onlyBetween && slices.Equal(p.phrases(), q.phrases())
}

// phrases are what the cells do, sorted.
func (p Place) phrases() []string {
	seen := map[string]bool{}
	for _, c := range p.cells {
		seen[c.phrase.Many] = true
	}
	return sortedKeys(seen)
}

func together(shape Shape, alike []Place, well []string) Place {
	out := Place{Shape: shape, Flows: alike[0].Flows, onlyBetween: alike[0].onlyBetween}
	for _, p := range alike {
		out.Nodes = append(out.Nodes, p.Nodes...)
		out.cells = append(out.cells, p.cells...)
	}
	slices.Sort(out.Nodes)
	out.a = list(out.Nodes, 6)
	if len(well) == 1 {
		out.a = "every node but " + well[0]
	}
	return out
}

// wellNodes are the nodes that were judged in the flows of places, as senders or
// as receivers, and are none of theirs.
func wellNodes(grids []*grid, alike []Place, shape Shape) []string {
	var flows []facts.Flow
	bad, all := map[string]bool{}, map[string]bool{}
	for _, p := range alike {
		flows = append(flows, p.Flows...)
		bad[p.Nodes[0]] = true
	}
	for _, g := range grids {
		if !slices.Contains(flows, g.flow) {
			continue
		}
		for i, from := range g.rows {
			for j, to := range g.cols {
				if st := g.at(i, j); st != Right && st != Wrong {
					continue
				}
				if shape == Source {
					all[from.Node] = true
				} else {
					all[to.Node] = true
				}
			}
		}
	}
	return slices.DeleteFunc(sortedKeys(all), func(n string) bool { return bad[n] })
}

// direction is "all from n1, n2 and n3 to other nodes".
func (p *Place) direction(word string) string {
	switch {
	case !p.onlyBetween:
		return fmt.Sprintf("all %s %s", word, p.a)
	case p.Shape == Sources:
		return fmt.Sprintf("all %s %s to other nodes", word, p.a)
	}
	return fmt.Sprintf("all %s %s from other nodes", word, p.a)
}
