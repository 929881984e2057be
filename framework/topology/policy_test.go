package topology_test

import (
	"testing"

	"github.com/plumbline-net/plumbline/framework/facts"
	"github.com/plumbline-net/plumbline/framework/facts/factstest"
	"github.com/plumbline-net/plumbline/framework/topology"
)

func TestEveryPairOfTheTrialIsTriedAndIsAsThePoliciesSay(t *testing.T) {
	s := factstest.Healthy(3, facts.IPv4, facts.IPv6)
	factstest.Enforcing(s)
	plan := topology.PolicyPlan(s)
	ports := len(facts.PolicyRules()) + 1
	for _, p := range plan {
		if p.Flow.To == facts.ToPod && len(p.Targets) != 3*ports {
			t.Errorf("%s has %d targets", p.Flow.Key(), len(p.Targets))
		}
	}
	if len(plan) < 3 {
		t.Errorf("%d flows for two families and the DNS", len(plan))
	}
	for _, stage := range s.PolicyTrial.Stages {
		if unmet, met := topology.PolicyUnmet(stage.Name, stage.Matrices); unmet != 0 || met == 0 {
			t.Errorf("%s: %d are not as the policies say, %d are", stage.Name, unmet, met)
		}
	}
	denied := s.PolicyTrial.Stage(facts.StageDenied)
	if unmet, _ := topology.PolicyUnmet(facts.StageOpen, denied.Matrices); unmet == 0 {
		t.Error("what a policy stops is as without one")
	}
	if stopped, of := topology.PolicyStopped(facts.StageDenied, denied.Matrices); stopped != of || of == 0 {
		t.Errorf("%d of %d are stopped", stopped, of)
	}
}

func TestALargeClusterIsSpread(t *testing.T) {
	s := factstest.Healthy(40)
	factstest.Enforcing(s)
	if got := len(topology.PolicyPlan(s)[0].Targets); got != 32*(len(facts.PolicyRules())+1) {
		t.Errorf("%d targets", got)
	}
}

func TestOnlyWhatFailsTwiceIsStopped(t *testing.T) {
	round := func(outcomes ...facts.Outcome) []facts.Matrix {
		row := facts.Row{From: facts.Vantage{Kind: facts.FromPod, Node: "n1", Class: facts.PodsOpen}}
		for _, o := range outcomes {
			row.Cells = append(row.Cells, facts.Cell{Outcome: o})
		}
		return []facts.Matrix{{Rows: []facts.Row{row}}}
	}
	before, now := round(facts.OK, facts.Timeout, facts.OK), round(facts.Timeout, facts.OK, facts.OK)
	got := topology.EitherRound(before, now)[0].Rows[0].Cells
	for i, c := range got {
		if c.Outcome != facts.OK {
			t.Errorf("cell %d is %s", i, c.Outcome)
		}
	}
	if now[0].Rows[0].Cells[0].Outcome != facts.Timeout {
		t.Error("the round itself was changed")
	}
	if got := topology.EitherRound(nil, now)[0].Rows[0].Cells[0].Outcome; got != facts.Timeout {
		t.Errorf("the first round alone: %s", got)
	}
}
