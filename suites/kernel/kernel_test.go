package kernel_test

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/plumbline-net/plumbline/framework/check"
	"github.com/plumbline-net/plumbline/framework/facts"
	"github.com/plumbline-net/plumbline/framework/facts/factstest"
	"github.com/plumbline-net/plumbline/suites/kernel"
)

// spoiled is a healthy cluster with one thing changed, and what must be said of it.
type spoiled struct {
	name    string
	verdict check.Verdict
	spoil   func(*facts.Snapshot)
	says    string // in one of the findings, or in the result's why
}

func judge(t *testing.T, c check.Check, cases []spoiled) {
	t.Helper()
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			s := factstest.Healthy(3)
			tc.spoil(s)
			r := c.Evaluate(s)
			text := fmt.Sprintf("%s %+v", r.Why, r.Findings)
			if r.Verdict != tc.verdict || !strings.Contains(text, tc.says) {
				t.Errorf("judged %s, not %s with %q: %s", r.Verdict, tc.verdict, tc.says, text)
			}
		})
	}
}

// both changes both looks at a node; an empty name is every node.
func both(s *facts.Snapshot, node string, change func(*facts.HostLook)) {
	for i := range s.Hosts {
		if node == "" || s.Hosts[i].Node == node {
			change(&s.Hosts[i])
		}
	}
}

func set(s *facts.Snapshot, node, name, value string) {
	both(s, node, func(h *facts.HostLook) { h.Sysctls[name] = value })
}

func noLastLook(s *facts.Snapshot) {
	*s.Host("n2", facts.Last) = facts.HostLook{Node: "n2", Look: facts.Last, NotRun: "the deadline passed"}
}

const (
	bridgeNF = "net.bridge.bridge-nf-call-iptables"
	rpEth0   = "net.ipv4.conf.eth0.rp_filter"
	rpTunnel = "net.ipv4.conf.flannel/1.rp_filter"
)

func TestAHealthyClusterPasses(t *testing.T) {
	factstest.Passes(t, []check.Check{kernel.BridgeNF(), kernel.ARPCache()}, map[string]*facts.Snapshot{
		"three nodes": factstest.Healthy(3), "one node": factstest.Healthy(1), "IPv6 alone": factstest.Healthy(2, facts.IPv6),
		"dual stack": factstest.Healthy(3, facts.IPv4, facts.IPv6), "many nodes": factstest.Healthy(60),
	})
	factstest.Passes(t, []check.Check{kernel.RPFilter()}, map[string]*facts.Snapshot{
		"three nodes": factstest.Healthy(3), "one node": factstest.Healthy(1), "dual stack": factstest.Healthy(3, facts.IPv4, facts.IPv6),
	})
}

func TestBridgeNF(t *testing.T) {
	judge(t, kernel.BridgeNF(), []spoiled{
		{"off on one node", check.Fail, func(s *facts.Snapshot) { set(s, "n2", bridgeNF, "0") }, "is 0: an answer that goes from pod to pod through the bridge cni0"},
		{"off with nftables: the answer is translated back by the same hook", check.Fail, func(s *facts.Snapshot) {
			s.Cluster.ProxyMode = "nftables"
			set(s, "n2", bridgeNF, "0")
		}, "is 0"},
		{"switched on while the run was under way", check.Fail, func(s *facts.Snapshot) {
			s.Host("n2", facts.First).Sysctls[bridgeNF] = "0"
		}, "was 0 at the first look and is 1 at the last"},
		{"the module is not loaded", check.Fail, func(s *facts.Snapshot) {
			both(s, "n2", func(h *facts.HostLook) { delete(h.Sysctls, bridgeNF) })
		}, "modprobe br_netfilter"},
		{"a network namespace that does not show it", check.Unknown, func(s *facts.Snapshot) {
			both(s, "n2", func(h *facts.HostLook) {
				delete(h.Sysctls, bridgeNF)
				delete(h.Sysctls, "net.ipv4.neigh.default.gc_thresh3")
			})
		}, "could not be read in this node's network namespace"},
		{"an interface for each pod, and no bridge", check.Skip, func(s *facts.Snapshot) {
			set(s, "", bridgeNF, "0")
			both(s, "", func(h *facts.HostLook) {
				for i := range h.Interfaces {
					if h.Interfaces[i].Name == "cni0" {
						h.Interfaces[i].Kind = "veth"
					}
				}
			})
		}, "no pods are behind a bridge"},
		{"the CNI serves the Services", check.Skip, func(s *facts.Snapshot) {
			factstest.WithoutProxy(s)
			s.Cluster.CNI = "cilium"
			set(s, "", bridgeNF, "0")
		}, "no kube-proxy here"},
		{"the bridge is there at the last look only", check.Fail, func(s *facts.Snapshot) {
			set(s, "n3", bridgeNF, "0")
			h := s.Host("n3", facts.First)
			h.Routes = slices.DeleteFunc(h.Routes, func(r facts.Route) bool { return r.Dev == "cni0" })
		}, "is 0"},
		{"off for IPv6, which nobody uses", check.Pass, func(s *facts.Snapshot) { set(s, "", "net.bridge.bridge-nf-call-ip6tables", "0") }, "3 of 3 nodes"},
		{"no last look", check.Unknown, noLastLook, "the deadline passed"},
		{"no node at all", check.Unknown, func(s *facts.Snapshot) { s.Nodes = nil }, "no node"},
	})
}

