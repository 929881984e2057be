package node_test

import (
	"flag"
	"fmt"
	"net/netip"
	"strings"
	"testing"

	"github.com/plumbline-net/plumbline/framework/check"
	"github.com/plumbline-net/plumbline/framework/facts"
	"github.com/plumbline-net/plumbline/framework/facts/factstest"
	"github.com/plumbline-net/plumbline/suites/node"
)

var update = flag.Bool("update", false, "write the recordings anew")

const arpKey = "host>host/arp/ipv4@main"

func prefix(s string) netip.Prefix { return netip.MustParsePrefix(s) }

func addr(s string) netip.Addr { return netip.MustParseAddr(s) }

func both(s *facts.Snapshot, name string, change func(*facts.HostLook)) {
	change(s.Host(name, facts.First))
	change(s.Host(name, facts.Last))
}

func spoiled(change func(*facts.Snapshot)) *facts.Snapshot {
	s := factstest.Healthy(3)
	if change != nil {
		change(s)
	}
	return s
}

func trimmed(s *facts.Snapshot) *facts.Snapshot {
	factstest.Keep(s, "host>host/arp")
	s.Further, s.Cluster.Services, s.Cluster.DNSPods, s.Cluster.KubeProxy, s.Cluster.CNILogs = nil, nil, nil, nil, nil
	s.Cluster.CNIPodsLast = nil
	for i := range s.Nodes {
		n := &s.Nodes[i]
		n.Conditions, n.PodAgent.Startup, n.PodAgent.ResolvConf = nil, nil, nil
	}
	for i := range s.Hosts {
		h := s.Hosts[i]
		s.Hosts[i] = facts.HostLook{
			Node: h.Node, Look: h.Look, NotRun: h.NotRun, Kernel: h.Kernel, Sysctls: h.Sysctls, Interfaces: h.Interfaces, Routes: h.Routes,
			Lookups: h.Lookups, ResolvConf: h.ResolvConf, CNI: h.CNI, MachineID: h.MachineID, ProxyMode: h.ProxyMode,
		}
	}
	return s
}

func gone(name string) func(*facts.Snapshot) {
	return func(s *facts.Snapshot) {
		for _, look := range []facts.Look{facts.First, facts.Last} {
			*s.Host(name, look) = facts.HostLook{Node: name, Look: look, NotRun: "exec: the kubelet did not answer"}
		}
		factstest.Silence(s, arpKey, "host/"+name, "exec: the kubelet did not answer")
	}
}

func added() []check.Check {
	return []check.Check{node.PodCIDR(), node.Address(), node.DuplicateAddress(), node.Uniform()}
}

func TestHealthyClustersPass(t *testing.T) {
	excluded := factstest.Healthy(4)
	excluded.Node("n4").Excluded = "cordoned"
	factstest.Passes(t, added(), map[string]*facts.Snapshot{
		"three nodes": factstest.Healthy(3), "ten nodes": factstest.Healthy(10), "two nodes": factstest.Healthy(2), "IPv6 alone": factstest.Healthy(3, facts.IPv6),
		"dual stack": factstest.Healthy(3, facts.IPv4, facts.IPv6), "an excluded node": excluded,
	})
}

func TestWhatDoesNotApplyIsSkipped(t *testing.T) {
	for _, c := range []check.Check{node.DuplicateAddress(), node.Uniform()} {
		if r := c.Evaluate(factstest.Healthy(1)); r.Verdict != check.Skip || r.Why == "" {
			t.Errorf("one node, %s: %s %s %+v", c.ID, r.Verdict, r.Why, r.Findings)
		}
	}
	calico := spoiled(func(s *facts.Snapshot) {
		s.Cluster.CNI = "calico"
		for i := range s.Nodes {
			s.Nodes[i].PodAgent.Addrs = []netip.Addr{addr(fmt.Sprintf("192.168.%d.5", i))}
		}
	})
	if r := node.PodCIDR().Evaluate(calico); r.Verdict != check.Skip {
		t.Errorf("calico: %s %s %+v", r.Verdict, r.Why, r.Findings)
	}
	bare := spoiled(func(s *facts.Snapshot) { s.Run.Unprivileged, s.Hosts = true, nil })
	if r := node.PodCIDR().Evaluate(bare); r.Verdict != check.Pass || !strings.Contains(r.Why, "--unprivileged") {
		t.Errorf("unprivileged: %s %s %+v", r.Verdict, r.Why, r.Findings)
	}
}

// nic changes a node's interface to the others at both looks.
func nic(name string, change func(*facts.Interface)) func(*facts.Snapshot) {
	return func(s *facts.Snapshot) {
		both(s, name, func(h *facts.HostLook) { change(&h.Interfaces[1]) })
	}
}

func overlapping(s *facts.Snapshot) {
	s.Node("n3").PodCIDRs = []netip.Prefix{prefix("10.244.2.128/25")}
}

// secondAddress is case 1 of the field reports.
func secondAddress(s *facts.Snapshot) {
	nic("n3", func(i *facts.Interface) {
		i.Addrs = append(i.Addrs, prefix("10.0.0.228/24"))
		i.Dynamic = append(i.Dynamic, prefix("10.0.0.228/24"))
	})(s)
	both(s, "n3", func(h *facts.HostLook) {
		for i := range h.Lookups {
			if strings.HasPrefix(h.Lookups[i].For, "host/") {
				h.Lookups[i].PrefSrc = addr("10.0.0.228")
			}
		}
	})
}

func met(from, to string, macs ...string) func(*facts.Snapshot) {
	return func(s *facts.Snapshot) {
		factstest.Set(s, arpKey, "host/"+from, "host/"+to, facts.Cell{Outcome: facts.OK, RTT: 256}, &facts.Detail{Met: macs})
	}
}

func oddSysctl(s *facts.Snapshot) {
	s.Host("n3", facts.Last).Sysctls["net.ipv4.conf.all.rp_filter"] = "1"
	s.Host("n3", facts.Last).Sysctls["net.netfilter.nf_conntrack_max"] = "9"
	s.Host("n3", facts.Last).Kernel = "5.4.0"
}

func TestRecordings(t *testing.T) {
	for _, c := range []struct {
		check check.Check
		fail  func(*facts.Snapshot)
	}{
		{node.PodCIDR(), overlapping},
		{node.Address(), secondAddress},
		{node.DuplicateAddress(), met("n1", "n3", "02:00:00:00:00:03", "02:de:ad:00:00:03")},
		{node.Uniform(), oddSysctl},
	} {
		factstest.Recordings(t, c.check, *update, trimmed(spoiled(nil)), trimmed(spoiled(c.fail)), trimmed(spoiled(gone("n2"))))
	}
}
