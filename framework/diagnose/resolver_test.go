package diagnose

import (
	"strings"
	"testing"

	"github.com/plumbline-net/plumbline/framework/check"
	"github.com/plumbline-net/plumbline/framework/facts"
	"github.com/plumbline-net/plumbline/framework/facts/factstest"
	"github.com/plumbline-net/plumbline/reporters/report"
)

// replicaSilent makes a replica of the cluster DNS give no answer over UDP to the
// vantages that the test names, and gives the finding.
func replicaSilent(s *facts.Snapshot, asks func(facts.Vantage) bool) (Judged, facts.Target) {
	f := check.Finding{Subject: "replica", Nodes: []string{}, Says: "pairs time out"}
	var replica facts.Target
	for _, m := range s.Matrices {
		if m.Flow.To != facts.ToDNSReplica || m.Flow.Via != facts.DNSUDP || m.Flow.Look != facts.Main {
			continue
		}
		replica = m.Targets[0]
		for _, row := range m.Rows {
			if asks(row.From) {
				factstest.Set(s, m.Flow.Key(), row.From.String(), replica.ID, facts.Cell{Outcome: facts.Timeout}, nil)
				f.Pairs = append(f.Pairs, check.Pair{From: row.From.String(), To: replica.ID, Flow: m.Flow.Key()})
			}
		}
	}
	return failed("dns/replica", f), replica
}

func TestAReplicaThatAnswersNobodyIsNamed(t *testing.T) {
	s := factstest.Healthy(3)
	silent, replica := replicaSilent(s, func(facts.Vantage) bool { return true })
	causes := Diagnose(s, []Judged{silent})
	c := find(t, causes, "dns-replica-dead")
	name := strings.TrimPrefix(replica.ID, "dns/")
	contains(t, c.Says, replica.Node+": the replica "+name+" of the cluster DNS ("+replica.Addr.String()+") answers nobody over UDP")
	contains(t, c.Says, "it explains 6 of 6 red pairs")
	equal(t, string(c.Certainty), string(report.Fits))
	if len(causes) != 1 {
		t.Errorf("got %s", said(causes))
	}
}

func TestAReplicaIsNotDeadWhereSomebodyHearsItOrItsNodeIsNotReached(t *testing.T) {
	t.Run("its own node hears it", func(t *testing.T) {
		s := factstest.Healthy(3)
		silent, _ := replicaSilent(s, func(v facts.Vantage) bool { return v.Node == "n3" })
		if causes := Diagnose(s, []Judged{silent}); has(causes, "dns-replica-dead") {
			t.Errorf("got %s", said(causes))
		}
	})
	t.Run("no pod of its node is reached", func(t *testing.T) {
		s := factstest.Healthy(3)
		silent, replica := replicaSilent(s, func(facts.Vantage) bool { return true })
		cut(s, func(f facts.Flow, _ facts.Vantage, to facts.Target) bool {
			return f.To == facts.ToPod && to.Node == replica.Node
		})
		if causes := Diagnose(s, []Judged{silent}); has(causes, "dns-replica-dead") {
			t.Errorf("got %s", said(causes))
		}
	})
	t.Run("a rule is known to drop its questions", func(t *testing.T) {
		s := factstest.Healthy(3)
		silent, replica := replicaSilent(s, func(facts.Vantage) bool { return true })
		rule := about(replica.Node, "rule 1 dropped 167 packets: -A POSTROUTING -d "+replica.Addr.String()+"/32 -p udp --dport 53 -j DROP")
		if causes := Diagnose(s, []Judged{silent, failed(firewallDrops, rule)}); len(causes) != 1 || causes[0].ID != "rule-drops" {
			t.Errorf("got %s", said(causes))
		}
	})
}

func TestADeadUpstreamIsToldWithAResolverThatAnswers(t *testing.T) {
	f := check.Finding{
		Subject: "store.example", Nodes: []string{}, Says: "store.example resolves for no pod: at fault is the upstream to which the cluster DNS forwards, or its way there",
		Evidence: []check.Evidence{{Node: "n1", Source: "DNS host/n1 → resolver 10.0.0.1:53, store.example. A", Text: "answered"}},
		Remedy:   []check.Remedy{{Text: "Name a resolver that answers", Command: "kubectl -n kube-system edit configmap coredns"}, {Purpose: check.Verify, Text: "check"}},
	}
	c := find(t, Diagnose(factstest.Healthy(3), []Judged{failed("dns/external", f)}), "dns-upstream-dead")
	if len(c.Remedy) != 2 || len(c.Nodes) != 0 {
		t.Fatalf("got %+v of %v", c.Remedy, c.Nodes)
	}
	equal(t, c.Remedy[0].Text, "Name a resolver that answers: 10.0.0.1 did when n1 asked it")
	gone := f
	gone.Says = "the name store.example does not exist: the cluster DNS and the hosts' resolver say so alike"
	if causes := Diagnose(factstest.Healthy(3), []Judged{failed("dns/external", gone)}); len(causes) != 0 {
		t.Errorf("a name that does not exist is nobody's fault: %s", said(causes))
	}
}
