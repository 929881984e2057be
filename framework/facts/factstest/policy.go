package factstest

import (
	"net/netip"
	"slices"

	"github.com/plumbline-net/plumbline/framework/facts"
	"github.com/plumbline-net/plumbline/framework/topology"
)

// Enforcing makes a healthy cluster one whose plugin enforces network policies, with
// a trial in which everything was as the policies say.
func Enforcing(s *facts.Snapshot) {
	s.Cluster.CNI = "kube-router"
	for i := range s.Nodes {
		for k, class := range facts.PolicyClasses() {
			var addrs []netip.Addr
			for _, family := range s.Cluster.Families {
				addr := PodAddr(i+1, family)
				for range k + 100 { // beside the probe pod
					addr = addr.Next()
				}
				addrs = append(addrs, addr)
			}
			s.Nodes[i].PolicyAgents = append(s.Nodes[i].PolicyAgents, facts.RuntimeAgent{Class: class, Agent: facts.Agent{
				Pod: "plumbline-policy-" + class + "-" + s.Nodes[i].Name, Addrs: addrs, Ready: true,
			}})
		}
	}
	t := &facts.PolicyTrial{}
	names := map[facts.StageName][]string{
		facts.StageDenied:    {"plumbline-deny"},
		facts.StagePermitted: {"plumbline-deny", "plumbline-permit-egress", "plumbline-permit-ingress"},
	}
	for _, name := range []facts.StageName{facts.StageOpen, facts.StageDenied, facts.StagePermitted, facts.StageRemoved} {
		t.Stages = append(t.Stages, facts.PolicyStage{
			Name: name, Policies: names[name], Settled: 1200, Waited: 2600, Rounds: 3, Matrices: asExpected(s, name),
		})
	}
	s.PolicyTrial = t
}

func asExpected(s *facts.Snapshot, stage facts.StageName) []facts.Matrix {
	var out []facts.Matrix
	for _, p := range topology.PolicyPlan(s) {
		m := facts.Matrix{Flow: p.Flow, Targets: p.Targets, Rows: []facts.Row{}}
		for _, class := range facts.PolicyClasses() {
			for _, n := range s.Selected() {
				row := facts.Row{From: facts.Vantage{Kind: facts.FromPod, Node: n.Name, Class: class}}
				for _, target := range p.Targets {
					cell := facts.Cell{Outcome: facts.OK, RTT: 400}
					if topology.PolicyExpects(stage, row.From, p.Flow, target) == topology.Stops {
						cell = facts.Cell{Outcome: facts.Timeout}
					}
					row.Cells = append(row.Cells, cell)
				}
				m.Rows = append(m.Rows, row)
			}
		}
		out = append(out, m)
	}
	return out
}

// PolicyCells changes the cells of a stage that a test picks.
func PolicyCells(s *facts.Snapshot, stage facts.StageName, picks func(from facts.Vantage, f facts.Flow, to facts.Target) bool, outcome facts.Outcome) {
	of := s.PolicyTrial.Stage(stage)
	for i := range of.Matrices {
		m := &of.Matrices[i]
		m.Rows = slices.Clone(m.Rows)
		for r := range m.Rows {
			for k, t := range m.Targets {
				if picks(m.Rows[r].From, m.Flow, t) {
					m.Rows[r].Cells[k] = facts.Cell{Outcome: outcome}
				}
			}
		}
	}
}
