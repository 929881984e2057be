package suites_test

import (
	"slices"

	"github.com/plumbline-net/plumbline/framework/check"
	"github.com/plumbline-net/plumbline/framework/facts"
	"github.com/plumbline-net/plumbline/framework/facts/factstest"
)

// guardedBy matches what the plugin of a node has to decide.
func guardedBy(node string) func(facts.Vantage, facts.Flow, facts.Target) bool {
	return func(from facts.Vantage, f facts.Flow, to facts.Target) bool {
		return f.To == facts.ToPod && (to.Class == facts.PodsGuarded && to.Node == node || from.Class == facts.PodsGuarded && from.Node == node && to.Class == facts.PodsOpen)
	}
}

func enforcing(change func(*facts.Snapshot)) func(*facts.Snapshot) {
	return func(s *facts.Snapshot) {
		factstest.Enforcing(s)
		if change != nil {
			change(s)
		}
	}
}

// open lets everything pass at one node in a stage, as where its agent hangs.
func open(stage facts.StageName, node string) func(*facts.Snapshot) {
	return enforcing(func(s *facts.Snapshot) {
		factstest.PolicyCells(s, stage, guardedBy(node), facts.OK)
		s.PolicyTrial.Stage(stage).Settled, s.PolicyTrial.Stage(stage).Waited = 0, 40_300
	})
}

func brokenOff(s *facts.Snapshot) {
	s.PolicyTrial = &facts.PolicyTrial{NotRun: "creating NetworkPolicy plumbline-deny: forbidden"}
}

func idle(s *facts.Snapshot) {
	s.PolicyTrial = &facts.PolicyTrial{Unenforced: "flannel does not enforce NetworkPolicy"}
}

func someExist(s *facts.Snapshot) {
	idle(s)
	s.Cluster.Policies = &facts.Policies{Kinds: []facts.PolicyKind{{
		Group: "networking.k8s.io", Version: "v1", Kind: "NetworkPolicy", Count: 2, Namespaces: 1, Names: []string{"shop/db", "shop/default-deny"},
	}}}
}

// denied has policies that select the suite's pods, so that nothing was tried.
func denied(policies ...facts.Policy) func(*facts.Snapshot) {
	return func(s *facts.Snapshot) {
		s.Matrices = factstest.Healthy(3).Matrices // what the pods reached all the same
		s.PolicyTrial = &facts.PolicyTrial{NotRun: "NetworkPolicy shop/default-deny selects pods of the suite already"}
		s.Cluster.Policies = &facts.Policies{Selecting: policies, Kinds: []facts.PolicyKind{{
			Group: "networking.k8s.io", Version: "v1", Kind: "NetworkPolicy", Count: 1, Namespaces: 1, Names: []string{"shop/default-deny"},
		}}}
	}
}

func denyAll() facts.Policy {
	return facts.Policy{
		Group: "networking.k8s.io", Kind: "NetworkPolicy", Resource: "networkpolicies", Namespace: "shop", Name: "default-deny", Ingress: facts.RestrictAll,
	}
}

func permitting() facts.Policy {
	p := denyAll()
	p.Name, p.Ingress = "permit", facts.RestrictRules
	return p
}

// oneLost has one connection between nodes fail.
func oneLost(s *facts.Snapshot) {
	denied(denyAll())(s)
	m := s.Matrix(factstest.Flow("pod>pod/tcp/ipv4@main"))
	m.Rows[0].Cells[slices.IndexFunc(m.Targets, func(t facts.Target) bool { return t.Node != m.Rows[0].From.Node })].Outcome = facts.Timeout
}

