package dns_test

import (
	"testing"

	"github.com/plumbline-net/plumbline/framework/check"
	"github.com/plumbline-net/plumbline/framework/facts"
	"github.com/plumbline-net/plumbline/framework/facts/factstest"
	"github.com/plumbline-net/plumbline/suites/dns"
)

func TestTheFirstMomentsOfAPod(t *testing.T) {
	late := facts.FirstSuccess{Millis: 5004, Tries: 2, Error: "read udp 10.244.2.2: i/o timeout"}
	never := facts.FirstSuccess{Tries: 20, Error: "connect: no route to host"}
	cases := []struct {
		name    string
		spoil   func(*facts.Snapshot)
		verdict check.Verdict
		says    string
	}{
		{
			"late", func(s *facts.Snapshot) { s.Node("n2").PodAgent.Startup.DNS = late }, check.Warn,
			"the first lookup did not succeed at once in new pods of 1 node: n2 after 5,004 ms and 2 tries",
		},
		{
			"slow although at the first try", func(s *facts.Snapshot) {
				s.Node("n2").PodAgent.Startup.Service = facts.FirstSuccess{Millis: 1003, Tries: 1}
			}, check.Warn,
			"the first connection to default/kubernetes did not succeed at once in new pods of 1 node: n2 after 1,003 ms and 1 try",
		},
		{
			"not in time, but later", func(s *facts.Snapshot) { s.Node("n2").PodAgent.Startup.DNS = never }, check.Warn,
			"the first lookup did not succeed in the first seconds of new pods of 1 node, and does later, so it is the beginning that is slow: n2 not in 20 tries",
		},
		{"never, nor later", func(s *facts.Snapshot) {
			s.Node("n2").PodAgent.Startup.Service = never
			factstest.Letters(s, "pod>api/tls/ipv4@main", ".", "T", ".")
		}, check.Fail, "the first connection to default/kubernetes never succeeded in new pods of 1 node, and it fails later too (timeout): n2 not in 20 tries"},
		{"not tried", func(s *facts.Snapshot) {
			s.Node("n2").PodAgent.Startup.DNS = facts.FirstSuccess{NotRun: "no resolv.conf"}
		}, check.Unknown, "the beginning of a pod on n2 is not known: the first lookup was not tried: no resolv.conf"},
		{
			"nothing told", func(s *facts.Snapshot) { s.Node("n2").PodAgent.Startup = nil }, check.Unknown,
			"the beginning of a pod on n2 is not known: the probe pod told nothing of its first moments",
		},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			s := factstest.Healthy(3)
			c.spoil(s)
			r := dns.Startup().Evaluate(s)
			if r.Verdict != c.verdict || len(r.Findings) != 1 || r.Findings[0].Says != c.says {
				t.Errorf("%s: %s %+v", r.Verdict, r.Why, r.Findings)
			}
		})
	}
}

func TestWhereTheReplicasStand(t *testing.T) {
	cases := []struct {
		name    string
		nodes   int
		spoil   func(*facts.Cluster)
		verdict check.Verdict
		says    string
	}{
		{
			"one of two is not ready", 3, func(c *facts.Cluster) { c.DNSPods[1].Ready = false }, check.Warn,
			"only 1 replica of the cluster DNS is ready (coredns-1 on n1): when it or its node goes, no name resolves",
		},
		{
			"both on one node", 3, func(c *facts.Cluster) { c.DNSPods[1].Node = "n1" }, check.Warn,
			"the 2 ready replicas of the cluster DNS all stand on n1: when that node goes, no name resolves",
		},
		{
			"none is ready", 3, func(c *facts.Cluster) { c.DNSPods[0].Ready, c.DNSPods[1].Ready = false, false }, check.Fail,
			"none of 2 replicas of the cluster DNS is ready",
		},
		{"one replica is enough for one node", 1, func(c *facts.Cluster) { c.DNSPods = c.DNSPods[:1] }, check.Pass, ""},
		{
			"no priority class", 3, func(c *facts.Cluster) { c.DNSPods[0].PriorityClass = "" }, check.Warn,
			"the cluster DNS has no priority class (coredns-1): under memory pressure or when room is short its replicas go before others",
		},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			s := factstest.Healthy(c.nodes)
			c.spoil(&s.Cluster)
			r := dns.Spread().Evaluate(s)
			if r.Verdict != c.verdict || c.says != "" && (len(r.Findings) != 1 || r.Findings[0].Says != c.says) {
				t.Errorf("%s: %s %+v", r.Verdict, r.Why, r.Findings)
			}
		})
	}
}
