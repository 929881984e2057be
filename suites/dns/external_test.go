package dns_test

import (
	"strings"
	"testing"

	"github.com/plumbline-net/plumbline/framework/check"
	"github.com/plumbline-net/plumbline/framework/facts"
	"github.com/plumbline-net/plumbline/framework/facts/factstest"
	"github.com/plumbline-net/plumbline/suites/dns"
)

const (
	podNames, hostNames = "pod>dnsExternal/record/ipv4@main", "host>dnsExternal/record/ipv4@main"
	upstreams           = "host>dnsUpstream/record/ipv4@main"
	hostResolver        = "upstream/10.0.0.1/store.example"
)

// external is a healthy cluster that was asked for one external name.
func external(n int) *facts.Snapshot {
	s := factstest.Healthy(n)
	s.Run.Config = &facts.Config{ExternalNames: []string{"store.example"}}
	factstest.Add(s, podNames, hostNames, upstreams)
	return s
}

// reply sets what places get for the name.
func reply(s *facts.Snapshot, key, target string, o facts.Outcome, rcode string, nodes ...string) {
	m := s.Matrix(factstest.Flow(key))
	for _, r := range m.Rows {
		if len(nodes) > 0 && !strings.Contains(strings.Join(nodes, " "), r.From.Node) {
			continue
		}
		a := facts.Attempt{Outcome: o, RCode: rcode}
		factstest.Set(s, key, r.From.String(), target, facts.Cell{Outcome: o}, &facts.Detail{Attempts: []facts.Attempt{a}})
	}
}

func names(s *facts.Snapshot, o facts.Outcome, rcode string, nodes ...string) {
	reply(s, podNames, "name/store.example", o, rcode, nodes...)
	reply(s, hostNames, "name/store.example", o, rcode, nodes...)
}

func TestExternalNamesAreOnlyAskedWhereTheConfigurationDoes(t *testing.T) {
	s := factstest.Healthy(3)
	factstest.Expect(t, dns.External().Evaluate(s), check.Skip, "the configuration names no external name (externalNames)")
	if dns.External().Ask(check.ScopeOf(s)) != nil {
		t.Error("it asks for nothing")
	}
	for _, n := range []int{1, 3, 10} {
		if r := dns.External().Evaluate(external(n)); r.Verdict != check.Pass {
			t.Errorf("%d nodes: %s: %s %+v", n, r.Verdict, r.Why, r.Findings)
		}
	}
	alone := external(2)
	alone.Run.Unprivileged = true
	factstest.Keep(alone, "pod>")
	factstest.Expect(t, dns.External().Evaluate(alone), check.Pass, "2 of 2 questions for 1 external name resolve through the cluster DNS")
}

