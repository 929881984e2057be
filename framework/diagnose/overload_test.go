package diagnose

import (
	"strings"
	"testing"

	"github.com/plumbline-net/plumbline/framework/check"
	"github.com/plumbline-net/plumbline/framework/facts"
	"github.com/plumbline-net/plumbline/framework/facts/factstest"
	"github.com/plumbline-net/plumbline/reporters/report"
)

// overload leaves hosts without processor time at both looks.
func overload(s *facts.Snapshot, nodes ...string) {
	for _, n := range nodes {
		for _, look := range []facts.Look{facts.First, facts.Last} {
			l := s.Host(n, look).Load
			l.CPUs, l.Load1, l.Stall = 2, 150, map[string]float64{"cpu.some.avg10": 97}
		}
	}
}

// straggler is one connect of many that was lost between two nodes.
func straggler(from, to string) check.Finding {
	f := about(from, "1 of 40 connects from "+from+" to "+to+" were lost (pods, IPv4)")
	f.Nodes, f.Flow, f.Pairs = []string{from, to}, series, []check.Pair{{From: "pod/" + from, To: "pod/" + to}}
	return f
}

func TestSingleConnectsLostOnOverloadedHostsAreTheirOverload(t *testing.T) {
	s := factstest.Healthy(3)
	overload(s, "n1", "n2")
	causes := Diagnose(s, []Judged{warned(quality, straggler("n1", "n2"))})
	c := find(t, causes, "node-overloaded")
	equal(t, string(c.Certainty), string(report.Fits))
	equal(t, c.Verdict.String(), "warn")
	contains(t, c.Says, "n1, n2 are overloaded (CPU pressure 97 %, load 150 on 2 cores")
	if len(causes) != 1 || strings.Join(c.Nodes, " ") != "n1 n2" {
		t.Errorf("got %s on %v", said(causes), c.Nodes)
	}
}

func TestOverloadExplainsNoOtherLoss(t *testing.T) {
	for name, tc := range map[string]struct {
		judged Judged
		spoil  func(*facts.Snapshot)
	}{
		"hosts that have time":       {warned(quality, straggler("n1", "n2")), func(*facts.Snapshot) {}},
		"another host is overloaded": {warned(quality, straggler("n1", "n2")), func(s *facts.Snapshot) { overload(s, "n3") }},
		"only at one look":           {warned(quality, straggler("n1", "n2")), func(s *facts.Snapshot) { overload(s, "n1"); s.Host("n1", facts.First).Load = &facts.Load{CPUs: 2} }},
		"much is lost at one node":   {failed(quality, measuredLoss()), func(s *facts.Snapshot) { overload(s, "n1", "n2", "n3") }},
		"a rule drops a share of it": {warned(quality, straggler("n1", "n2")), func(s *facts.Snapshot) { overload(s, "n1", "n2"); nftTable(s, "lossy", eachOf33) }},
	} {
		t.Run(name, func(t *testing.T) {
			s := factstest.Healthy(3)
			tc.spoil(s)
			causes := Diagnose(s, []Judged{tc.judged})
			if has(causes, "node-overloaded") || !has(causes, "packet-loss") {
				t.Errorf("got %s", said(causes))
			}
		})
	}
}
