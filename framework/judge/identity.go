package judge

import (
	"net/netip"

	"github.com/plumbline-net/plumbline/framework/check"
	"github.com/plumbline-net/plumbline/framework/facts"
	"github.com/plumbline-net/plumbline/framework/recognise"
	"github.com/plumbline-net/plumbline/reporters/report"
)

func runOf(s *facts.Snapshot) report.Run {
	return report.Run{
		ID: s.Run.ID, Suite: s.Run.Suite,
		Started: s.Run.Started, Finished: s.Run.Finished,
		Millis:    max(0, int(s.Run.Finished.Sub(s.Run.Started).Milliseconds())),
		InCluster: s.Run.InCluster, FailOn: s.Run.FailOn, Profile: s.Run.Profile, Incomplete: s.Run.Incomplete, Problems: s.Run.Problems,
	}
}

func clusterOf(s *facts.Snapshot) report.Cluster {
	c := s.Cluster
	families := c.Families
	if families == nil {
		families = []facts.Family{}
	}
	return report.Cluster{
		Server: c.Server, Context: c.Context, UID: c.UID, Version: c.Version,
		Families: families, ProxyMode: recognise.ProxyMode(s), CNI: c.CNI, Recognised: recognise.All(s),
		PodCIDRs: texts(c.PodCIDRs), Services: texts(c.ServiceCIDR),
	}
}

func texts[T netip.Addr | netip.Prefix](values []T) []string {
	out := []string{}
	for _, v := range values {
		out = append(out, any(v).(interface{ String() string }).String())
	}
	return out
}

// nodes tells of every node what it is and what became of it in this run.
func (c *trial) nodes() []report.Node {
	out := []report.Node{}
	answered, failing := c.answered(), c.failing()
	for _, n := range c.facts.Nodes {
		status, why := c.status(n, answered[n.Name])
		role := "worker"
		if n.ControlPlane {
			role = "control-plane"
		}
		out = append(out, report.Node{
			Name: n.Name, Addresses: texts(n.Internal), PodCIDRs: texts(n.PodCIDRs), Role: role, Zone: n.Zone,
			Kernel: n.Kernel, OS: n.OS, Kubelet: n.Kubelet, Runtime: n.Runtime,
			Status: status, Why: why, Failing: failing[n.Name],
		})
	}
	return out
}

// The states of a node in a report.
const (
	tested      = "tested"
	excluded    = "excluded"
	notTestable = "not testable"
)

// status: a node counts as tested when at least one place on it answered.
func (c *trial) status(n facts.Node, answered bool) (status, why string) {
	switch {
	case n.Excluded != "":
		return excluded, n.Excluded
	case answered:
		return tested, ""
	}
	return notTestable, c.untestable(n)
}

// answered are the nodes from which anything was heard.
func (c *trial) answered() map[string]bool {
	out := map[string]bool{}
	for _, m := range c.facts.Matrices {
		for _, row := range m.Rows {
			if row.NotRun == "" {
				out[row.From.Node] = true
			}
		}
	}
	for _, h := range c.facts.Hosts {
		if h.NotRun == "" {
			out[h.Node] = true
		}
	}
	return out
}

func (c *trial) untestable(n facts.Node) string {
	for _, a := range []facts.Agent{n.NodeAgent, n.PodAgent} {
		for _, t := range a.Trouble {
			return t.Reason + ": " + t.Message
		}
		if a.NotRun != "" {
			return a.NotRun
		}
	}
	for _, m := range c.facts.Matrices {
		for _, row := range m.Rows {
			if row.From.Node == n.Name {
				return row.NotRun
			}
		}
	}
	if c.facts.Run.Incomplete != "" {
		return c.facts.Run.Incomplete
	}
	return "no place on this node answered"
}

// failing counts, per node, the findings that fail and name it.
func (c *trial) failing() map[string]int {
	out := map[string]int{}
	for _, k := range c.selected {
		for _, f := range c.results[k.ID].Findings {
			if f.Verdict != check.Fail {
				continue
			}
			for _, name := range f.Nodes {
				out[name]++
			}
		}
	}
	return out
}