func TestWhoIsToBlameForAnExternalName(t *testing.T) {
	const own = "pod>dnsService/dns-udp/ipv4@main"
	cases := []struct {
		name  string
		spoil func(*facts.Snapshot)
		says  string
	}{
		{
			"the upstream of the cluster DNS", func(s *facts.Snapshot) { names(s, facts.Garbled, "SERVFAIL") },
			"store.example resolves for no pod and no host through the cluster DNS: the cluster DNS gives SERVFAIL, although it answers names of the cluster and the hosts' resolver 10.0.0.1 answers this one; " +
				"at fault is the upstream to which the cluster DNS forwards, or its way there",
		},
		{
			"the cluster DNS itself", func(s *facts.Snapshot) { names(s, facts.Garbled, "NXDOMAIN") },
			"store.example resolves for no pod and no host through the cluster DNS: the cluster DNS itself says NXDOMAIN, while the hosts' resolver 10.0.0.1 answers",
		},
		{
			"the upstream resolver", func(s *facts.Snapshot) {
				names(s, facts.Garbled, "SERVFAIL")
				reply(s, upstreams, hostResolver, facts.Timeout, "")
			},
			"store.example resolves for no pod and no host through the cluster DNS: the upstream fails, for the hosts' resolver 10.0.0.1 does not answer rightly either when it is asked directly (nothing (silence))",
		},
		{
			"a name that only the cluster DNS denies", func(s *facts.Snapshot) {
				names(s, facts.Garbled, "NXDOMAIN")
				reply(s, upstreams, hostResolver, facts.Timeout, "")
			},
			"store.example resolves for no pod and no host through the cluster DNS: the cluster DNS says NXDOMAIN; whether it exists is not known, for the hosts' resolver 10.0.0.1 does not answer (nothing (silence))",
		},
		{
			"a name that does not exist", func(s *facts.Snapshot) {
				names(s, facts.Garbled, "NXDOMAIN")
				reply(s, upstreams, hostResolver, facts.Garbled, "NXDOMAIN")
			},
			"the name store.example does not exist: the cluster DNS and the hosts' resolver 10.0.0.1 say NXDOMAIN alike",
		},
		{
			"a name without an address of the family", func(s *facts.Snapshot) {
				names(s, facts.Garbled, "NODATA")
				reply(s, upstreams, hostResolver, facts.Garbled, "NODATA")
			},
			"the name store.example has no A record: the cluster DNS and the hosts' resolver 10.0.0.1 say so alike",
		},
		{
			"the way from one node", func(s *facts.Snapshot) {
				names(s, facts.Timeout, "", "n2")
				for _, key := range []string{own, "host>dnsService/dns-udp/ipv4@main"} {
					factstest.Letters(s, key, ".", "T", ".")
				}
			},
			"store.example does not resolve from n2 (nothing (silence)), while other nodes get it from the same cluster DNS: at fault is the way from n2 to the cluster DNS",
		},
		{
			"one replica's upstream", func(s *facts.Snapshot) {
				names(s, facts.Garbled, "SERVFAIL", "n3")
				reply(s, upstreams, hostResolver, facts.Timeout, "", "n2")
			},
			"store.example does not resolve in 2 of 6 places (SERVFAIL), although names of the cluster do there: one of the replicas likely lacks its upstream; " +
				"on n2, where a replica runs, the hosts' resolver does not answer",
		},
		{
			"hosts that ask the cluster DNS themselves", func(s *facts.Snapshot) {
				names(s, facts.Garbled, "SERVFAIL")
				s.Matrix(factstest.Flow(upstreams)).Targets[0].Addr = s.Cluster.DNS[0].Addr()
			},
			"store.example resolves for no pod and no host through the cluster DNS: the cluster DNS gives SERVFAIL; no resolver of the hosts could be asked directly, so it is not known whether its upstream is at fault",
		},
		{
			"no resolver that could be asked", func(s *facts.Snapshot) {
				names(s, facts.Garbled, "SERVFAIL")
				*s.Matrix(factstest.Flow(upstreams)) = facts.Matrix{Flow: factstest.Flow(upstreams), NotRun: "no resolver of the hosts can be probed"}
			},
			"store.example resolves for no pod and no host through the cluster DNS: the cluster DNS gives SERVFAIL; no resolver of the hosts could be asked directly, so it is not known whether its upstream is at fault",
		},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			s := external(3)
			c.spoil(s)
			r := dns.External().Evaluate(s)
			if r.Verdict != check.Fail || len(r.Findings) != 1 || r.Findings[0].Says != c.says {
				t.Errorf("%s: %s\n%+v", r.Verdict, r.Why, r.Findings)
			}
		})
	}
}

func TestTheHostsFileFurther(t *testing.T) {
	const well = "3 of 3 nodes tell their pods the cluster DNS"
	loop := func(s *facts.Snapshot) {
		host("nameserver 127.0.0.1\nnameserver 10.0.0.1\n")(s)
		p := &s.Cluster.DNSPods[1]
		p.Ready, p.Reason = false, "CrashLoopBackOff"
	}
	judgeResolvers(t, []resolver{
		{
			"more nameservers than are used", host("nameserver 10.0.0.1\nnameserver 10.0.0.2\nnameserver 10.0.0.3\nnameserver 10.0.0.4\n"), check.Warn, well,
			[]string{"/etc/resolv.conf of the host n2 names 4 nameservers, of which resolvers and the kubelet use the first 3"},
		},
		{
			"itself beside others", host("nameserver 127.0.0.1\nnameserver 10.0.0.1\n"), check.Warn, well,
			[]string{"/etc/resolv.conf of the host n2 names 127.0.0.1 beside others; in a pod that gets this file, the cluster DNS among them, that address is the pod itself"},
		},
		{
			"a replica that asks itself", loop, check.Warn, well,
			[]string{"/etc/resolv.conf of the host n2 names 127.0.0.1, and the replica of the cluster DNS on this node is not ready (coredns-2: CrashLoopBackOff): " +
				"where the kubelet hands that file to it, it asks itself, a loop"},
		},
		{
			"a nameserver that is none", host("nameserver 10.0.0.1\nnameserver resolver\n"), check.Warn, well,
			[]string{`/etc/resolv.conf of the host n2 names the nameserver "resolver", which is no address`},
		},
	})
}
