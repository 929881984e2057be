package dns_test

import (
	"flag"
	"slices"
	"strings"
	"testing"

	"github.com/plumbline-net/plumbline/framework/check"
	"github.com/plumbline-net/plumbline/framework/facts"
	"github.com/plumbline-net/plumbline/framework/facts/factstest"
	"github.com/plumbline-net/plumbline/suites/dns"
)

var update = flag.Bool("update", false, "write the recordings anew")

func TestAHealthyClusterPasses(t *testing.T) {
	unasked := slices.DeleteFunc(dns.All(), func(c check.Check) bool { return c.Level == check.OptIn || c.ID == "dns/nameserver" })
	factstest.Passes(t, unasked, map[string]*facts.Snapshot{
		"three nodes": factstest.Healthy(3), "one node": factstest.Healthy(1), "IPv6 alone": factstest.Healthy(2, facts.IPv6),
		"dual stack, the Service kube-dns in one family": factstest.Healthy(3, facts.IPv4, facts.IPv6),
	})
}

func TestAClusterWithoutDNS(t *testing.T) {
	s := factstest.Healthy(2)
	s.Cluster.DNS, s.Cluster.DNSPods = nil, nil
	for _, c := range dns.All() {
		if r := c.Evaluate(s); r.Verdict != check.Skip {
			t.Errorf("%s: %s: %s", c.ID, r.Verdict, r.Why)
		}
		if c.Ask != nil && c.Ask(check.ScopeOf(s)) != nil {
			t.Errorf("%s asks where there is nothing to ask", c.ID)
		}
	}
	s.Cluster.Errors = []facts.Error{{What: "Services of the cluster DNS", Says: "forbidden"}}
	for _, c := range dns.All() {
		factstest.Expect(t, c.Evaluate(s), check.Unknown,
			"no cluster DNS is known, but not everything could be listed (Services of the cluster DNS: forbidden)")
	}
}

func TestADeadReplicaIsNamedWithItsNode(t *testing.T) {
	s := factstest.Healthy(3)
	for _, key := range []string{"pod>dnsReplica/dns-udp/ipv4@main", "host>dnsReplica/dns-udp/ipv4@main"} {
		factstest.Letters(s, key, ".T", ".T", ".T")
	}
	r := dns.Replica().Evaluate(s)
	factstest.Expect(t, r, check.Fail, "6 of 12 pairs of sender and replica answer (DNS over UDP and DNS over TCP; IPv4; from pods and hosts)",
		"6 of 12 pairs of sender and replica time out: all to coredns-2 (n2) (DNS over UDP only; IPv4; from pods and hosts)")
	f := r.Findings[0]
	if !slices.Equal(f.Nodes, []string{"n2"}) || f.Subject != "coredns-2 (n2)" || len(f.Pairs) != 6 {
		t.Errorf("%+v", f)
	}
	if !slices.ContainsFunc(f.Remedy, func(m check.Remedy) bool { return strings.Contains(m.Command, "describe pod coredns-2") }) {
		t.Errorf("%+v", f.Remedy)
	}
}

func TestANodeThatReachesNoReplicaOfOthersIsTheNode(t *testing.T) {
	s := factstest.Healthy(3)
	for _, key := range []string{"pod>dnsReplica/dns-udp/ipv4@main", "pod>dnsReplica/dns-tcp/ipv4@main"} {
		factstest.Letters(s, key, "..", "..", "TT")
	}
	factstest.Expect(t, dns.Replica().Evaluate(s), check.Fail,
		"10 of 12 pairs of sender and replica answer (DNS over UDP and DNS over TCP; IPv4; from pods and hosts)",
		"2 of 6 pairs of sender and replica time out: all from n3 (DNS over UDP and DNS over TCP; IPv4; from pods only)")
}

func TestAReplicaThatIsNotReadyIsAWarning(t *testing.T) {
	s := factstest.Healthy(3)
	p := &s.Cluster.DNSPods[1]
	p.Ready, p.Phase, p.Addrs, p.Node, p.Message = false, "Pending", nil, "", "0/3 nodes are available: 3 Insufficient memory."
	factstest.Letters(s, "pod>dnsReplica/dns-udp/ipv4@main", "..", "..", "..")
	r := dns.Replica().Evaluate(s)
	factstest.Expect(t, r, check.Warn, "12 of 12 pairs of sender and replica answer (DNS over UDP and DNS over TCP; IPv4; from pods and hosts)",
		"the replica coredns-2 is not ready: 0/3 nodes are available: 3 Insufficient memory.")
}

func TestNoReplicaBehindTheServiceFails(t *testing.T) {
	s := factstest.Healthy(3)
	s.Cluster.DNSPods = nil
	factstest.Expect(t, dns.Replica().Evaluate(s), check.Fail, "no replica answers, because there is none", "0 replicas stand behind the DNS Service 10.96.0.10")
	s.Cluster.Errors = []facts.Error{{What: "pods of kube-system", Says: "forbidden"}}
	factstest.Expect(t, dns.Replica().Evaluate(s), check.Unknown, "the replicas of the cluster DNS are not known (pods of kube-system: forbidden)")
}

