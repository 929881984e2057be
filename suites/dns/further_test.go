package dns_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/plumbline-net/plumbline/framework/check"
	"github.com/plumbline-net/plumbline/framework/facts"
	"github.com/plumbline-net/plumbline/framework/facts/factstest"
	"github.com/plumbline-net/plumbline/suites/dns"
)

const (
	podMetrics, hostMetrics = "pod>dnsMetrics/http/ipv4@main", "host>dnsMetrics/http/ipv4@main"
	podRecords              = "pod>dnsRecord/record/ipv4@main"
	bigAnswers              = "pod>dnsService/big/ipv4@main"
	raceService             = "pod>dnsService/race/ipv4@main"
	raceReplica             = "pod>dnsReplica/race/ipv4@main"
)

func TestFurtherShapesOfAHealthyClusterPass(t *testing.T) {
	unprivileged := factstest.Healthy(3)
	unprivileged.Run.Unprivileged = true
	factstest.Keep(unprivileged, "pod>")
	checks := []check.Check{dns.Metrics(), dns.Records(), dns.Latency(), dns.Truncation(), dns.Startup(), dns.Spread()}
	factstest.Passes(t, checks, map[string]*facts.Snapshot{
		"ten nodes": factstest.Healthy(10), "no host access": unprivileged, "dual stack, IPv6 first": factstest.Healthy(2, facts.IPv6, facts.IPv4),
	})
}

func TestAReplicaThatServesNoMetricsToAnyoneIsNoMatterOfTheNetwork(t *testing.T) {
	s := factstest.Healthy(3)
	for _, key := range []string{podMetrics, hostMetrics} {
		factstest.Letters(s, key, ".R", ".R", ".R")
	}
	factstest.Expect(t, dns.Metrics().Evaluate(s), check.Warn, "6 of 6 pairs of sender and replica get the metrics (HTTP; IPv4; from pods and hosts); "+
		"6 not judged here: the replica serves no metrics to anyone, which is no matter of the network",
		"coredns-2 (n2) refuses the connection at port 9153 from every place, its own node included: it serves no metrics there, which is no matter of the network")
	for _, key := range []string{podMetrics, hostMetrics} {
		factstest.Letters(s, key, "RR", "RR", "RR")
	}
	if r := dns.Metrics().Evaluate(s); r.Verdict != check.Warn || len(r.Findings) != 1 || r.Findings[0].Subject != "coredns-1 (n1), coredns-2 (n2)" {
		t.Errorf("a cluster DNS that is not CoreDNS: %s: %s %+v", r.Verdict, r.Why, r.Findings)
	}
}

func TestMetricsThatSomeDoNotGetAreAFailure(t *testing.T) {
	s := factstest.Healthy(3)
	for _, key := range []string{podMetrics, hostMetrics} {
		factstest.Letters(s, key, ".R", "..", ".R")
	}
	factstest.Expect(t, dns.Metrics().Evaluate(s), check.Fail, "8 of 12 pairs of sender and replica get the metrics (HTTP; IPv4; from pods and hosts)",
		"4 of 12 pairs of sender and replica are refused: all to coredns-2 (n2) from other nodes (HTTP; IPv4; from pods and hosts)")
	s = factstest.Healthy(3)
	factstest.Letters(s, podMetrics, "..", "..", "TT")
	r := dns.Metrics().Evaluate(s)
	if r.Verdict != check.Fail || !slices.Equal(r.Findings[0].Nodes, []string{"n3"}) {
		t.Errorf("%+v", r.Findings)
	}
}

// answered sets one reply to one question at the given places.
func answered(s *facts.Snapshot, record string, o facts.Outcome, rcode string, answers []string, nodes ...string) {
	for _, n := range nodes {
		a := facts.Attempt{Outcome: o, RCode: rcode, Answers: answers}
		factstest.Set(s, podRecords, "pod/"+n, "record/"+record, facts.Cell{Outcome: o}, &facts.Detail{Attempts: []facts.Attempt{a}})
	}
}

