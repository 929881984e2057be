package diagnose

import (
	"strings"
	"testing"

	"github.com/plumbline-net/plumbline/framework/check"
	"github.com/plumbline-net/plumbline/framework/facts"
	"github.com/plumbline-net/plumbline/framework/facts/factstest"
)

// TestAFaultOfAllNodesIsACauseThoughItsFindingNamesNone; one that is about some of the
// pairs only stays without nodes.
func TestAFaultOfAllNodesIsACauseThoughItsFindingNamesNone(t *testing.T) {
	const flow = "pod>hairpin/tcp/ipv4@main"
	for _, tc := range []struct {
		name  string
		nodes []string
		want  string
	}{{"every node", []string{"n1", "n2", "n3"}, "n1 n2 n3"}, {"some nodes", []string{"n1", "n2"}, ""}} {
		t.Run(tc.name, func(t *testing.T) {
			s := factstest.Healthy(3)
			f := check.Finding{Subject: "all nodes", Verdict: check.Fail, Says: "no pod reaches itself through its own Service", Flow: flow}
			m := s.Matrix(factstest.Flow(flow))
			if m == nil {
				t.Fatal("there is no such matrix")
			}
			for _, n := range tc.nodes {
				for look := range s.Hosts {
					if h := &s.Hosts[look]; h.Node == n && h.Look == facts.Last {
						h.Interfaces = append(h.Interfaces, facts.Interface{Name: "vethx", Kind: "veth", Master: "cni0", HairpinOff: true})
					}
				}
				f.Evidence = append(f.Evidence, check.Evidence{Node: n, Source: bridgePorts + " of " + n, Text: "vethx hairpin off"})
				for _, target := range m.Targets {
					if target.Node == n || target.Node == "" {
						factstest.Set(s, flow, "pod/"+n, target.ID, facts.Cell{Outcome: facts.Timeout}, nil)
						f.Pairs = append(f.Pairs, check.Pair{From: "pod/" + n, To: target.ID})
					}
				}
			}
			causes := Diagnose(s, []Judged{failed("service/hairpin", f)})
			if tc.want == "" {
				if has(causes, hairpinOff) {
					t.Errorf("got %s", said(causes))
				}
				return
			}
			if c := find(t, causes, hairpinOff); strings.Join(c.Nodes, " ") != tc.want {
				t.Errorf("got %v", c.Nodes)
			}
		})
	}
}
