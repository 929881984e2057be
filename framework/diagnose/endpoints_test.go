package diagnose

import (
	"testing"

	"github.com/plumbline-net/plumbline/framework/check"
	"github.com/plumbline-net/plumbline/framework/facts"
	"github.com/plumbline-net/plumbline/framework/facts/factstest"
)

// apiSilent makes the Service of the API server give no answer to pods of n2.
func apiSilent(s *facts.Snapshot) Judged {
	const key = "pod>api/tls/ipv4@main"
	m := s.Matrix(factstest.Flow(key))
	f := check.Finding{Subject: "n2", Nodes: []string{"n2"}, Says: "1 of 3 pairs times out: all from n2", Flow: key}
	for _, to := range m.Targets {
		factstest.Set(s, key, "pod/n2", to.ID, facts.Cell{Outcome: facts.Timeout}, nil)
		f.Pairs = append(f.Pairs, check.Pair{From: "pod/n2", To: to.ID})
	}
	return failed(serviceAPI, f)
}

func TestTheAPIAloneIsNotReached(t *testing.T) {
	s := factstest.Healthy(3)
	judged := apiSilent(s)
	c := find(t, Diagnose(s, []Judged{judged}), "api-unreachable")
	equal(t, c.Key, "api-unreachable/n2")
	contains(t, c.Says, "1 of 1 red pairs")
}

func TestTheAPIIsNotAloneWhereNoServiceIsReached(t *testing.T) {
	s := factstest.Healthy(3)
	judged := apiSilent(s)
	cut(s, func(f facts.Flow, from facts.Vantage, _ facts.Target) bool {
		return (f.To == facts.ToClusterIP || f.To == facts.ToDNSService) && from.Node == "n2"
	})
	if causes := Diagnose(s, []Judged{judged}); len(causes) != 0 {
		t.Errorf("got %s", said(causes))
	}
}