func TestAWrongRecordIsOneFindingHoweverManyNodesGetIt(t *testing.T) {
	s := factstest.Healthy(3)
	answered(s, "A kubernetes", facts.Garbled, "NOERROR", []string{"10.96.0.99"}, "n1", "n2", "n3")
	answered(s, "NXDOMAIN", facts.Garbled, "NOERROR", []string{"198.51.100.1"}, "n2")
	answered(s, "AAAA headless", facts.Garbled, "SERVFAIL", nil, "n1", "n2", "n3")
	r := dns.Records().Evaluate(s)
	factstest.Expect(t, r, check.Fail, "11 of 15 answers are as the specification says",
		"asked for kubernetes.default.svc.cluster.local. A, the cluster DNS gave 10.96.0.99; 10.96.0.1 ought to come (from 3 places)",
		"asked for plumbline-no-such-service.default.svc.cluster.local. A, the cluster DNS gave 198.51.100.1; NXDOMAIN ought to come (from 1 of 3 places: n2)")
	if f := r.Findings[1]; !slices.Equal(f.Nodes, []string{"n2"}) || len(f.Pairs) != 1 {
		t.Errorf("%+v", f)
	}
}

func TestRecordsThatGetNoAnswer(t *testing.T) {
	s := factstest.Healthy(3)
	silent := strings.Repeat("T", 7)
	factstest.Letters(s, podRecords, ".......", silent, ".......")
	factstest.Expect(t, dns.Records().Evaluate(s), check.Pass,
		"10 of 10 answers are as the specification says; 5 not judged here: the DNS Service did not answer (see dns/service)")
	factstest.Letters(s, podRecords, silent, silent, silent)
	if r := dns.Records().Evaluate(s); r.Verdict != check.Unknown {
		t.Errorf("nobody answers: %s: %s", r.Verdict, r.Why)
	}
	s = factstest.Healthy(3)
	for _, n := range []string{"n1", "n2", "n3"} {
		answered(s, "PTR kubernetes", facts.Timeout, "", nil, n)
	}
	r := dns.Records().Evaluate(s)
	factstest.Expect(t, r, check.Fail, "12 of 15 answers are as the specification says",
		"asked for 1.0.96.10.in-addr.arpa. PTR, the cluster DNS gave nothing (silence); kubernetes.default.svc.cluster.local. ought to come (from 3 places)")
}

func TestReplicasThatDoNotAgreeAreAWarning(t *testing.T) {
	s := factstest.Healthy(2)
	factstest.Set(s, podRecords, "pod/n1", "record/A kubernetes", facts.Cell{Outcome: facts.OK, Retried: true}, &facts.Detail{Attempts: []facts.Attempt{
		{Outcome: facts.Garbled, RCode: "NXDOMAIN"}, {Outcome: facts.OK, Answers: []string{"10.96.0.1"}},
	}})
	factstest.Expect(t, dns.Records().Evaluate(s), check.Warn, "10 of 10 answers are as the specification says",
		"asked for kubernetes.default.svc.cluster.local. A, the cluster DNS gave NXDOMAIN at one time and the right answer at another, so its replicas do not agree (from 1 of 2 places: n1)")
}

// raced sets one series.
func raced(s *facts.Snapshot, key, from, to string, c facts.SeriesCell) {
	m := s.Matrix(factstest.Flow(key))
	for i := range m.Rows {
		for j := range m.Targets {
			if m.Rows[i].From.String() == from && m.Targets[j].ID == to {
				m.Rows[i].Series[j] = c
			}
		}
	}
}

func TestLostPairsAreAWarningWithTheirFigures(t *testing.T) {
	s := factstest.Healthy(3)
	for _, to := range []string{"dns/coredns-1", "dns/coredns-2"} {
		raced(s, raceReplica, "pod/n3", to, facts.SeriesCell{Sent: 20, Lost: 3, Median: 400, P95: 600, Worst: 900})
	}
	factstest.Set(s, raceReplica, "pod/n3", "dns/coredns-1", facts.Cell{Outcome: facts.OK, Partial: true}, &facts.Detail{
		Attempts: []facts.Attempt{{Outcome: facts.Timeout, Note: "only the question for AAAA was not answered"}},
	})
	r := dns.Latency().Evaluate(s)
	factstest.Expect(t, r, check.Warn, "7 of 9 ways to the cluster DNS lose no question (A and AAAA at once; IPv4); 6 of 180 pairs lost, median 0.2 ms, worst 0.9 ms",
		"2 of 6 ways to the cluster DNS lose a share of their questions: all from n3 (A and AAAA at once; IPv4); 6 of 40 pairs of A and AAAA lost, the worst answer after 0.9 ms; "+
			"of a lost pair the other question was answered, which is the race of two packets of one socket in conntrack")
	if e := r.Findings[0].Evidence; len(e) != 2 || e[0].Text != "3 of 20 pairs of questions lost; median 0.4 ms, p95 0.6 ms, worst 0.9 ms, deviation 0.0 ms" {
		t.Errorf("%+v", e)
	}
}

