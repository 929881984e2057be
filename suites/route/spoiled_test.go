package route_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/plumbline-net/plumbline/framework/check"
	"github.com/plumbline-net/plumbline/framework/facts"
	"github.com/plumbline-net/plumbline/suites/route"
)

type spoil struct {
	name    string
	check   check.Check
	verdict check.Verdict
	change  func(*facts.Snapshot)
	says    []string // in the findings, in order; a part of each
}

func TestSpoiledRoutes(t *testing.T) {
	v4 := facts.IPv4
	for _, c := range []spoil{
		{"a route is missing on one node", route.PodCIDR(), check.Fail, del("n1", "10.244.3.0/24"), []string{"no route to 10.244.3.0/24 (the pods of n3)"}},
		{"all nodes miss the same", route.PodCIDR(), check.Fail, func(s *facts.Snapshot) {
			del("n1", "10.244.3.0/24")(s)
			del("n2", "10.244.3.0/24")(s)
		}, []string{"no route to 10.244.3.0/24 (the pods of n3); the same on n2"}},
		{"one node misses all", route.PodCIDR(), check.Fail, func(s *facts.Snapshot) {
			del("n1", "10.244.3.0/24")(s)
			del("n1", "10.244.2.0/24")(s)
		}, []string{"no route to 10.244.2.0/24 (the pods of n2); the same towards n3"}},
		{"another next hop", route.PodCIDR(), check.Fail, func(s *facts.Snapshot) {
			del("n1", "10.244.3.0/24")(s)
			add("n1", facts.Route{Dst: prefix("10.244.3.0/24"), Gateway: addr("10.244.2.0"), Dev: "flannel.1", Type: "unicast"})(s)
		}, []string{"leads by flannel.1 to 10.244.2.0, not by flannel.1 to 10.244.3.0"}},
		{"DirectRouting is right too", route.PodCIDR(), check.Pass, func(s *facts.Snapshot) {
			del("n1", "10.244.3.0/24")(s)
			add("n1", facts.Route{Dst: prefix("10.244.3.0/24"), Gateway: addr("10.0.0.13"), Dev: "eth0", Type: "unicast"})(s)
		}, nil},
		{"two routes", route.PodCIDR(), check.Fail, add("n1", facts.Route{Dst: prefix("10.244.3.0/24"), Gateway: addr("10.0.0.13"), Dev: "eth0", Type: "unicast", Metric: 100}), []string{"2 routes to 10.244.3.0/24"}},
		{"a blackhole of that very prefix", route.PodCIDR(), check.Fail, func(s *facts.Snapshot) {
			del("n1", "10.244.3.0/24")(s)
			add("n1", facts.Route{Dst: prefix("10.244.3.0/24"), Type: "blackhole"})(s)
		}, []string{"is a blackhole"}},
		{"a route that came during the run", route.PodCIDR(), check.Fail, func(s *facts.Snapshot) {
			h := s.Host("n1", facts.First)
			h.Routes = slices.DeleteFunc(h.Routes, func(r facts.Route) bool { return r.Dst == prefix("10.244.3.0/24") })
		}, []string{"at the first look"}},
		{"an excluded peer counts", route.PodCIDR(), check.Fail, func(s *facts.Snapshot) {
			s.Node("n3").Excluded = "not ready"
			del("n1", "10.244.3.0/24")(s)
		}, []string{"no route to 10.244.3.0/24"}},
		{"host-gw by a wrong host", route.PodCIDR(), check.Fail, func(s *facts.Snapshot) {
			hostGW(s)
			both(s, "n1", func(h *facts.HostLook) {
				for i := range h.Routes {
					if h.Routes[i].Dst == prefix("10.244.3.0/24") {
						h.Routes[i].Gateway = addr("10.0.0.12")
					}
				}
			})
		}, []string{"leads by eth0 to 10.0.0.12, not by eth0 to 10.0.0.13"}},
		{"no look at a node", route.PodCIDR(), check.Unknown, gone("n2"), []string{"the kubelet did not answer"}},

		{"a blackhole over a part", route.Stale(), check.Fail, add("n1", facts.Route{Dst: prefix("10.244.3.0/26"), Type: "blackhole"}), []string{"the blackhole route 10.244.3.0/26 lies in 10.244.3.0/24 (the pods of n3)"}},
		{"no interface", route.Stale(), check.Fail, add("n1", facts.Route{Dst: prefix("10.244.3.0/26"), Type: "unicast"}), []string{"leads nowhere: it has no interface"}},
		{"an interface that is down", route.Stale(), check.Fail, func(s *facts.Snapshot) {
			both(s, "n1", func(h *facts.HostLook) { h.Interfaces[2].Up = false })
		}, []string{"interface flannel.1 is down", "interface flannel.1 is down"}},
		{"another mask", route.Stale(), check.Fail, add("n1", facts.Route{Dst: prefix("10.244.3.0/26"), Dev: "eth0", Gateway: addr("10.0.0.1"), Type: "unicast"}), []string{"with another mask"}},
		{"of a node that is gone", route.Stale(), check.Warn, add("n1", facts.Route{Dst: prefix("10.244.9.0/24"), Gateway: addr("10.244.9.0"), Dev: "flannel.1", Type: "unicast"}), []string{"belongs to no node"}},
		{"routes of own pods", route.Stale(), check.Pass, add("n1", facts.Route{Dst: prefix("10.244.1.7/32"), Dev: "cni0", Type: "unicast"}), nil},
		{"calico's own block", route.Stale(), check.Pass, func(s *facts.Snapshot) {
			s.Cluster.CNI = "calico"
			s.Node("n1").Published = nil
			add("n1", facts.Route{Dst: prefix("10.244.1.0/26"), Type: "blackhole"})(s)
		}, nil},
		{"no look", route.Stale(), check.Unknown, gone("n2"), []string{"the kubelet did not answer"}},

		{"a host route inside the service CIDR", route.Conflict(), check.Fail, add("n2", facts.Route{Dst: prefix("10.96.4.0/24"), Dev: "eth0", Type: "unicast"}), []string{"the service CIDR 10.96.0.0/16 overlaps an on-link network of the host: 10.96.4.0/24 dev eth0"}},
		{"a host network that holds the pod CIDR", route.Conflict(), check.Fail, add("n2", facts.Route{Dst: prefix("10.240.0.0/12"), Dev: "eth1", Type: "unicast"}), []string{"the pod CIDR 10.244.0.0/16 overlaps an on-link network"}},
		{"a wide route by a gateway", route.Conflict(), check.Pass, add("n2", facts.Route{Dst: prefix("10.0.0.0/8"), Gateway: addr("10.0.0.1"), Dev: "eth0", Type: "unicast"}), nil},
		{"kube-ipvs0", route.Conflict(), check.Pass, add("n2", facts.Route{Dst: prefix("10.96.0.1/32"), Dev: "kube-ipvs0", Type: "unicast"}), nil},
		{"docker elsewhere", route.Conflict(), check.Pass, add("n2", facts.Route{Dst: prefix("172.17.0.0/16"), Dev: "docker0", Type: "unicast"}), nil},
		{"docker in the pods' range", route.Conflict(), check.Fail, add("n2", facts.Route{Dst: prefix("10.244.0.0/16"), Dev: "docker0", Type: "unicast"}), []string{"10.244.0.0/16 dev docker0"}},
		{"no look", route.Conflict(), check.Unknown, gone("n2"), []string{"the kubelet did not answer"}},

		{"a rule into a table that forbids", route.Lookup(), check.Fail, func(s *facts.Snapshot) {
			both(s, "n2", func(h *facts.HostLook) {
				h.Rules = append(h.Rules, facts.Rule{Priority: 100, Dst: prefix("10.244.0.0/16"), Table: 77, Action: "lookup", Family: v4})
				h.Routes = append(h.Routes, facts.Route{Type: "unreachable", Table: 77, Family: v4})
				for i := range h.Lookups {
					if l := &h.Lookups[i]; strings.HasPrefix(l.For, "pod/") {
						*l = facts.Lookup{Dst: l.Dst, Src: l.Src, Iif: l.Iif, For: l.For, Errno: "EHOSTUNREACH"}
					}
				}
			})
		}, []string{`the rule "100: from all to 10.244.0.0/16 lookup 77" diverts them`}},
		{"a rule that sends pods by the default route", route.Lookup(), check.Fail, func(s *facts.Snapshot) {
			both(s, "n2", func(h *facts.HostLook) {
				h.Rules = append(h.Rules, facts.Rule{Priority: 100, Src: prefix("10.244.0.0/16"), Table: 77, Action: "lookup", Family: v4})
				h.Routes = append(h.Routes, facts.Route{Type: "unicast", Gateway: addr("10.0.0.1"), Dev: "eth0", Table: 77, Family: v4})
				for i := range h.Lookups {
					if l := &h.Lookups[i]; l.Src.IsValid() {
						l.Dev, l.Gateway, l.Table = "eth0", addr("10.0.0.1"), 77
					}
				}
			})
		}, []string{`from this node's pods leave by eth0 to 10.0.0.1, though the main table leads by flannel.1 to 10.244.1.0; the rule "100: from 10.244.0.0/16 lookup 77" diverts them`}},
		{"a rule into an empty table", route.Lookup(), check.Warn, func(s *facts.Snapshot) {
			both(s, "n2", func(h *facts.HostLook) {
				h.Rules = append(h.Rules, facts.Rule{Priority: 100, Src: prefix("10.244.0.0/16"), Table: 77, Action: "lookup", Family: v4})
			})
		}, []string{"into a table without routes"}},
		{"a route that is missing is not its matter", route.Lookup(), check.Pass, func(s *facts.Snapshot) {
			del("n1", "10.244.3.0/24")(s)
			both(s, "n1", func(h *facts.HostLook) {
				for i := range h.Lookups {
					if l := &h.Lookups[i]; l.For == "pod/n3" {
						l.Dev, l.Gateway, l.PrefSrc = "eth0", addr("10.0.0.1"), addr("10.0.0.11")
					}
				}
			})
		}, nil},
		{"no default route, so no Service", route.Lookup(), check.Fail, func(s *facts.Snapshot) {
			both(s, "n1", func(h *facts.HostLook) {
				h.Routes = slices.DeleteFunc(h.Routes, func(r facts.Route) bool { return !r.Dst.IsValid() })
				h.Lookups = append(h.Lookups, facts.Lookup{Dst: addr("10.96.0.1"), For: "api", Errno: "ENETUNREACH"})
			})
		}, []string{"not even a default route"}},
		{"no look", route.Lookup(), check.Unknown, gone("n2"), []string{"the kubelet did not answer"}},
	} {
		t.Run(c.check.ID+": "+c.name, func(t *testing.T) {
			r := c.check.Evaluate(spoiled(c.change))
			if r.Verdict != c.verdict || len(r.Findings) != len(c.says) {
				t.Fatalf("judged %s: %s %+v", r.Verdict, r.Why, r.Findings)
			}
			for i, says := range c.says {
				if !strings.Contains(r.Findings[i].Says, says) {
					t.Errorf("%q is not said: %s", says, r.Findings[i].Says)
				}
			}
		})
	}
}