func grow(s *facts.Snapshot, node, counter string, by int64) {
	s.Host(node, facts.Last).Counters[counter] += by
}

func TestRPFilter(t *testing.T) {
	const counter = "netstat.TcpExt.IPReversePathFilter"
	by := func(h *facts.HostLook, what, dev string) {
		for i := range h.Lookups {
			if h.Lookups[i].For == what && h.Lookups[i].Iif == "" {
				h.Lookups[i].Dev = dev
			}
		}
	}
	judge(t, kernel.RPFilter(), []spoiled{
		{"strict everywhere, and every way symmetric", check.Pass, func(s *facts.Snapshot) { set(s, "", "net.ipv4.conf.all.rp_filter", "1") }, "3 of 3 nodes"},
		{"answers to a host leave by another interface", check.Warn, func(s *facts.Snapshot) {
			set(s, "n1", rpEth0, "1")
			both(s, "n1", func(h *facts.HostLook) { by(h, "host/n2", "eth1") })
		}, "come in by eth0, while answers to 10.0.0.12 leave by eth1"},
		{"the peer uses the tunnel, and answers do not", check.Warn, func(s *facts.Snapshot) {
			set(s, "n1", rpTunnel, "1")
			both(s, "n1", func(h *facts.HostLook) { by(h, "pod/n2", "eth0") })
		}, "packets of the pods of n2 come in by flannel.1, while answers to 10.244.2.2 leave by eth0"},
		{"the same, with packets dropped", check.Fail, func(s *facts.Snapshot) {
			set(s, "n1", rpTunnel, "1")
			both(s, "n1", func(h *facts.HostLook) { by(h, "pod/n2", "eth0") })
			grow(s, "n1", counter, 2)
		}, "dropped 2 packets while the probes ran"},
		{"loose where the way is asymmetric", check.Pass, func(s *facts.Snapshot) {
			set(s, "n1", "net.ipv4.conf.all.rp_filter", "2")
			set(s, "n1", rpEth0, "1")
			both(s, "n1", func(h *facts.HostLook) { by(h, "host/n2", "eth1") })
		}, "3 of 3"},
		{"many packets dropped, for a reason that was not seen", check.Fail, func(s *facts.Snapshot) {
			set(s, "n1", rpEth0, "1")
			grow(s, "n1", counter, 40)
		}, "netstat.TcpExt.IPReversePathFilter 0 → 40"},
		{"strict on the interface of a pod alone, as plugins set it", check.Pass, func(s *facts.Snapshot) {
			both(s, "", func(h *facts.HostLook) {
				h.Sysctls["net.ipv4.conf.cali1.rp_filter"] = "1"
				h.Interfaces = append(h.Interfaces, facts.Interface{Name: "cali1", Kind: "veth", Up: true})
				h.Routes = append(h.Routes, facts.Route{Dst: netip.MustParsePrefix("10.244.1.7/32"), Dev: "cali1", Type: "unicast", Table: 254, Family: facts.IPv4})
				h.Rules = append(h.Rules, facts.Rule{Priority: 100, Mark: 0x20, Table: 77, Action: "lookup", Family: facts.IPv4})
			})
		}, "3 of 3"},
		{"a stray broadcast", check.Pass, func(s *facts.Snapshot) {
			set(s, "n1", rpEth0, "1")
			grow(s, "n1", counter, 1)
		}, "3 of 3"},
		{"two default routes", check.Warn, func(s *facts.Snapshot) {
			set(s, "n1", rpEth0, "1")
			both(s, "n1", func(h *facts.HostLook) {
				h.Routes = append(h.Routes, facts.Route{Dev: "eth1", Type: "unicast", Table: 254, Family: facts.IPv4, Metric: 100})
			})
		}, "default routes by eth0 and eth1"},
		{"a rule by mark", check.Warn, func(s *facts.Snapshot) {
			set(s, "n1", rpEth0, "1")
			both(s, "n1", func(h *facts.HostLook) {
				h.Rules = append(h.Rules, facts.Rule{Priority: 100, Mark: 0x20, Table: 77, Action: "lookup", Family: facts.IPv4})
			})
		}, "the mark 0x20 by table 77"},
		{"the value of one interface is missing", check.Unknown, func(s *facts.Snapshot) {
			both(s, "n1", func(h *facts.HostLook) { delete(h.Sysctls, rpEth0) })
		}, "rp_filter of eth0 could not be read"},
		{"no IPv4", check.Skip, func(s *facts.Snapshot) { s.Cluster.Families = []facts.Family{facts.IPv6} }, "no IPv4"},
		{"no last look", check.Unknown, noLastLook, "the deadline passed"},
	})
}

