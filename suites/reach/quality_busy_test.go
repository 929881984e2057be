package reach_test

import (
	"strings"
	"testing"

	"github.com/plumbline-net/plumbline/framework/check"
	"github.com/plumbline-net/plumbline/framework/facts"
	"github.com/plumbline-net/plumbline/suites/reach"
)

// everywhere are all pairs between two nodes.
func everywhere(from, to string) bool { return from != to }

func overloaded(s *facts.Snapshot) {
	for i := range s.Hosts {
		s.Hosts[i].Load = &facts.Load{CPUs: 2, Load1: 150, Stall: map[string]float64{"cpu.some.avg10": 97}}
	}
}

func TestScatteredLossOnOverloadedHostsWarnsAndSaysSo(t *testing.T) {
	s := snapshot()
	eachSeries(s, everywhere, lose(2))
	if r := reach.Quality().Evaluate(s); r.Verdict != check.Fail {
		t.Fatalf("hosts with time: %s", r.Verdict)
	}
	overloaded(s)
	r := reach.Quality().Evaluate(s)
	if r.Verdict != check.Warn || !strings.Contains(r.Findings[0].Says, "are overloaded (CPU pressure 97 %, load 150 on 2 cores)") {
		t.Errorf("%s: %+v", r.Verdict, r.Findings)
	}
	if first := r.Findings[0].Remedy[0]; first.Purpose != check.Find || !strings.HasPrefix(first.Command, "ps -eo") {
		t.Errorf("the first step is %+v", first)
	}
}

func TestLossAtOneNodeFailsThoughAllAreOverloaded(t *testing.T) {
	s := snapshot()
	overloaded(s)
	eachSeries(s, crossing("n2"), lose(2))
	if r := reach.Quality().Evaluate(s); r.Verdict != check.Fail || strings.Contains(r.Findings[0].Says, "overloaded") {
		t.Errorf("%s: %+v", r.Verdict, r.Findings)
	}
}

// TestAQueueIsNamedOnlyWhereOneWasSeen: netem was advised against on machines that had none.
func TestAQueueIsNamedOnlyWhereOneWasSeen(t *testing.T) {
	for _, kind := range []string{"", "fq_codel", "netem", "tbf"} {
		for name, spoil := range map[string]func(*facts.Snapshot){
			"loss":  func(s *facts.Snapshot) { eachSeries(s, crossing("n2"), lose(2)) },
			"delay": func(s *facts.Snapshot) { slowNode(s, "n2", 52_000) },
		} {
			s := snapshot()
			spoil(s)
			if kind != "" {
				s.Host("n2", facts.Last).Qdiscs = map[string]string{"eth0": kind}
			}
			named, removed := false, false
			for _, step := range reach.Quality().Evaluate(s).Findings[0].Remedy {
				named = named || strings.Contains(step.Text+step.Command, "qdisc") || strings.Contains(step.Text+step.Command, "netem")
				removed = removed || step.Command == "tc qdisc del dev eth0 root"
			}
			if shapes := kind == "netem" || kind == "tbf"; named != shapes || removed != shapes {
				t.Errorf("%s with a queue %q: named %v, removed %v", name, kind, named, removed)
			}
		}
	}
}
