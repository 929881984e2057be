package suites_test

import (
	"strings"
	"testing"

	"github.com/plumbline-net/plumbline/framework/check"
	"github.com/plumbline-net/plumbline/framework/facts/factstest"
	"github.com/plumbline-net/plumbline/suites"
)

// TestASingleNodeLeavesNothingUnknown: a cluster of one node is a whole cluster.
func TestASingleNodeLeavesNothingUnknown(t *testing.T) {
	for _, c := range suites.All() {
		if r := c.Evaluate(factstest.Healthy(1)); r.Verdict != check.Pass && r.Verdict != check.Skip {
			t.Errorf("%s is judged %s: %s %+v", c.ID, r.Verdict, r.Why, r.Findings)
		}
	}
}

func TestARuleThatStopsThePodsOfASingleNodeIsFound(t *testing.T) {
	s := factstest.Healthy(1)
	rule(s, "n1", "-A FORWARD -j REJECT --reject-with icmp-host-prohibited")
	k, _ := suites.ByID("firewall/forward")
	r := k.Evaluate(s)
	if r.Verdict != check.Fail || !strings.Contains(r.Findings[0].Says, "chain FORWARD, rule 1") {
		t.Fatalf("judged %s: %+v", r.Verdict, r.Findings)
	}
	if says := r.Findings[0].Says; strings.Contains(says, "other nodes") {
		t.Errorf("there is no other node: %s", says)
	}
}