func policyFaults() []spoiled {
	lost := func(id string) spoiled {
		return spoiled{name: "the trial broke off", check: id, verdict: check.Unknown, record: "unknown", spoil: brokenOff, says: []string{"forbidden"}}
	}
	well := func(id, says string) spoiled {
		return spoiled{name: "as the policies say", check: id, verdict: check.Pass, record: "pass", spoil: enforcing(nil), says: []string{says}}
	}
	leaks := func(id string, stage facts.StageName, says string) spoiled {
		return spoiled{name: "one node enforces nothing", check: id, verdict: check.Fail, record: "fail", spoil: open(stage, "n3"), says: []string{says, `"nodes":["n3"]`}}
	}
	const enforced, block = "policy/enforced", "policy/allow-ipblock"
	out := []spoiled{
		well(enforced, "in force on all nodes within 1.2 s"), lost(enforced),
		{name: "a policy that denies all stops nothing", check: enforced, verdict: check.Warn, spoil: denied(denyAll()), says: []string{"6 of 6 between nodes passed"}},
		{name: "another policy permits", check: enforced, verdict: check.Unknown, spoil: denied(denyAll(), permitting()), says: []string{"selects pods of the suite"}},
		{name: "a policy that denies all, and a connection that fails", check: enforced, verdict: check.Unknown, spoil: oneLost, says: []string{"selects pods"}},
		leaks(enforced, facts.StageDenied, "still pass, which a policy denies, 40.3 s after"),
		{name: "flannel, no policy", check: enforced, verdict: check.Skip, spoil: idle, says: []string{"flannel does not enforce NetworkPolicy"}},
		{name: "flannel, policies that do nothing", check: enforced, verdict: check.Warn, spoil: someExist, says: []string{"2 NetworkPolicies in 1 namespace do nothing: shop/db, shop/default-deny"}},
		{name: "found by trying", check: enforced, verdict: check.Skip, says: []string{"none of 99 connections"}, spoil: enforcing(func(s *facts.Snapshot) {
			factstest.PolicyCells(s, facts.StageDenied, func(facts.Vantage, facts.Flow, facts.Target) bool { return true }, facts.OK)
		})},
		{name: "a pair that is broken anyway is no proof", check: "policy/ingress-deny", verdict: check.Pass, says: []string{"not judged here"}, spoil: enforcing(func(s *facts.Snapshot) {
			cut := func(from facts.Vantage, _ facts.Flow, to facts.Target) bool {
				return from.Node == "n1" && to.Node == "n2"
			}
			for i := range s.PolicyTrial.Stages {
				factstest.PolicyCells(s, s.PolicyTrial.Stages[i].Name, cut, facts.Timeout)
			}
		})},
		{name: "no pod is permitted by its address", check: block, verdict: check.Skip, says: []string{"outside the cluster only"}, spoil: enforcing(func(s *facts.Snapshot) {
			factstest.PolicyCells(s, facts.StagePermitted, func(from facts.Vantage, f facts.Flow, to facts.Target) bool {
				return facts.RuleOf(to.Port) == facts.RuleIPBlock && to.Class == facts.PodsGuarded && from.Node != to.Node || facts.RuleOf(to.Port) == facts.RuleIPBlock && from.Class != to.Class
			}, facts.Timeout)
		})},
		{name: "deleted, and still stopped at one node", check: "policy/removed", verdict: check.Fail, record: "fail", says: []string{"are stopped, which a policy permits", `"nodes":["n3"]`}, spoil: enforcing(func(s *facts.Snapshot) {
			factstest.PolicyCells(s, facts.StageRemoved, guardedBy("n3"), facts.Timeout)
			s.PolicyTrial.Stage(facts.StageRemoved).Settled = 0
		})},
		{name: "no answers from the DNS", check: "policy/dns", verdict: check.Fail, record: "fail", says: []string{"are stopped, which a policy permits"}, spoil: enforcing(func(s *facts.Snapshot) {
			factstest.PolicyCells(s, facts.StagePermitted, func(from facts.Vantage, f facts.Flow, _ facts.Target) bool {
				return f.To != facts.ToPod && from.Class == facts.PodsGuarded && from.Node == "n2"
			}, facts.Timeout)
		})},
		well("policy/removed", "pass again"), lost("policy/removed"), well("policy/dns", "the cluster DNS alone"), lost("policy/dns"),
	}
	for _, c := range []struct {
		id    string
		stage facts.StageName
	}{
		{"policy/ingress-deny", facts.StageDenied},
		{"policy/egress-deny", facts.StageDenied},
		{"policy/allow-pods", facts.StagePermitted},
		{"policy/allow-namespace", facts.StagePermitted},
		{"policy/allow-port", facts.StagePermitted},
		{block, facts.StagePermitted},
	} {
		out = append(out, well(c.id, "connections"), lost(c.id), leaks(c.id, c.stage, "still pass, which a policy denies"))
	}
	return out
}