func TestARPCache(t *testing.T) {
	const limit = "net.ipv4.neigh.default.gc_thresh3"
	judge(t, kernel.ARPCache(), []spoiled{
		{"the table overflowed", check.Fail, func(s *facts.Snapshot) { grow(s, "n2", "neigh.arp.table_fulls", 12) }, "overflowed while the probes ran (neigh.arp.table_fulls 0 → 12"},
		{"an old total that does not grow", check.Pass, func(s *facts.Snapshot) {
			both(s, "n2", func(h *facts.HostLook) { h.Counters["neigh.arp.table_fulls"] = 900 })
		}, "3 of 3"},
		{"little room", check.Warn, func(s *facts.Snapshot) {
			set(s, "n2", limit, "4")
			both(s, "n2", func(h *facts.HostLook) {
				for i := range 2 {
					h.Neighbors = append(h.Neighbors, facts.Neighbor{Addr: netip.AddrFrom4([4]byte{10, 0, 0, byte(100 + i)}), Dev: "eth0", State: "stale"})
				}
			})
		}, "needs 5 of 4 entries"},
		{"permanent entries of an old kernel count", check.Warn, func(s *facts.Snapshot) {
			set(s, "n2", limit, "6")
			both(s, "n2", func(h *facts.HostLook) { h.Kernel = "3.10.0-1160.el7.x86_64" })
		}, "needs 5 of 6 entries"},
		{"those of a new kernel do not", check.Pass, func(s *facts.Snapshot) { set(s, "n2", limit, "6") }, "3 of 3"},
		{"nodes in containers", check.Skip, func(s *facts.Snapshot) {
			both(s, "", func(h *facts.HostLook) {
				delete(h.Sysctls, limit)
				delete(h.Sysctls, "net.ipv6.neigh.default.gc_thresh3")
				delete(h.Counters, "neigh.arp.table_fulls")
				delete(h.Counters, "neigh.nd.table_fulls")
			})
		}, "the nodes are containers"},
		{"the limit is missing on one node", check.Unknown, func(s *facts.Snapshot) {
			both(s, "n2", func(h *facts.HostLook) { delete(h.Sysctls, limit) })
		}, "could not be read"},
		{"no last look", check.Unknown, noLastLook, "the deadline passed"},
	})
}

func TestAnOverflowIsToldEvenWhereTheLimitsAreHidden(t *testing.T) {
	hidden := func(grown int64) *facts.Snapshot {
		s := factstest.Healthy(3)
		for i := range s.Hosts {
			h := &s.Hosts[i]
			for _, f := range []facts.Family{facts.IPv4, facts.IPv6} {
				delete(h.Sysctls, "net."+string(f)+".neigh.default.gc_thresh3")
			}
			if h.Node == "n2" && h.Look == facts.Last {
				h.Counters["neigh.arp.table_fulls"] += grown
			}
		}
		return s
	}
	if r := kernel.ARPCache().Evaluate(hidden(0)); r.Verdict != check.Skip {
		t.Errorf("%s: %s", r.Verdict, r.Why)
	}
	r := kernel.ARPCache().Evaluate(hidden(7))
	if r.Verdict != check.Fail || !slices.ContainsFunc(r.Findings, func(f check.Finding) bool {
		return f.Verdict == check.Fail && slices.Equal(f.Nodes, []string{"n2"})
	}) {
		t.Errorf("%+v", r)
	}
}
