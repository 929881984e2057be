package reach_test

import (
	"net/netip"
	"strings"
	"testing"

	"github.com/plumbline-net/plumbline/framework/check"
	"github.com/plumbline-net/plumbline/framework/facts"
	"github.com/plumbline-net/plumbline/framework/facts/factstest"
	"github.com/plumbline-net/plumbline/suites/reach"
)

// TestAGatewayThatIsStillTentativeIsNoFault: an IPv6 address answers only when duplicate
// address detection is over (RFC 4862, 5.4).
func TestAGatewayThatIsStillTentativeIsNoFault(t *testing.T) {
	for _, tentative := range []bool{false, true} {
		s := snapshot()
		for i := range s.Matrices {
			m := &s.Matrices[i]
			for j, target := range m.Targets {
				if m.Flow.To == facts.ToGateway && target.Node == "n2" {
					for _, row := range m.Rows {
						factstest.Set(s, m.Flow.Key(), row.From.String(), m.Targets[j].ID, facts.Cell{Outcome: facts.Timeout}, nil)
					}
				}
			}
		}
		h := s.Host("n2", facts.Last)
		for i := range h.Interfaces {
			if tentative && h.Interfaces[i].Name == "cni0" {
				h.Interfaces[i].Tentative = append([]netip.Prefix{}, h.Interfaces[i].Addrs...)
			}
		}
		r := reach.Gateway().Evaluate(s)
		if hurt := r.Verdict == check.Fail || r.Verdict == check.Warn; hurt == tentative {
			t.Errorf("tentative %v: %s, %s", tentative, r.Verdict, strings.TrimSpace(r.Why))
		}
	}
}
