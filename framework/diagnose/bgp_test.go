package diagnose

import (
	"net/netip"
	"slices"
	"testing"

	"github.com/plumbline-net/plumbline/framework/check"
	"github.com/plumbline-net/plumbline/framework/facts"
	"github.com/plumbline-net/plumbline/framework/facts/factstest"
)

// withBGP is a healthy cluster of three nodes whose routes come by BGP: each leads
// to the peer's host.
func withBGP() *facts.Snapshot {
	s := factstest.Healthy(3)
	s.Cluster.CNI, s.Cluster.CNIPods, s.Cluster.CNIPodsLast, s.Cluster.CNILogs = "kube-router", nil, nil, nil
	hosts := map[netip.Prefix]netip.Addr{}
	for i := range s.Nodes {
		s.Nodes[i].Published = nil
		for _, p := range s.Nodes[i].PodCIDRs {
			hosts[p.Masked()] = s.Nodes[i].Internal[0]
		}
	}
	for i := range s.Hosts {
		h := &s.Hosts[i]
		h.Interfaces = slices.DeleteFunc(slices.Clone(h.Interfaces), func(i facts.Interface) bool { return i.Vxlan != nil })
		h.Routes = slices.Clone(h.Routes)
		for j, r := range h.Routes {
			if host, ok := hosts[r.Dst]; ok && r.Gateway.IsValid() {
				h.Routes[j].Gateway, h.Routes[j].Dev = host, "eth0"
			}
		}
	}
	return s
}

// unroute takes one node's route to another's pods away.
func unroute(s *facts.Snapshot, node, peer string) {
	for i := range s.Hosts {
		if h := &s.Hosts[i]; h.Node == node {
			h.Routes = slices.DeleteFunc(h.Routes, func(r facts.Route) bool { return slices.Contains(s.Node(peer).PodCIDRs, r.Dst) })
		}
	}
}

func lacksRoute(node, peer string) check.Finding {
	return check.Finding{Subject: node + " → " + peer, Nodes: []string{node}, Verdict: check.Fail, Says: "no route to the pods of " + peer}
}

func TestRoutesMissingAtBothEndsAreASessionThatIsDown(t *testing.T) {
	s := withBGP()
	judged := []Judged{{ID: routePodCIDR, Result: check.Result{Verdict: check.Fail, Findings: []check.Finding{lacksRoute("n3", "n1"), lacksRoute("n3", "n2"), lacksRoute("n1", "n3"), lacksRoute("n2", "n3")}}}}
	for _, p := range []string{"n1", "n2"} {
		unroute(s, "n3", p)
		unroute(s, p, "n3")
	}
	causes := Diagnose(s, judged)
	if len(causes) != 1 || causes[0].ID != "bgp-down" || !slices.Equal(causes[0].Nodes, []string{"n3"}) {
		t.Fatalf("%+v", causes)
	}
}

func TestARouteMissingAtOneEndWasDeletedThere(t *testing.T) {
	s := withBGP()
	unroute(s, "n3", "n1")
	causes := Diagnose(s, []Judged{{ID: routePodCIDR, Result: check.Result{Verdict: check.Fail, Findings: []check.Finding{lacksRoute("n3", "n1")}}}})
	if len(causes) != 1 || causes[0].ID != "route-missing" {
		t.Fatalf("%+v", causes)
	}
}

func TestWithoutBGPNoSessionIsDown(t *testing.T) {
	s := withBGP()
	s.Cluster.CNI = "kindnet"
	unroute(s, "n3", "n1")
	unroute(s, "n1", "n3")
	for _, c := range Diagnose(s, []Judged{{ID: routePodCIDR, Result: check.Result{Verdict: check.Fail, Findings: []check.Finding{lacksRoute("n3", "n1"), lacksRoute("n1", "n3")}}}}) {
		if c.ID != "route-missing" {
			t.Errorf("%+v", c)
		}
	}
}
