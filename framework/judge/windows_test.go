package judge

import (
	"testing"

	"github.com/plumbline-net/plumbline/framework/check"
	"github.com/plumbline-net/plumbline/framework/facts"
	"github.com/plumbline-net/plumbline/framework/facts/factstest"
	"github.com/plumbline-net/plumbline/reporters/report"
)

func TestANodeOfAnotherSystemIsLeftOutWithItsReason(t *testing.T) {
	const why = "its system is windows: the agents run on Linux only"
	s := factstest.Healthy(3)
	s.Nodes = append(s.Nodes, facts.Node{
		Name: "win1", System: "windows", Excluded: why, Internal: s.Nodes[0].Internal,
		Conditions: []facts.Condition{{Type: "Ready", Status: "True"}},
	})
	flow := factstest.Flow(podTCP)
	asks := made("a/asks", check.Core, pass())
	asks.Ask = func(check.Scope) []facts.Flow { return []facts.Flow{flow} }
	s.Matrices, s.Run.Checks = []facts.Matrix{*s.Matrix(flow)}, []string{"a/asks"}
	r := Judge(s, []check.Check{asks}, nil)
	if len(r.Coverage) != 1 || r.Coverage[0] != (report.Coverage{Kind: "pod → pod", Asked: 9, Answered: 9}) {
		t.Errorf("coverage %+v", r.Coverage)
	}
	found := false
	for _, n := range r.NotChecked {
		found = found || n == report.NotChecked{What: "node win1", Why: "excluded: " + why}
	}
	if !found || r.ExitStatus != 0 {
		t.Errorf("exit status %d, not checked %+v", r.ExitStatus, r.NotChecked)
	}
}
