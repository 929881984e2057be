package service_test

import (
	"strings"
	"testing"

	"github.com/plumbline-net/plumbline/framework/check"
	"github.com/plumbline-net/plumbline/framework/facts"
	"github.com/plumbline-net/plumbline/framework/facts/factstest"
	"github.com/plumbline-net/plumbline/suites/service"
)

// settles gives the rows of a node through the ClusterIP their time.
func settles(s *facts.Snapshot, node string, millis int) {
	for i := range s.Matrices {
		for j := range s.Matrices[i].Rows {
			if r := &s.Matrices[i].Rows[j]; s.Matrices[i].Flow.To == facts.ToClusterIP && r.From.Node == node {
				r.SettleMillis = millis
			}
		}
	}
}

func convergence(s *facts.Snapshot) check.Result { return service.Convergence().Evaluate(s) }

func TestTheTimesOfANewServiceAreTold(t *testing.T) {
	s := factstest.Healthy(3)
	s.Service.AgeMillis = 900
	settles(s, "n2", 600)
	factstest.Expect(t, convergence(s), check.Pass, "6 of 6 places are served by their node (TCP and UDP; IPv4; from pods and hosts); "+
		"time until served: median 0.9 s, slowest n2 1.5 s, n1 0.9 s, n3 0.9 s")
}

func TestANodeFarBehindIsAWarningThatNamesIt(t *testing.T) {
	s := factstest.Healthy(10)
	settles(s, "n4", 14_000)
	r := convergence(s)
	if r.Verdict != check.Warn || len(r.Findings) != 1 || r.Findings[0].Says != "n4 served the new Service only after 14.0 s; the typical node needed under 0.1 s" {
		t.Errorf("%s %+v", r.Verdict, r.Findings)
	}
	if m := r.Findings[0].Remedy[0]; m.Node != "n4" {
		t.Errorf("%+v", m)
	}
}

func TestNoNodeIsBehindWhereAllAreAlike(t *testing.T) {
	s := factstest.Healthy(3)
	for _, n := range s.Nodes {
		settles(s, n.Name, 20_000)
	}
	if r := convergence(s); r.Verdict != check.Pass || !strings.Contains(r.Why, "median 20.0 s") {
		t.Errorf("%s: %s %+v", r.Verdict, r.Why, r.Findings)
	}
}

func TestANodeThatNeverServesBreaksTraffic(t *testing.T) {
	s := factstest.Healthy(3)
	stale(s)
	r := convergence(s)
	if r.Verdict != check.Fail || len(r.Findings) != 1 {
		t.Fatalf("%s %+v", r.Verdict, r.Findings)
	}
	const want = "2 of 6 places are never served, though backends answer directly: all from n3 (TCP and UDP; IPv4; from pods and hosts)"
	if f := r.Findings[0]; f.Says != want || f.Remedy[0].Node != "n3" {
		t.Errorf("%+v", f)
	}
	if strings.Contains(r.Why, "n3 under") {
		t.Errorf("a node that never served has no time: %s", r.Why)
	}
}

func TestANodeThatReachesNoBackendSaysNothingAboutConvergence(t *testing.T) {
	s := factstest.Healthy(3)
	stale(s)
	factstest.Letters(s, "pod>pod/tcp/ipv4@main", "...", "...", "TTT")
	factstest.Letters(s, "host>pod/tcp/ipv4@main", "...", "...", "TTT")
	if r := convergence(s); r.Verdict != check.Pass || !strings.Contains(r.Why, "2 not judged here: no backend answers them directly either") {
		t.Errorf("%s: %s %+v", r.Verdict, r.Why, r.Findings)
	}
	factstest.Keep(s, "pod>clusterIP", "host>clusterIP")
	if r := convergence(s); r.Verdict != check.Unknown {
		t.Errorf("%s: %s", r.Verdict, r.Why)
	}
}
