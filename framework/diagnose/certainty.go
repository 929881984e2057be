package diagnose

import (
	"fmt"
	"strings"

	"github.com/plumbline-net/plumbline/framework/facts"
	"github.com/plumbline-net/plumbline/framework/figures"
	"github.com/plumbline-net/plumbline/reporters/report"
)

// weigh says how well a cause is founded: a counter that moved or an answer that
// was heard proves it, what was read from a host or from the cluster's objects
// makes it follow from configuration, and the shape of the matrices alone only fits.
// Cells that it is sure to break and that are right weaken it.
func (in *input) weigh(c *report.Cause, cl claim, red int) {
	grounds := cl.grounds
	grown, moved := in.grown(cl)
	switch {
	case cl.proved:
		c.Certainty = report.Proved
	case moved:
		c.Certainty, grounds = report.Proved, grown.says()
	case cl.open:
		c.Certainty = report.Fits
	default:
		c.Certainty = report.Configured
	}
	if grounds == "" {
		grounds = plainGrounds(cl, red)
	}
	t := in.try(cl)
	switch {
	case t.right > 0:
		c.Against = append(c.Against, t.against())
		if c.Certainty != report.Proved {
			c.Certainty = report.FitsPartly
		}
	case t.tried == 1:
		grounds += "; the one pair that it must break failed"
	case t.tried > 1:
		grounds += fmt.Sprintf("; all %d pairs that it must break failed", t.tried)
	}
	c.Grounds = grounds
}

// plainGrounds are for a claim that brings none of its own: what was read, and where.
func plainGrounds(cl claim, red int) string {
	if cl.open {
		if red > 0 {
			return fmt.Sprintf("%s of the matrix %s the shape that it leaves, and no host has shown why",
				figures.Count(red, "red pair"), verb(red, "has", "have"))
		}
		return "no host has shown why"
	}
	for _, e := range cl.evidence {
		switch {
		case e.Node != "" && e.Source != "":
			return fmt.Sprintf("read on %s: %s", e.Node, e.Source)
		case e.Source != "":
			return "read from " + e.Source
		}
	}
	return "it is what the cluster's own objects say"
}

// trial is what became of the cells that a claim is sure to break.
type trial struct {
	tried, right int
	example      spot
}

// try looks at the cells that cannot come right while the cause stands. All of them
// begin or end on its nodes, so nothing else is visited.
func (in *input) try(cl claim) trial {
	var t trial
	if cl.must == nil {
		return t
	}
	mine := map[string]bool{}
	for _, n := range cl.nodes {
		mine[n] = true
	}
	for _, m := range in.facts.Matrices {
		if !plainPods(m.Flow) && m.Flow.To != facts.ToClusterIP {
			continue // no cause is sure to break anything there
		}
		p := in.matrices[m.Flow.Key()]
		for _, node := range cl.nodes {
			for _, row := range p.rowsOf[node] {
				for column := range p.Targets {
					t.add(cl, p, row, column)
				}
			}
			for _, column := range p.columnsOf[node] {
				for row := range p.Rows {
					if !mine[p.Rows[row].From.Node] { // those were visited by row
						t.add(cl, p, row, column)
					}
				}
			}
		}
	}
	return t
}

// add counts a cell. A target with several backends that answers after a
// retry, or not from all of them, tells nothing of the one that must not answer.
func (t *trial) add(cl claim, p *placed, row, column int) {
	from, to := &p.Rows[row], p.Targets[column]
	if from.NotRun != "" || column >= len(from.Cells) || to.Silent {
		return
	}
	s := spot{flow: p.Flow, from: from.From, to: to, cell: from.Cells[column]}
	if !observed(s) || !cl.must(s.flow, s.from, s.to) {
		return
	}
	t.tried++
	if s.cell.Outcome == s.flow.Via.Right() && !s.cell.Partial && (!s.cell.Retried || !s.flow.ThroughService()) {
		if t.right == 0 {
			t.example = s
		}
		t.right++
	}
}

func (t trial) against() string {
	which := fmt.Sprintf("%d of the %d pairs that it should break answered", t.right, t.tried)
	if t.tried == 1 {
		which = "the one pair that it should break answered"
	} else if t.right == t.tried {
		which = fmt.Sprintf("all %d pairs that it should break answered", t.tried)
	}
	return fmt.Sprintf("%s, for example %s → %s (%s)", which, t.example.from, t.example.to.ID, strings.ToUpper(string(t.example.flow.Via)))
}

func verb(n int, one, many string) string {
	if n == 1 {
		return one
	}
	return many
}
