package diagnose

import (
	"testing"

	"github.com/plumbline-net/plumbline/framework/check"
	"github.com/plumbline-net/plumbline/framework/facts"
	"github.com/plumbline-net/plumbline/framework/facts/factstest"
	"github.com/plumbline-net/plumbline/reporters/report"
)

const (
	podsOut  = "pod>egress/connect/ipv4@main"
	hostsOut = "host>egress/connect/ipv4@main"
)

// asking is a cluster that asks for these targets, and gets what the test says.
func asking(targets []facts.EgressTarget, outcome func(facts.Vantage, facts.Target) facts.Outcome) (*facts.Snapshot, Judged) {
	s := factstest.Healthy(3)
	s.Run.Config = &facts.Config{Egress: targets}
	factstest.Add(s, podsOut, hostsOut)
	f := check.Finding{Subject: "targets", Nodes: []string{"n1", "n2", "n3"}, Says: "pairs of sender and target fail"}
	for _, key := range []string{podsOut, hostsOut} {
		m := s.Matrix(factstest.Flow(key))
		for _, row := range m.Rows {
			for _, to := range m.Targets {
				if o := outcome(row.From, to); o != facts.OK {
					factstest.Set(s, key, row.From.String(), to.ID, facts.Cell{Outcome: o}, nil)
					f.Pairs = append(f.Pairs, check.Pair{From: row.From.String(), To: to.ID, Flow: key})
				}
			}
		}
	}
	return s, failed(egressTargets, f)
}

func TestTargetsAreToldByTheWayInWhichTheyFail(t *testing.T) {
	targets := []facts.EgressTarget{{Host: "203.0.113.9", Port: 443}, {Host: "203.0.113.10", Port: 5432}}
	s, judged := asking(targets, func(_ facts.Vantage, to facts.Target) facts.Outcome {
		if to.Port == 443 {
			return facts.Refused
		}
		return facts.Timeout
	})
	causes := Diagnose(s, []Judged{judged})
	if len(causes) != 2 || !has(causes, "egress-target") {
		t.Fatalf("got %s", said(causes))
	}
	contains(t, said(causes), "egress-target/refused: 203.0.113.9:443 refuses the connection, from all pods and hosts that asked (6 pairs); it explains 6 of 12 red pairs")
	contains(t, said(causes), "egress-target/silent: 203.0.113.10:5432 gives no answer at all")
}

func TestATargetThatOneNodeAloneMissesIsNotAtFault(t *testing.T) {
	s, judged := asking([]facts.EgressTarget{{Host: "203.0.113.9", Port: 443}}, func(from facts.Vantage, _ facts.Target) facts.Outcome {
		if from.Node == "n2" {
			return facts.Timeout
		}
		return facts.OK
	})
	if causes := Diagnose(s, []Judged{judged}); len(causes) != 0 {
		t.Errorf("got %s", said(causes))
	}
}

func TestATargetOnANodeIsProvedByTheRuleThatCounted(t *testing.T) {
	s, judged := asking([]facts.EgressTarget{{Host: factstest.HostAddr(1, facts.IPv4).String(), Port: 2380}}, func(from facts.Vantage, _ facts.Target) facts.Outcome {
		if from.String() == "host/n1" {
			return facts.OK // by the loopback interface
		}
		return facts.Timeout
	})
	h := s.Host("n1", facts.Last)
	h.Firewall = append(h.Firewall, facts.Dump{Tool: "iptables-nft-save", Text: "*filter\n:INPUT ACCEPT [0:0]\n-A INPUT ! -i lo -p tcp -m tcp --dport 2380 -j DROP\nCOMMIT\n"})
	place := "iptables-nft, table filter, chain INPUT, rule 1"
	rule := about("n1", place+" dropped 261 packets: -A INPUT ! -i lo -p tcp -m tcp --dport 2380 -j DROP")
	rule.Evidence = []check.Evidence{{Node: "n1", Source: place, Text: "-A INPUT ! -i lo -p tcp -m tcp --dport 2380 -j DROP; counter 0 → 261"}}
	other := about("n1", "iptables-nft, table filter, chain INPUT, rule 2 dropped 9 packets: -A INPUT -p tcp --dport 9 -j DROP")
	causes := Diagnose(s, []Judged{judged, warned(firewallDrops, rule, other)})
	c := find(t, causes, "egress-target")
	equal(t, string(c.Certainty), string(report.Proved))
	equal(t, c.Nodes[0], "n1")
	contains(t, c.Says, "a rule of n1 takes the packets: iptables-nft-save, table filter, chain INPUT, rule 1: -A INPUT ! -i lo -p tcp -m tcp --dport 2380 -j DROP")
	equal(t, c.Remedy[0].Command, "iptables-nft -t filter -D INPUT ! -i lo -p tcp -m tcp --dport 2380 -j DROP")
	if len(c.Explains) != 2 || c.Explains[1].Findings != 1 {
		t.Errorf("explains %+v", c.Explains)
	}
}
