package route_test

import (
	"flag"
	"net/netip"
	"slices"
	"testing"

	"github.com/plumbline-net/plumbline/framework/check"
	"github.com/plumbline-net/plumbline/framework/facts"
	"github.com/plumbline-net/plumbline/framework/facts/factstest"
	"github.com/plumbline-net/plumbline/suites/route"
)

var update = flag.Bool("update", false, "write the recordings anew")

func prefix(s string) netip.Prefix { return netip.MustParsePrefix(s) }

func addr(s string) netip.Addr { return netip.MustParseAddr(s) }

func both(s *facts.Snapshot, node string, change func(*facts.HostLook)) {
	change(s.Host(node, facts.First))
	change(s.Host(node, facts.Last))
}

// spoiled is a healthy cluster of three nodes, trimmed and changed.
func spoiled(change func(*facts.Snapshot)) *facts.Snapshot {
	s := factstest.Healthy(3)
	if change != nil {
		change(s)
	}
	return s
}

// trimmed leaves what the checks of routes read.
func trimmed(s *facts.Snapshot) *facts.Snapshot {
	s.Matrices, s.Further, s.Cluster.Services, s.Cluster.DNSPods, s.Cluster.KubeProxy, s.Cluster.CNILogs = nil, nil, nil, nil, nil, nil
	s.Cluster.CNIPodsLast = nil
	for i := range s.Nodes {
		n := &s.Nodes[i]
		n.Conditions, n.PodAgent.Startup, n.PodAgent.ResolvConf = nil, nil, nil
	}
	for i := range s.Hosts {
		h := s.Hosts[i]
		s.Hosts[i] = facts.HostLook{Node: h.Node, Look: h.Look, NotRun: h.NotRun, Interfaces: h.Interfaces, Routes: h.Routes, Rules: h.Rules, Lookups: h.Lookups}
	}
	return s
}

func del(node, dst string) func(*facts.Snapshot) {
	return func(s *facts.Snapshot) {
		both(s, node, func(h *facts.HostLook) {
			h.Routes = slices.DeleteFunc(h.Routes, func(r facts.Route) bool { return r.Dst == prefix(dst) })
		})
	}
}

func add(node string, r facts.Route) func(*facts.Snapshot) {
	if r.Table == 0 {
		r.Table = 254
	}
	if r.Family == "" {
		r.Family = facts.IPv4
	}
	return func(s *facts.Snapshot) {
		both(s, node, func(h *facts.HostLook) { h.Routes = append(h.Routes, r) })
	}
}

func gone(node string) func(*facts.Snapshot) {
	return func(s *facts.Snapshot) {
		for _, look := range []facts.Look{facts.First, facts.Last} {
			*s.Host(node, look) = facts.HostLook{Node: node, Look: look, NotRun: "exec: the kubelet did not answer"}
		}
	}
}

// hostGW makes of the VXLAN cluster one in which the hosts are the next hops.
func hostGW(s *facts.Snapshot) {
	for i := range s.Nodes {
		s.Nodes[i].Published = &facts.Published{Backend: "host-gw", Addrs: s.Nodes[i].Internal}
	}
	for i := range s.Hosts {
		h := &s.Hosts[i]
		h.Interfaces = slices.DeleteFunc(h.Interfaces, func(i facts.Interface) bool { return i.Name == "flannel.1" })
		for j := range h.Routes {
			if r := &h.Routes[j]; r.Dev == "flannel.1" {
				r.Dev, r.Gateway = "eth0", hostOf(s, r.Dst)
			}
		}
		for j := range h.Lookups {
			if l := &h.Lookups[j]; l.Dev == "flannel.1" {
				l.Dev, l.Gateway, l.PrefSrc = "eth0", hostOf(s, netip.PrefixFrom(l.Dst, l.Dst.BitLen())), netip.Addr{}
			}
		}
	}
}

func hostOf(s *facts.Snapshot, p netip.Prefix) netip.Addr {
	for _, n := range s.Nodes {
		for i, c := range n.PodCIDRs {
			if c.Contains(p.Addr()) {
				return n.Internal[i]
			}
		}
	}
	return netip.Addr{}
}

