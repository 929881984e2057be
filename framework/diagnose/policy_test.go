package diagnose

import (
	"strings"
	"testing"

	"github.com/plumbline-net/plumbline/framework/check"
	"github.com/plumbline-net/plumbline/framework/facts"
	"github.com/plumbline-net/plumbline/framework/facts/factstest"
)

// stopPods makes every connection of the probe pods fail that a policy of both
// directions stops, and gives a failing finding with these pairs.
func stopPods(s *facts.Snapshot, outcome facts.Outcome) []Judged {
	h := held{ingress: true, egress: true}
	f := check.Finding{Subject: "all nodes", Verdict: check.Fail, Says: "the pods reach nothing", Nodes: []string{}}
	for i := range s.Matrices {
		m := &s.Matrices[i]
		for r := range m.Rows {
			for k, t := range m.Targets {
				if k < len(m.Rows[r].Cells) && h.covers(m.Flow, m.Rows[r].From, t) && m.Flow.Look == facts.Main {
					m.Rows[r].Cells[k] = facts.Cell{Outcome: outcome}
					f.Pairs = append(f.Pairs, check.Pair{From: m.Rows[r].From.String(), To: t.ID, Flow: m.Flow.Key()})
				}
			}
		}
	}
	return []Judged{{ID: "reach/pod-to-pod", Result: check.Result{Verdict: check.Fail, Findings: []check.Finding{f}}}}
}

func denyAll() facts.Policy {
	return facts.Policy{
		Group: "networking.k8s.io", Kind: "NetworkPolicy", Resource: "networkpolicies", Namespace: "np", Name: "default-deny",
		Selector: "pods: all", Ingress: facts.RestrictAll, Egress: facts.RestrictAll,
	}
}

func TestAPolicyThatTheAPIServerListsIsNamed(t *testing.T) {
	s := factstest.Healthy(3)
	judged := stopPods(s, facts.Timeout)
	s.Cluster.Policies = &facts.Policies{Selecting: []facts.Policy{denyAll()}}
	d := Find(s, judged)
	if len(d.Causes) != 1 || d.Causes[0].ID != "policy-in-the-way" || d.Causes[0].Verdict != check.Unknown || len(d.Open) != 0 {
		t.Fatalf("%+v, open %+v", d.Causes, d.Open)
	}
	c := d.Causes[0]
	if !strings.Contains(c.Says, "NetworkPolicy np/default-deny") || !strings.Contains(c.Key, "np/default-deny") {
		t.Error(c.Key, c.Says)
	}
	if d.Withheld[Place{"reach/pod-to-pod", 0}] != c.Key {
		t.Errorf("withheld: %v", d.Withheld)
	}
	for _, step := range c.Remedy {
		if strings.Contains(step.Command, "delete") {
			t.Errorf("a step deletes: %s", step.Command)
		}
	}
}

func TestAPolicyIsNotBlamedWhereItStopsNothing(t *testing.T) {
	s := factstest.Healthy(3)
	judged := stopPods(s, facts.Timeout)
	s.Cluster.Policies = &facts.Policies{Selecting: []facts.Policy{denyAll()}}
	for i := range s.Matrices { // all but one node reach each other's pods: nothing enforces the policy
		m := &s.Matrices[i]
		if !plainPods(m.Flow) {
			continue
		}
		for r := range m.Rows {
			for k, to := range m.Targets {
				if m.Rows[r].From.Node != "n3" && to.Node != "n3" {
					m.Rows[r].Cells[k] = facts.Cell{Outcome: facts.OK}
				}
			}
		}
	}
	if d := Find(s, judged); len(d.Withheld) != 0 || len(d.Causes) > 0 && d.Causes[0].ID == "policy-in-the-way" {
		t.Errorf("%+v", d.Causes)
	}
}

func TestTheShapeAloneIsAPolicyOnlyWhereNobodyListedThem(t *testing.T) {
	s := factstest.Healthy(3)
	judged := stopPods(s, facts.Timeout)
	if d := Find(s, judged); len(d.Causes) != 1 || d.Causes[0].ID != "policy-in-the-way" || d.Causes[0].Certainty != "fits the pattern" {
		t.Fatalf("%+v", d.Causes)
	}
	s.Cluster.Policies = &facts.Policies{}
	if d := Find(s, judged); len(d.Withheld) != 0 {
		t.Errorf("there is no policy: %+v", d.Causes)
	}
	s.Cluster.Policies = nil
	for i := range s.Matrices { // hosts fail, too: that is no policy of pods
		if f := s.Matrices[i].Flow; f.From == facts.FromHost && f.To == facts.ToHost {
			s.Matrices[i].Rows[0].Cells[1] = facts.Cell{Outcome: facts.Timeout}
		}
	}
	if d := Find(s, judged); len(d.Withheld) != 0 {
		t.Errorf("hosts fail, too: %+v", d.Causes)
	}
}
