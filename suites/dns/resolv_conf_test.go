package dns_test

import (
	"net/netip"
	"testing"

	"github.com/plumbline-net/plumbline/framework/check"
	"github.com/plumbline-net/plumbline/framework/facts"
	"github.com/plumbline-net/plumbline/framework/facts/factstest"
	"github.com/plumbline-net/plumbline/suites/dns"
)

const good = "search plumbline-abcde.svc.cluster.local svc.cluster.local cluster.local"

// resolver is a spoiled resolv.conf, and what is to be said of it.
type resolver struct {
	name    string
	spoil   func(*facts.Snapshot)
	verdict check.Verdict
	why     string
	says    []string
}

func pod(text string) func(*facts.Snapshot) {
	return func(s *facts.Snapshot) { s.Node("n2").PodAgent.ResolvConf.Text = text }
}

func host(text string) func(*facts.Snapshot) {
	return func(s *facts.Snapshot) { s.Host("n2", facts.First).ResolvConf.Text = text }
}

func judgeResolvers(t *testing.T, cases []resolver) {
	t.Helper()
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			s := factstest.Healthy(3)
			c.spoil(s)
			factstest.Expect(t, dns.ResolvConf().Evaluate(s), c.verdict, c.why, c.says...)
		})
	}
}

func TestTheResolvConfOfPods(t *testing.T) {
	judgeResolvers(t, []resolver{
		{
			"the node-local cache is accepted and named", pod(good + "\nnameserver 169.254.20.10\noptions ndots:5\n"), check.Pass,
			"3 of 3 nodes tell their pods the cluster DNS (1 by way of the node-local cache 169.254.20.10)", nil,
		},
		{
			"search domains of the host may follow", pod(good + " corp.example\nnameserver 10.96.0.10\noptions ndots:5\n"), check.Pass,
			"3 of 3 nodes tell their pods the cluster DNS", nil,
		},
		{
			"another nameserver", pod(good + "\nnameserver 10.96.0.11\noptions ndots:5\n"), check.Fail,
			"2 of 3 nodes tell their pods the cluster DNS",
			[]string{"pods of n2 are told the wrong resolver: nameserver 10.96.0.11 is not the cluster DNS (10.96.0.10)"},
		},
		{
			"another domain and ndots", pod("search plumbline-abcde.svc.old svc.old old\nnameserver 10.96.0.10\n"), check.Fail,
			"2 of 3 nodes tell their pods the cluster DNS",
			[]string{`pods of n2 are told the wrong resolver: its search path is "plumbline-abcde.svc.old svc.old old" and should begin with ` +
				`"plumbline-abcde.svc.cluster.local svc.cluster.local cluster.local"; ndots is 1 and should be 5`},
		},
		{
			"no nameserver, and one that is none", pod(good + "\nnameserver dns\noptions ndots:5\n"), check.Fail,
			"2 of 3 nodes tell their pods the cluster DNS",
			[]string{`pods of n2 are told the wrong resolver: it names no nameserver; nameserver "dns" is not an address`},
		},
		{
			"a node whose probe pod never came", func(s *facts.Snapshot) {
				factstest.DropPodAgent(s, "n2", facts.Event{Reason: "FailedScheduling", Message: "no room"})
			}, check.Unknown,
			"the resolv.conf of the pods of n2 was not read: FailedScheduling: no room",
			[]string{"the resolv.conf of the pods of n2 was not read: FailedScheduling: no room"},
		},
		{
			"a DNS Service in both families", func(s *facts.Snapshot) {
				s.Cluster.DNS = append(s.Cluster.DNS, netip.MustParseAddrPort("[fd00:96::a]:53"))
				s.Node("n2").PodAgent.ResolvConf.Text = good + "\nnameserver fd00:96::a\nnameserver 10.96.0.10\noptions ndots:5\n"
			}, check.Pass, "3 of 3 nodes tell their pods the cluster DNS", nil,
		},
	})
}

func TestTheResolvConfOfHosts(t *testing.T) {
	judgeResolvers(t, []resolver{
		{
			"the stub of systemd-resolved is sane for a host", host("nameserver 127.0.0.53\n"), check.Pass,
			"3 of 3 nodes tell their pods the cluster DNS; hosts that ask systemd-resolved's stub: 1 (the kubelet's resolvConf must bypass it)", nil,
		},
		{
			"a host that asks only itself", host("nameserver 127.0.0.1\n"), check.Warn, "3 of 3 nodes tell their pods the cluster DNS",
			[]string{"/etc/resolv.conf of the host n2 names only 127.0.0.1, which a pod cannot reach; the kubelet's resolvConf must point elsewhere"},
		},
		{
			"a host without a nameserver", host("search x\n"), check.Warn, "3 of 3 nodes tell their pods the cluster DNS",
			[]string{"/etc/resolv.conf of the host n2 names no nameserver"},
		},
		{
			"a host that asks the cluster DNS", host("nameserver 10.96.0.10\n"), check.Warn, "3 of 3 nodes tell their pods the cluster DNS",
			[]string{"/etc/resolv.conf of the host n2 names the cluster DNS, and the cluster DNS may in turn ask the host's resolver: a loop"},
		},
	})
}
