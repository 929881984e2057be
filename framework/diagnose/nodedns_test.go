package diagnose

import (
	"net/netip"
	"testing"

	"github.com/plumbline-net/plumbline/framework/check"
	"github.com/plumbline-net/plumbline/framework/facts"
	"github.com/plumbline-net/plumbline/framework/facts/factstest"
)

// cacheSilent gives the finding about a node whose cache answers none of some vantages.
func cacheSilent(s *facts.Snapshot, node string, asks func(facts.Vantage) bool) Judged {
	f := check.Finding{Subject: node, Nodes: []string{node}, Says: "places time out"}
	for _, m := range s.Matrices {
		if m.Flow.To != facts.ToNodeDNS {
			continue
		}
		for _, row := range m.Rows {
			if row.From.Node == node && asks(row.From) {
				factstest.Set(s, m.Flow.Key(), row.From.String(), m.Targets[0].ID, facts.Cell{Outcome: facts.Timeout}, nil)
				f.Pairs = append(f.Pairs, check.Pair{From: row.From.String(), To: m.Targets[0].ID, Flow: m.Flow.Key()})
			}
		}
	}
	return failed("dns/nameserver", f)
}

func withCache() *facts.Snapshot {
	s := factstest.Healthy(3)
	factstest.NodeCache(s, netip.MustParseAddr("169.254.25.10"))
	return s
}

func TestADeadNodeLocalCacheIsNamedWithItsNode(t *testing.T) {
	s := withCache()
	c := find(t, Diagnose(s, []Judged{cacheSilent(s, "n2", func(facts.Vantage) bool { return true })}), "node-dns-dead")
	contains(t, c.Says, "node-local DNS cache 169.254.25.10 does not respond on n2")
	contains(t, c.Says, "it explains 4 of 4 red pairs")
	if len(c.Nodes) != 1 || c.Nodes[0] != "n2" {
		t.Errorf("names %v", c.Nodes)
	}
}

func TestACacheThatAnswersItsHostIsNotDead(t *testing.T) {
	s := withCache()
	silent := cacheSilent(s, "n2", func(v facts.Vantage) bool { return v.Kind == facts.FromPod })
	if causes := Diagnose(s, []Judged{silent}); has(causes, "node-dns-dead") {
		t.Errorf("got %s", said(causes))
	}
}

func TestACacheIsNotDeadWhereNoReplicaIsReachedFromItsNode(t *testing.T) {
	s := withCache()
	silent := cacheSilent(s, "n2", func(facts.Vantage) bool { return true })
	cut(s, func(f facts.Flow, from facts.Vantage, _ facts.Target) bool {
		return f.To == facts.ToDNSReplica && from.Node == "n2"
	})
	if causes := Diagnose(s, []Judged{silent}); has(causes, "node-dns-dead") {
		t.Errorf("got %s", said(causes))
	}
}
