package judge

import (
	"cmp"
	"slices"

	"github.com/plumbline-net/plumbline/framework/check"
	"github.com/plumbline-net/plumbline/framework/facts"
	"github.com/plumbline-net/plumbline/framework/topology"
	"github.com/plumbline-net/plumbline/reporters/report"
)

// coverage counts, per kind of flow, the pairs that ought to have been probed
// and those that were. A node whose agent never came up still counts: what was
// not heard must not shrink the whole.
func (c *trial) coverage() []report.Coverage {
	perKind := map[string]*report.Coverage{}
	rank := map[string]int{}
	for _, f := range c.flows() {
		kind := kindOf(f)
		if perKind[kind] == nil {
			perKind[kind] = &report.Coverage{Kind: kind}
			rank[kind] = rankOf(f)
		}
		asked, answered := c.covered(f)
		perKind[kind].Asked += asked
		perKind[kind].Answered += answered
	}
	out := []report.Coverage{}
	for _, cover := range perKind {
		if cover.Asked > 0 {
			out = append(out, *cover)
		}
	}
	slices.SortFunc(out, func(a, b report.Coverage) int {
		return cmp.Or(cmp.Compare(rank[a.Kind], rank[b.Kind]), cmp.Compare(a.Kind, b.Kind))
	})
	return out
}

// rankOf is the order in which kinds are shown: pods before hosts, the plain
// ways before those through Services.
func rankOf(f facts.Flow) int {
	from := []facts.VantageKind{facts.FromPod, facts.FromHost, facts.FromRunner}
	to := []facts.TargetKind{
		facts.ToPod, facts.ToHost, facts.ToClusterIP, facts.ToNodePort, facts.ToAPI, facts.ToDNSReplica, facts.ToDNSService,
	}
	return slices.Index(to, f.To)*len(from) + slices.Index(from, f.From)
}

// flows are those that the selected checks ask and those that were observed,
// without those of checks that do not apply.
func (c *trial) flows() []facts.Flow {
	var asking []check.Check
	for _, k := range c.selected {
		if c.results[k.ID].Verdict != check.Skip {
			asking = append(asking, k)
		}
	}
	flows := topology.Flows(asking, c.scope)
	for _, m := range c.facts.Matrices {
		if len(m.Rows) > 0 && !slices.Contains(flows, m.Flow) {
			flows = append(flows, m.Flow)
		}
	}
	return flows
}

func (c *trial) covered(f facts.Flow) (asked, answered int) {
	rows, targets := c.expected(f)
	m := c.facts.Matrix(f)
	if f.To == facts.ToTunnel {
		defer func() { asked -= min(asked, rows) }() // nothing is sent to the own node
	}
	if m == nil {
		return rows * targets, 0
	}
	for _, row := range m.Rows {
		for i := range m.Targets {
			if cellAt(row, i).Outcome != facts.NotRun && !f.ToItself(row.From, m.Targets[i]) {
				answered++
			}
		}
	}
	rows = max(rows, len(m.Rows))
	return rows * max(targets, len(m.Targets)), answered
}

// expected is how many vantages and targets a flow has in this cluster when
// everything comes up.
func (c *trial) expected(f facts.Flow) (vantages, targets int) {
	if c.facts.Run.Unprivileged && f.AtHost() {
		return 0, 0 // by choice: nothing is asked from or of a host
	}
	return topology.Size{
		Nodes: len(c.facts.Selected()), DNSReplicas: len(c.facts.Cluster.DNSPods), Config: c.facts.Configured(),
	}.Of(f)
}
