package pattern

import (
	"slices"
	"strings"

	"github.com/plumbline-net/plumbline/framework/facts"
)

// backend: of a Service with several, it is always the same one that never answers.
func (r red) backend() string {
	missing := ""
	for _, c := range r.cells {
		d := c.grid.m.Rows[c.row].Detail(c.col)
		if d == nil || len(d.Met) == 0 || len(c.to().Peers) < 2 {
			return ""
		}
		lost := slices.DeleteFunc(slices.Clone(c.to().Peers), func(p string) bool { return slices.Contains(d.Met, p) })
		if len(lost) != 1 || missing != "" && missing != lost[0] {
			return ""
		}
		missing = lost[0]
	}
	return "one backend, " + missing + ", never answers"
}

// replicas: one replica of the cluster DNS, while the others answer the same places.
func (r red) replicas() string {
	if slices.ContainsFunc(r.cells, func(c cell) bool {
		return c.flow().To != facts.ToDNSReplica && c.flow().To != facts.ToDNSMetrics || c.to().ID != r.cells[0].to().ID
	}) {
		return ""
	}
	others := 0
	for _, c := range r.cells {
		for col, t := range c.grid.m.Targets {
			if t.ID == c.to().ID || !c.grid.observed(c.row, col) {
				continue
			}
			if !c.grid.right(c.row, col) {
				return ""
			}
			others++
		}
	}
	if others == 0 {
		return ""
	}
	return "the other DNS replicas answer the same places"
}

// hosts: where traffic of pods fails between nodes, the hosts of the very same nodes
// reach one another in the same way.
func (r red) hosts() string {
	tried := false
	for _, c := range r.cells {
		f := c.flow()
		if f.To != facts.ToPod && f.From != facts.FromPod || f.To != facts.ToPod && f.To != facts.ToHost ||
			c.from().Node == "" || c.from().Node == c.to().Node {
			return ""
		}
		f.From, f.To = facts.FromHost, facts.ToHost
		if r.has[cellID{f, "host/" + c.from().Node, "host/" + c.to().Node}] {
			return ""
		}
		right, ok := r.board.at(f, "host/"+c.from().Node, "host/"+c.to().Node)
		if !ok {
			if siblings(f.Via) == nil {
				f.Via = facts.TCP
				right, ok = r.board.at(f, "host/"+c.from().Node, "host/"+c.to().Node)
			}
			if !ok {
				return ""
			}
		}
		if !right {
			return ""
		}
		tried = true
	}
	if !tried || strings.Contains(r.vantages(), "pods only") && r.cells[0].flow().To == facts.ToHost {
		return ""
	}
	return "hosts are fine"
}
