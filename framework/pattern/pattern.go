// Package pattern says what red cells of the matrices have in common: a bad row, a
// bad column, one pair, one direction, across nodes only, and what else is right
// beside them, such as other sizes, ways and places. It is pure. It never says
// "every" where one observed cell of that kind is right, nor "only" where the
// others were not observed.
package pattern

import (
	"fmt"
	"strings"

	"github.com/plumbline-net/plumbline/framework/check"
	"github.com/plumbline-net/plumbline/framework/facts"
)

// Board holds the matrices of a run with their cells by name. What is counted over
// a whole matrix is counted once, when it is first needed.
type Board struct {
	facts *facts.Snapshot
	flows map[string]facts.Flow // by key
	grids map[facts.Flow]*grid
}

// New makes a board; it copies nothing and counts nothing yet.
func New(s *facts.Snapshot) *Board {
	b := &Board{facts: s, flows: map[string]facts.Flow{}, grids: map[facts.Flow]*grid{}}
	for _, m := range s.Matrices {
		b.flows[m.Flow.Key()] = m.Flow
	}
	return b
}

// Pattern is what red cells have in common.
type Pattern struct {
	// Shape is the same for cells that have the same form at the same places,
	// whatever the way in which they were probed.
	Shape string
	// Pairs counts the red cells.
	Pairs int
	// Says is one sentence without a full stop; empty without cells.
	Says string
}

// Of gives the pattern of the red cells of findings.
func (b *Board) Of(findings ...check.Finding) Pattern {
	r := b.gather(findings)
	if len(r.cells) == 0 {
		return Pattern{}
	}
	form := r.form()
	return Pattern{Shape: form.shape, Pairs: len(r.cells), Says: joined(form.says, r.limits(), r.besides())}
}

// joined is "every pair into n3 across nodes, UDP only; hosts are fine".
func joined(form string, limits, besides []string) string {
	return strings.Join(append([]string{strings.Join(append([]string{form}, limits...), ", ")}, besides...), "; ")
}

// red are the red cells of some findings.
type red struct {
	board *Board
	cells []cell
	has   map[cellID]bool
	grids []*grid // those with red cells, each once
}

// cellID is one cell of one matrix.
type cellID struct {
	flow     facts.Flow
	from, to string
}

// cell is one red cell.
type cell struct {
	grid     *grid
	row, col int
}

func (b *Board) gather(findings []check.Finding) red {
	r := red{board: b, has: map[cellID]bool{}}
	seen := map[*grid]bool{}
	for _, f := range findings {
		for _, p := range f.Pairs {
			id := cellID{b.flows[f.FlowOf(p)], p.From, p.To}
			g := b.grid(id.flow)
			if g == nil || r.has[id] {
				continue
			}
			row, ok1 := g.rows[p.From]
			col, ok2 := g.cols[p.To]
			if !ok1 || !ok2 || !g.observed(row, col) {
				continue
			}
			r.has[id] = true
			r.cells = append(r.cells, cell{g, row, col})
			if !seen[g] {
				seen[g] = true
				r.grids = append(r.grids, g)
			}
		}
	}
	return r
}

func (c cell) flow() facts.Flow                   { return c.grid.m.Flow }
func (c cell) from() facts.Vantage                { return c.grid.m.Rows[c.row].From }
func (c cell) to() facts.Target                   { return c.grid.m.Targets[c.col] }
func (c cell) fromName() string                   { return fromName(c.from()) }
func (c cell) toName() string                     { return toName(c.flow(), c.to()) }
func (c cell) across() bool                       { return across(c.from(), c.to()) }
func (c cell) right() bool                        { return c.grid.right(c.row, c.col) }
func across(v facts.Vantage, t facts.Target) bool { return t.Node == "" || v.Node != t.Node }

// fromName is the node of a vantage, or what stands for one.
func fromName(v facts.Vantage) string {
	if v.Node == "" {
		return "the runner"
	}
	return v.Node
}

// toName is the node of a target; what is not the node's own, or is one of several
// there, goes by its own name.
func toName(f facts.Flow, t facts.Target) string {
	switch f.To {
	case facts.ToPod, facts.ToHost, facts.ToNodePort, facts.ToNodePortLocal, facts.ToGateway, facts.ToTunnel, facts.ToRuntime:
		return t.Node
	case facts.ToDNSReplica, facts.ToDNSMetrics:
		return "DNS replica " + strings.TrimPrefix(t.ID, "dns/")
	case facts.ToClusterIP, facts.ToAffinity:
		return "the ClusterIP"
	case facts.ToAPI:
		return "the API server's Service"
	case facts.ToDNSService, facts.ToDNSRecord:
		return "the DNS Service"
	case facts.ToHairpin:
		return "its own Service"
	case facts.ToDNSExternal, facts.ToDNSUpstream, facts.ToNodeDNS, facts.ToEgress:
		return t.ID
	}
	return t.ID
}

func names(list []string) string {
	const shown = 3
	switch n := len(list); {
	case n == 1:
		return list[0]
	case n <= shown:
		return strings.Join(list[:n-1], ", ") + " and " + list[n-1]
	}
	return fmt.Sprintf("%d nodes (%s …)", len(list), strings.Join(list[:2], ", "))
}