func TestTheFiveSecondsAndASlowNodeAndReplica(t *testing.T) {
	s := factstest.Healthy(3)
	raced(s, raceService, "pod/n1", "dns", facts.SeriesCell{Sent: 20, Median: 300, P95: 400, Worst: 5001000})
	if r := dns.Latency().Evaluate(s); r.Verdict != check.Warn || !strings.Contains(r.Findings[0].Says, "waits about five seconds for an answer") {
		t.Errorf("%+v", r)
	}
	s = factstest.Healthy(4)
	slow := facts.SeriesCell{Sent: 20, Median: 51000, P95: 52000, Worst: 60000}
	for _, to := range []string{"dns/coredns-1", "dns/coredns-2"} {
		raced(s, raceReplica, "pod/n4", to, slow)
	}
	r := dns.Latency().Evaluate(s)
	if r.Verdict != check.Warn || len(r.Findings) != 1 || !slices.Equal(r.Findings[0].Nodes, []string{"n4"}) || !strings.Contains(r.Findings[0].Says, "pods of n4 wait 51 ms") {
		t.Errorf("a slow node: %+v", r.Findings)
	}
	s = factstest.Healthy(4)
	for _, from := range []string{"pod/n1", "pod/n3", "pod/n4"} {
		raced(s, raceReplica, from, "dns/coredns-2", slow)
	}
	r = dns.Latency().Evaluate(s)
	if r.Verdict != check.Warn || len(r.Findings) != 1 || r.Findings[0].Subject != "coredns-2 (n2)" {
		t.Errorf("a slow replica: %+v", r.Findings)
	}
}

func TestSeriesThatAreOtherChecksMatterOrWereNotSent(t *testing.T) {
	s := factstest.Healthy(2)
	raced(s, raceReplica, "pod/n1", "dns/coredns-2", facts.SeriesCell{Sent: 20, Lost: 20})
	if r := dns.Latency().Evaluate(s); r.Verdict != check.Pass || !strings.Contains(r.Why, "1 not judged here: not one question was answered") {
		t.Errorf("%s: %s", r.Verdict, r.Why)
	}
	s.Matrix(factstest.Flow(raceService)).Rows[0].Series = nil
	if r := dns.Latency().Evaluate(s); r.Verdict != check.Unknown {
		t.Errorf("%s: %s", r.Verdict, r.Why)
	}
}

func TestLargeAnswers(t *testing.T) {
	s := factstest.Healthy(3)
	factstest.Set(s, bigAnswers, "pod/n2", "dns", facts.Cell{Outcome: facts.OK, Partial: true}, nil)
	factstest.Expect(t, dns.Truncation().Evaluate(s), check.Warn, "2 of 3 places get large answers whole (large DNS answer; IPv4)",
		"1 of 3 places gets a large answer by TCP only, not in a datagram over 512 bytes: all from n2 (large DNS answer; IPv4)")
	factstest.Letters(s, bigAnswers, ".", "T", ".")
	factstest.Expect(t, dns.Truncation().Evaluate(s), check.Fail, "2 of 3 places get large answers whole (large DNS answer; IPv4)",
		"1 of 3 places does not get a large answer, while small ones come: all from n2 (large DNS answer; IPv4)")
	factstest.Letters(s, "pod>dnsService/dns-tcp/ipv4@main", ".", "T", ".")
	factstest.Expect(t, dns.Truncation().Evaluate(s), check.Pass,
		"2 of 2 places get large answers whole (large DNS answer; IPv4); 1 not judged here: not even a small answer comes by UDP and TCP (see dns/service)")
	s.Further = nil
	factstest.Expect(t, dns.Truncation().Evaluate(s), check.Unknown, "the Service with many addresses was not made, so no answer is large")
}