func TestHealthyClustersPass(t *testing.T) {
	gw := factstest.Healthy(3)
	hostGW(gw)
	calico := factstest.Healthy(3)
	calico.Cluster.CNI = "calico"
	kindnet := factstest.Healthy(3)
	hostGW(kindnet)
	kindnet.Cluster.CNI = "kindnet"
	for i := range kindnet.Nodes {
		kindnet.Nodes[i].Published = nil
	}
	six := factstest.Healthy(3, facts.IPv4, facts.IPv6)
	for i := range six.Hosts { // the kernel adds a route for an address of its own (IPv6 only)
		h := &six.Hosts[i]
		own := six.Node(h.Node).PodCIDRs[1].Addr()
		h.Routes = append(h.Routes, facts.Route{Dst: netip.PrefixFrom(own, 128), Dev: "flannel.1", Type: "unicast", Table: 254, Metric: 256, Family: facts.IPv6})
	}
	excluded := factstest.Healthy(4)
	excluded.Node("n4").Excluded = "cordoned"
	factstest.Passes(t, route.All(), map[string]*facts.Snapshot{
		"three nodes": factstest.Healthy(3), "ten nodes": factstest.Healthy(10), "IPv6 alone": factstest.Healthy(3, facts.IPv6),
		"dual stack": factstest.Healthy(3, facts.IPv4, facts.IPv6), "host-gw": gw, "calico with routes": calico, "an excluded node": excluded, "kindnet": kindnet, "a tunnel with an IPv6 address": six,
	})
}

func TestWhatDoesNotApplyIsSkipped(t *testing.T) {
	one, unprivileged := factstest.Healthy(1), factstest.Healthy(3)
	unprivileged.Run.Unprivileged, unprivileged.Hosts = true, nil
	cilium := factstest.Healthy(3)
	cilium.Cluster.CNI = "cilium"
	for i := range cilium.Hosts {
		h := &cilium.Hosts[i]
		h.Routes = slices.DeleteFunc(h.Routes, func(r facts.Route) bool { return r.Dev == "flannel.1" || r.Dev == "cni0" })
	}
	for name, s := range map[string]*facts.Snapshot{"one node": one, "unprivileged": unprivileged, "cilium": cilium} {
		if r := route.PodCIDR().Evaluate(s); r.Verdict != check.Skip || r.Why == "" {
			t.Errorf("%s: %s %s %+v", name, r.Verdict, r.Why, r.Findings)
		}
	}
}

func TestRecordings(t *testing.T) {
	for _, c := range []struct {
		check check.Check
		fail  func(*facts.Snapshot)
	}{
		{route.PodCIDR(), del("n1", "10.244.3.0/24")},
		{route.Stale(), add("n1", facts.Route{Dst: prefix("10.244.3.0/26"), Type: "blackhole"})},
		{route.Conflict(), add("n2", facts.Route{Dst: prefix("10.96.4.0/24"), Dev: "eth0", Type: "unicast"})},
		{route.Lookup(), func(s *facts.Snapshot) {
			both(s, "n2", func(h *facts.HostLook) {
				h.Rules = append(h.Rules, facts.Rule{Priority: 100, Src: prefix("10.244.0.0/16"), Table: 77, Action: "lookup", Family: facts.IPv4})
				h.Routes = append(h.Routes, facts.Route{Type: "unreachable", Table: 77, Family: facts.IPv4})
				for i := range h.Lookups {
					if l := &h.Lookups[i]; l.Src.IsValid() {
						*l = facts.Lookup{Dst: l.Dst, Src: l.Src, Iif: l.Iif, For: l.For, Errno: "EHOSTUNREACH"}
					}
				}
			})
		}},
	} {
		factstest.Recordings(t, c.check, *update, trimmed(spoiled(nil)), trimmed(spoiled(c.fail)), trimmed(spoiled(gone("n2"))))
	}
}
