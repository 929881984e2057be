package dns_test

import (
	"net/netip"
	"testing"

	"github.com/plumbline-net/plumbline/framework/check"
	"github.com/plumbline-net/plumbline/framework/facts"
	"github.com/plumbline-net/plumbline/framework/facts/factstest"
	"github.com/plumbline-net/plumbline/suites/dns"
)

// TestFurtherRecordings judges the snapshots from which the recordings are written.
func TestFurtherRecordings(t *testing.T) {
	const why = "exec: the kubelet at 10.0.0.12:10250 did not answer within 10 s"
	silent := func(s *facts.Snapshot) *facts.Snapshot { factstest.SilenceNode(s, "n2", why); return s }
	changed := func(change func(*facts.Snapshot)) *facts.Snapshot {
		s := factstest.Healthy(3)
		change(s)
		return s
	}
	cut := func(s *facts.Snapshot) {
		factstest.Letters(s, podMetrics, "..", "..", "TT")
		factstest.Letters(s, hostMetrics, "..", "..", "TT")
	}
	wrong := func(s *facts.Snapshot) {
		answered(s, "A kubernetes", facts.Garbled, "NOERROR", []string{"10.96.0.99"}, "n1", "n2", "n3")
		answered(s, "NXDOMAIN", facts.Garbled, "NOERROR", []string{"198.51.100.1"}, "n2")
	}
	lossy := func(s *facts.Snapshot) {
		for _, to := range []string{"dns/coredns-1", "dns/coredns-2"} {
			raced(s, raceReplica, "pod/n3", to, facts.SeriesCell{Sent: 10, Lost: 2, Median: 400, P95: 600, Worst: 900, Deviation: 80})
		}
	}
	late := func(s *facts.Snapshot) {
		s.Node("n2").PodAgent.Startup.DNS = facts.FirstSuccess{Millis: 5004, Tries: 2, Error: "read udp 10.244.2.2: i/o timeout"}
	}
	for _, r := range []struct {
		c       check.Check
		reads   []string
		fail    func(*facts.Snapshot)
		unknown *facts.Snapshot
	}{
		{dns.Metrics(), []string{"pod>dnsMetrics", "host>dnsMetrics"}, cut, silent(factstest.Healthy(3))},
		{dns.Records(), []string{"pod>dnsRecord"}, wrong, silent(factstest.Healthy(3))},
		{dns.Latency(), []string{raceService, raceReplica}, lossy, silent(factstest.Healthy(3))},
		{dns.Truncation(), []string{bigAnswers, "pod>dnsService/dns-"}, func(s *facts.Snapshot) { factstest.Letters(s, bigAnswers, ".", "T", ".") }, silent(factstest.Healthy(3))},
		{
			dns.Startup(),
			[]string{"pod>dnsService/dns-udp", "pod>api/tls"},
			late,
			changed(func(s *facts.Snapshot) { s.Node("n2").PodAgent.Startup = nil }),
		},
		{
			dns.Spread(),
			[]string{"none"},
			func(s *facts.Snapshot) { s.Cluster.DNSPods[1].Node = "n1" },
			changed(func(s *facts.Snapshot) {
				s.Cluster.DNSPods, s.Cluster.Errors = nil, []facts.Error{{What: "pods of kube-system", Says: "pods is forbidden"}}
			}),
		},
	} {
		factstest.Recordings(t, r.c, *update, lean(factstest.Healthy(3), r.reads), lean(changed(r.fail), r.reads), lean(r.unknown, r.reads))
	}
	dead := external(3)
	names(dead, facts.Garbled, "SERVFAIL")
	reads := []string{"pod>dnsExternal", "host>dnsExternal", "host>dnsUpstream", "pod>dnsService/dns-udp", "host>dnsService/dns-udp/ipv4@main"}
	factstest.Recordings(t, dns.External(), *update, lean(external(3), reads), lean(dead, reads), lean(silent(external(3)), reads))
}

// lean leaves of a snapshot what the checks of this file's flows read.
func lean(s *facts.Snapshot, reads []string) *facts.Snapshot {
	factstest.Trim(s, reads...)
	s.Cluster.CNIPods, s.Cluster.CNIPodsLast, s.Cluster.CNILogs, s.Cluster.Services = nil, nil, nil, nil
	for i := range s.Further {
		if s.Further[i].Kind == facts.KindMany {
			s.Further[i].Addrs = []netip.Addr{}
		}
	}
	return s
}
