package reach_test

import (
	"net/netip"
	"strings"
	"testing"

	"github.com/plumbline-net/plumbline/framework/check"
	"github.com/plumbline-net/plumbline/framework/facts"
	"github.com/plumbline-net/plumbline/framework/facts/factstest"
	"github.com/plumbline-net/plumbline/framework/topology"
	"github.com/plumbline-net/plumbline/suites/reach"
)

// kata asks for a RuntimeClass, and gives every node a probe pod of it and its answers.
func kata(s *facts.Snapshot) *facts.Snapshot {
	s.Run.Config = &facts.Config{RuntimeClasses: []string{"kata"}}
	for i := range s.Nodes {
		n := &s.Nodes[i]
		agent := n.PodAgent
		agent.Pod, agent.Addrs, agent.ResolvConf, agent.Startup = "plumbline-kata-"+n.Name, nil, nil, nil
		for _, a := range n.PodAgent.Addrs {
			agent.Addrs = append(agent.Addrs, a.Next())
		}
		n.RuntimeAgents = []facts.RuntimeAgent{{Class: "kata", Agent: agent}}
	}
	for _, f := range reach.RuntimeClass().Ask(check.ScopeOf(s)) {
		s.Matrices = append(s.Matrices, answered(s, f))
	}
	return s
}

func answered(s *facts.Snapshot, f facts.Flow) facts.Matrix {
	targets, why := topology.Targets(s, f)
	m := facts.Matrix{Flow: f, Targets: targets, NotRun: why}
	for _, v := range topology.Vantages(s, f.From) {
		row := facts.Row{From: v}
		for range targets {
			row.Cells = append(row.Cells, facts.Cell{Outcome: f.Via.Right(), RTT: 256})
		}
		m.Rows = append(m.Rows, row)
	}
	return m
}

// notReady is a node whose runtime does not know the class.
func notReady(s *facts.Snapshot, nodes ...string) {
	for _, n := range nodes {
		s.Node(n).RuntimeAgents[0].Agent = facts.Agent{Pod: "plumbline-kata-" + n, Trouble: []facts.Event{{
			Reason: "FailedCreatePodSandBox", Message: `no runtime for "kata" is configured`, Count: 3,
		}}}
	}
	for i := range s.Matrices {
		m := &s.Matrices[i]
		if m.Flow.From != facts.FromRuntime && m.Flow.To != facts.ToRuntime {
			continue
		}
		*m = answered(s, m.Flow)
		for j := range m.Rows {
			if r := &m.Rows[j]; r.From.Kind == facts.FromRuntime && !s.Node(r.From.Node).RuntimeAgents[0].Agent.Ready {
				*r = facts.Row{From: r.From, NotRun: "its probe pod is not ready"}
			}
		}
	}
}

func TestNoRuntimeClassIsAskedForByDefault(t *testing.T) {
	r := reach.RuntimeClass().Evaluate(snapshot())
	factstest.Expect(t, r, check.Skip, "the configuration names no RuntimeClass (runtimeClasses)")
	if flows := reach.RuntimeClass().Ask(check.ScopeOf(snapshot())); flows != nil {
		t.Errorf("asks %v", flows)
	}
}

func TestPodsOfARuntimeClassReachAndAreReached(t *testing.T) {
	factstest.Passes(t, []check.Check{reach.RuntimeClass()}, map[string]*facts.Snapshot{
		"three nodes": kata(snapshot()), "one node": kata(factstest.Healthy(1)), "IPv6 alone": kata(factstest.Healthy(2, facts.IPv6)),
		"dual stack": kata(factstest.Healthy(3, facts.IPv4, facts.IPv6)),
	})
}

func TestAClassThatDoesNotStartFailsInTheRuntimesOwnWords(t *testing.T) {
	s := kata(snapshot())
	notReady(s, "n3", "n2")
	r := reach.RuntimeClass().Evaluate(s)
	if r.Verdict != check.Fail || len(r.Findings) != 1 {
		t.Fatalf("%s %+v", r.Verdict, r.Findings)
	}
	const want = `no probe pod of RuntimeClass kata on n2, n3: FailedCreatePodSandBox: no runtime for "kata" is configured`
	if f := r.Findings[0]; f.Says != want || f.Remedy[1].Node != "n2" {
		t.Errorf("%+v", f)
	}
}

func TestAClassOfWhichNoPodWasPlacedIsUnknown(t *testing.T) {
	s := kata(snapshot())
	s.Node("n2").RuntimeAgents = nil
	r := reach.RuntimeClass().Evaluate(s)
	if r.Verdict != check.Unknown || !strings.Contains(r.Why, "none was placed") {
		t.Errorf("%s: %s", r.Verdict, r.Why)
	}
}

func TestAPodOfAClassThatIsNotReachedPointsAtItsNeighbourEntry(t *testing.T) {
	s := kata(snapshot())
	for _, via := range []string{"tcp", "udp"} {
		factstest.Letters(s, "pod>runtime/"+via+"/ipv4@main", ".T.", ".T.", ".T.")
	}
	r := reach.RuntimeClass().Evaluate(s)
	if r.Verdict != check.Fail || len(r.Findings) != 1 {
		t.Fatalf("%s %+v", r.Verdict, r.Findings)
	}
	f := r.Findings[0]
	addr := netip.MustParseAddr("10.244.2.3").String()
	if f.Subject != "n2 (kata) (n2)" && f.Subject != "n2 (kata)" || f.Remedy[0].Node != "n2" || !strings.Contains(f.Remedy[0].Command, addr) {
		t.Errorf("%q %+v", f.Subject, f.Remedy[0])
	}
}
