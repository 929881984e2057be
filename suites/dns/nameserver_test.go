package dns_test

import (
	"net/netip"
	"strings"
	"testing"

	"github.com/plumbline-net/plumbline/framework/check"
	"github.com/plumbline-net/plumbline/framework/facts"
	"github.com/plumbline-net/plumbline/framework/facts/factstest"
	"github.com/plumbline-net/plumbline/suites/dns"
)

// kubespray's default, which is not the one of Kubernetes' own add-on.
const cacheAddr = "169.254.25.10"

func cached(n int) *facts.Snapshot {
	s := factstest.Healthy(n)
	factstest.NodeCache(s, netip.MustParseAddr(cacheAddr))
	return s
}

func TestANodeLocalCacheAtAnyAddressIsHealthy(t *testing.T) {
	for _, addr := range []string{cacheAddr, "169.254.20.10", "10.96.255.53"} {
		s := factstest.Healthy(3)
		factstest.NodeCache(s, netip.MustParseAddr(addr))
		factstest.Expect(t, dns.Nameserver().Evaluate(s), check.Pass, "6 of 6 places answer (DNS over UDP and DNS over TCP; IPv4; from pods and hosts)")
		factstest.Expect(t, dns.ResolvConf().Evaluate(s), check.Pass, "3 of 3 nodes tell their pods the cluster DNS (3 by way of the node-local cache "+addr+")")
	}
}

func TestACacheThatIsDeadOnOneNodeNamesTheNode(t *testing.T) {
	s := cached(3)
	factstest.StopCache(s, "n2")
	r := dns.Nameserver().Evaluate(s)
	factstest.Expect(t, r, check.Fail, "4 of 6 places answer (DNS over UDP and DNS over TCP; IPv4; from pods and hosts)",
		"2 of 6 places time out: all from n2 (DNS over UDP and DNS over TCP; IPv4; from pods and hosts)")
	if got := dns.ResolvConf().Evaluate(s); got.Verdict != check.Pass {
		t.Errorf("a dead cache is no wrong resolver: %s %+v", got.Why, got.Findings)
	}
	for _, f := range r.Findings {
		for _, step := range f.Remedy {
			if strings.Contains(step.Command, "clusterDNS") {
				t.Errorf("this step takes the cache from all pods: %s", step.Command)
			}
		}
	}
}

func TestWithoutACacheThereIsNothingToAsk(t *testing.T) {
	factstest.Expect(t, dns.Nameserver().Evaluate(factstest.Healthy(2)), check.Skip,
		"pods are given no node-local DNS cache: dns/service asks the nameserver that they are given")
	shared := factstest.Healthy(2)
	factstest.NodeCache(shared, shared.Cluster.DNS[0].Addr())
	if r := dns.Nameserver().Evaluate(shared); r.Verdict != check.Skip || !strings.Contains(r.Why, "the DNS Service's own address") {
		t.Errorf("%s: %s", r.Verdict, r.Why)
	}
	blind := factstest.Healthy(2)
	for i := range blind.Nodes {
		blind.Nodes[i].PodAgent.ResolvConf = nil
	}
	factstest.Expect(t, dns.Nameserver().Evaluate(blind), check.Unknown, "no probe pod's resolv.conf was read, and no kubelet's configuration")
}

func TestANameserverThatIsNoCacheAndAnswersNobodyIsTheWrongResolver(t *testing.T) {
	s := cached(3)
	s.Node("n2").PodAgent.ResolvConf.Text = good + "\nnameserver 10.96.0.11\noptions ndots:5\n"
	r := dns.ResolvConf().Evaluate(s)
	if r.Verdict != check.Fail || len(r.Findings) != 1 {
		t.Fatalf("%s: %+v", r.Verdict, r.Findings)
	}
	// What the other nodes' pods are given is right, not the Service behind it.
	for _, step := range r.Findings[0].Remedy {
		if step.Purpose == check.Repair && !strings.Contains(step.Command, cacheAddr) {
			t.Errorf("%s", step.Command)
		}
	}
}

func TestNameserverRecordings(t *testing.T) {
	hosts := func(s *facts.Snapshot) *facts.Snapshot {
		all := s.Hosts
		factstest.Trim(s, "pod>nodeDNS", "host>nodeDNS")
		for _, h := range all {
			s.Hosts = append(s.Hosts, facts.HostLook{Node: h.Node, Look: h.Look, Interfaces: h.Interfaces})
		}
		return s
	}
	dead, silent := cached(3), cached(3)
	factstest.StopCache(dead, "n2")
	factstest.SilenceNode(silent, "n2", "exec: the kubelet at 10.0.0.12:10250 did not answer within 10 s")
	factstest.Recordings(t, dns.Nameserver(), *update, hosts(cached(3)), hosts(dead), hosts(silent))
}
