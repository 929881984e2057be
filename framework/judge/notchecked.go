package judge

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/plumbline-net/plumbline/framework/check"
	"github.com/plumbline-net/plumbline/framework/figures"
	"github.com/plumbline-net/plumbline/reporters/report"
)

// notChecked lists everything that was not looked at, with the reason.
func (c *trial) notChecked() []report.NotChecked {
	out := []report.NotChecked{}
	if why := c.facts.Run.Incomplete; why != "" {
		out = append(out, report.NotChecked{What: "the rest of the run", Why: why})
	}
	for _, n := range c.facts.Nodes {
		if n.Excluded != "" {
			out = append(out, report.NotChecked{What: "node " + n.Name, Why: "excluded: " + n.Excluded})
		}
	}
	if why := c.facts.Run.NoRunner; why != "" && !c.facts.Run.InCluster {
		out = append(out, report.NotChecked{What: "from outside the cluster", Why: why})
	}
	out = append(out, c.silentChecks()...)
	out = append(out, c.silentVantages()...)
	out = append(out, c.silentHosts()...)
	out = append(out, c.silentFlows()...)
	out = append(out, c.replicasWithoutAddress()...)
	for _, e := range c.facts.Cluster.Errors {
		out = append(out, report.NotChecked{What: e.What, Why: e.Says})
	}
	return append(out, c.notSelected()...)
}

func (c *trial) silentChecks() []report.NotChecked {
	var out []report.NotChecked
	for _, k := range c.selected {
		r := c.results[k.ID]
		if r.Verdict == check.Unknown || r.Verdict == check.Skip {
			out = append(out, report.NotChecked{What: k.ID, Why: r.Why})
		}
	}
	return out
}

// silentVantages gives each place that did not answer once per reason, with how
// many flows it left open.
func (c *trial) silentVantages() []report.NotChecked {
	type silence struct{ from, why string }
	flows := map[silence]int{}
	for _, m := range c.facts.Matrices {
		for _, row := range m.Rows {
			if row.NotRun != "" {
				flows[silence{row.From.String(), row.NotRun}]++
			}
		}
	}
	var out []report.NotChecked
	for s, n := range flows {
		out = append(out, report.NotChecked{What: fmt.Sprintf("from %s (%s)", s.from, figures.Count(n, "flow")), Why: s.why})
	}
	return sorted(out)
}

func (c *trial) silentHosts() []report.NotChecked {
	var out []report.NotChecked
	for _, h := range c.facts.Hosts {
		what := fmt.Sprintf("host %s, %s look", h.Node, h.Look)
		if h.NotRun != "" {
			out = append(out, report.NotChecked{What: what, Why: h.NotRun})
			continue
		}
		for _, e := range h.Errors {
			out = append(out, report.NotChecked{What: what + ", " + e.What, Why: e.Says})
		}
	}
	return sorted(out)
}

func (c *trial) silentFlows() []report.NotChecked {
	var out []report.NotChecked
	for _, f := range c.flows() {
		if c.facts.Matrix(f) == nil {
			out = append(out, report.NotChecked{What: titleOf(f), Why: c.unobserved()})
		}
	}
	for _, m := range c.facts.Matrices {
		if m.NotRun != "" {
			out = append(out, report.NotChecked{What: titleOf(m.Flow), Why: m.NotRun})
		}
	}
	return sorted(out)
}

// replicasWithoutAddress are asked for by the coverage, and cannot be probed.
func (c *trial) replicasWithoutAddress() []report.NotChecked {
	var out []report.NotChecked
	for _, p := range c.facts.Cluster.DNSPods {
		if len(p.Addrs) == 0 {
			out = append(out, report.NotChecked{What: "DNS replica " + p.Name, Why: "it had no address when the run began"})
		}
	}
	return sorted(out)
}

func (c *trial) unobserved() string {
	if c.facts.Run.Incomplete != "" {
		return c.facts.Run.Incomplete
	}
	return "the facts hold nothing of it"
}

func (c *trial) notSelected() []report.NotChecked {
	var out []report.NotChecked
	for _, id := range c.missing {
		out = append(out, report.NotChecked{What: id, Why: "this version of the suite has no such check"})
	}
	if len(c.others) > 0 {
		out = append(out, report.NotChecked{
			What: figures.Count(len(c.others), "other check"),
			Why:  "not selected: " + strings.Join(c.others, ", "),
		})
	}
	return out
}

func sorted(list []report.NotChecked) []report.NotChecked {
	slices.SortFunc(list, func(a, b report.NotChecked) int {
		return cmp.Or(cmp.Compare(a.What, b.What), cmp.Compare(a.Why, b.Why))
	})
	return slices.Compact(list)
}