// share makes a place lose some of its queries to the DNS Service.
func share(s *facts.Snapshot, key, from string, lost int) {
	d := &facts.Detail{Attempts: []facts.Attempt{{Outcome: facts.OK, Micros: 400}}}
	for range lost {
		d.Attempts = append(d.Attempts, facts.Attempt{Outcome: facts.Timeout, Micros: 1200000})
	}
	factstest.Set(s, key, from, "dns", facts.Cell{Outcome: facts.OK, Retried: true}, d)
}

func TestAShareOfLostQueriesIsADeadReplicaAndOneIsAWarning(t *testing.T) {
	s := factstest.Healthy(3)
	for _, n := range []string{"n1", "n2", "n3"} {
		share(s, "pod>dnsService/dns-udp/ipv4@main", "pod/"+n, 4)
	}
	share(s, "pod>dnsService/dns-tcp/ipv4@main", "pod/n1", 1)
	factstest.Expect(t, dns.Service().Evaluate(s), check.Fail,
		"3 of 6 places answer (DNS over UDP and DNS over TCP; IPv4; from hosts and pods; at the first look and the main look)",
		"3 of 3 places lose a share of their queries: all to DNS Service 10.96.0.10 (DNS over UDP only; IPv4; from pods only; at the main look only)",
		"1 of 3 places answered, but not at every attempt: n1 → DNS Service 10.96.0.10 (attempts lost: 1; DNS over TCP only; IPv4; from pods only; at the main look only)")
}

func TestANodeWithoutServicesAndAFaultThatWasHealed(t *testing.T) {
	s := factstest.Healthy(3)
	for _, via := range []string{"dns-udp", "dns-tcp"} {
		factstest.Letters(s, "host>dnsService/"+via+"/ipv4@first", ".", "T", ".")
	}
	r := dns.Service().Evaluate(s)
	factstest.Expect(t, r, check.Fail, "5 of 6 places answer (DNS over UDP and DNS over TCP; IPv4; from hosts and pods; at the first look and the main look)",
		"1 of 3 places times out: all from n2 (DNS over UDP and DNS over TCP; IPv4; from hosts only; at the first look only); "+
			"it went well at the main look: creating our own pods and Services healed it")
	if m := r.Findings[0].Remedy; !strings.Contains(m[0].Command, "spec.nodeName=n2") {
		t.Errorf("%+v", m)
	}
}

// resolvers leaves of a snapshot what dns/resolv-conf reads.
func resolvers(s *facts.Snapshot) *facts.Snapshot {
	hosts := s.Hosts
	factstest.Trim(s)
	for _, h := range hosts {
		if h.Look == facts.First {
			s.Hosts = append(s.Hosts, facts.HostLook{Node: h.Node, Look: h.Look, ResolvConf: h.ResolvConf})
		}
	}
	return s
}

// TestRecordings judges the snapshots from which the recordings are written.
func TestRecordings(t *testing.T) {
	silent := factstest.Healthy(3)
	factstest.SilenceNode(silent, "n2", "exec: the kubelet at 10.0.0.12:10250 did not answer within 10 s")
	dead := factstest.Healthy(3)
	for _, key := range []string{"pod>dnsReplica/dns-udp/ipv4@main", "host>dnsReplica/dns-udp/ipv4@main", "pod>dnsReplica/dns-tcp/ipv4@main", "host>dnsReplica/dns-tcp/ipv4@main"} {
		factstest.Letters(dead, key, ".T", ".T", ".T")
	}
	for _, n := range []string{"n1", "n2", "n3"} {
		share(dead, "pod>dnsService/dns-udp/ipv4@main", "pod/"+n, 5)
		share(dead, "pod>dnsService/dns-tcp/ipv4@main", "pod/"+n, 4)
	}
	for name, key := range map[string][]string{"replica": {"pod>dnsReplica", "host>dnsReplica"}, "service": {"pod>dnsService", "host>dnsService"}} {
		c := dns.Replica()
		if name == "service" {
			c = dns.Service()
		}
		fail, unknown := *dead, *silent
		factstest.Recordings(t, c, *update, factstest.Trim(factstest.Healthy(3), key...), factstest.Trim(&fail, key...), factstest.Trim(&unknown, key...))
	}
	wrong, notRead := factstest.Healthy(3), factstest.Healthy(3)
	wrong.Node("n2").PodAgent.ResolvConf.Text = strings.ReplaceAll(wrong.Node("n2").PodAgent.ResolvConf.Text, "10.96.0.10", "10.43.0.10")
	notRead.Node("n2").PodAgent.ResolvConf = &facts.Text{Path: "/etc/resolv.conf", NotRun: "exec: the kubelet at 10.0.0.12:10250 did not answer within 10 s"}
	factstest.Recordings(t, dns.ResolvConf(), *update, resolvers(factstest.Healthy(3)), resolvers(wrong), resolvers(notRead))
}
