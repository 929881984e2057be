package diagnose

import (
	"slices"
	"strings"
	"testing"

	"github.com/plumbline-net/plumbline/framework/check"
	"github.com/plumbline-net/plumbline/framework/facts"
	"github.com/plumbline-net/plumbline/framework/facts/factstest"
	"github.com/plumbline-net/plumbline/reporters/report"
)

// answers makes cells right again.
func answers(s *facts.Snapshot, key string, pairs ...[2]string) {
	for _, p := range pairs {
		factstest.Set(s, key, p[0], p[1], facts.Cell{Outcome: facts.OK}, nil)
	}
}

const podPodTCP = "pod>pod/tcp/ipv4@main"

func TestHowWellACauseIsFounded(t *testing.T) {
	for _, tc := range []struct {
		name      string
		fault     func(*facts.Snapshot) []Judged
		id        string
		certainty report.Certainty
		grounds   string
	}{
		{
			"a counter that moved is a proof", func(s *facts.Snapshot) []Judged { return rejecting(s, "n2") }, "forward-rejected",
			report.Proved, "the rule's counter grew by 42 packets while the suite probed; all 12 pairs that it must break failed",
		},
		{
			"a counter that stood still is none", func(s *facts.Snapshot) []Judged { return rejecting(s, "n2")[:1] }, "forward-rejected",
			report.Configured, "the node's own rules were followed with packets of its pods, and they end there; all 12 pairs that it must break failed",
		},
		{"the counter of another rule proves nothing", func(s *facts.Snapshot) []Judged {
			return append(rejecting(s, "n2")[:1], failed(firewallDrops, rule("n2", "FORWARD", "-A FORWARD -s 192.0.2.1/32 -j DROP", "dropped packets", 9)))
		}, "forward-rejected", report.Configured, "the node's own rules"},
		{"the counter of a host", func(*facts.Snapshot) []Judged {
			f := about("n2", "the filter dropped 90 packets")
			f.Evidence = []check.Evidence{{Node: "n2", Source: "counter netstat.TcpExt.IPReversePathFilter (first and last look)", Text: "8 → 98"}}
			return []Judged{failed("kernel/rp-filter", f)}
		}, "reverse-path", report.Proved, "netstat.TcpExt.IPReversePathFilter of n2 grew by 90 while the suite probed"},
		{"a load that changed is no counter", func(*facts.Snapshot) []Judged {
			f := about("n2", "strict")
			f.Evidence = []check.Evidence{{Node: "n2", Source: "/proc/loadavg (first and last look)", Text: "3 → 98"}}
			return []Judged{failed("kernel/rp-filter", f)}
		}, "reverse-path", report.Configured, "the filter drops what comes in"},
		{
			"a setting that was read", func(s *facts.Snapshot) []Judged { return switchedOff(s, "n2") }, "no-forwarding",
			report.Configured, "passes nothing on between pods and other nodes; all 12 pairs that it must break failed",
		},
		{
			"the shape alone fits", func(s *facts.Snapshot) []Judged { cut(s, overTunnel(of("n2"))); return nil }, "vxlan-blocked",
			report.Fits, "red pairs of the matrix have the shape that it leaves, and no host has shown why",
		},
		{"an answer that was heard", func(*facts.Snapshot) []Judged {
			return []Judged{failed("node/duplicate-address", about("n2", "two answer"))}
		}, duplicateAddress, report.Proved, "another machine answered"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			s := factstest.Healthy(3)
			judged := tc.fault(s)
			c := find(t, Diagnose(s, append(traffic(s), merged(judged)...)), tc.id)
			if c.Certainty != tc.certainty || !strings.Contains(c.Grounds, tc.grounds) || len(c.Against) > 0 || c.Verdict != check.Fail {
				t.Errorf("%s, %q: %q, against %q", c.Verdict, c.Certainty, c.Grounds, c.Against)
			}
		})
	}
}

func TestPairsThatAnswerAlthoughTheCauseShouldBreakThemSpeakAgainstIt(t *testing.T) {
	s := factstest.Healthy(3)
	judged := switchedOff(s, "n2")
	answers(s, podPodTCP, [2]string{"pod/n1", "pod/n2"}, [2]string{"pod/n2", "pod/n1"})
	c := find(t, Diagnose(s, append(traffic(s), judged...)), "no-forwarding")
	want := []string{"2 of the 12 pairs that it should break answered, for example pod/n2 → pod/n1 (TCP)"}
	if c.Certainty != report.FitsPartly || !slices.Equal(c.Against, want) {
		t.Errorf("%q, against %q", c.Certainty, c.Against)
	}
}

func TestACounterStaysAProofAndTheDoubtIsSaid(t *testing.T) {
	s := factstest.Healthy(3)
	judged := rejecting(s, "n2")
	answers(s, podPodTCP, [2]string{"pod/n1", "pod/n2"})
	c := find(t, Diagnose(s, append(traffic(s), judged...)), "forward-rejected")
	if c.Certainty != report.Proved || len(c.Against) != 1 {
		t.Errorf("%q, against %q", c.Certainty, c.Against)
	}
}

func TestWhatNeedNotBreakSpeaksForNobody(t *testing.T) {
	for _, tc := range []struct {
		name  string
		fault func(*facts.Snapshot) []Judged
		id    string
	}{
		{"forwarding that our own pod switched on again", func(s *facts.Snapshot) []Judged {
			off(s, "n2", "net.ipv4.ip_forward", "0", facts.First)
			return []Judged{failed(ipForward, about("n2", "off"))}
		}, "no-forwarding"},
		{"forwarding of another family", func(s *facts.Snapshot) []Judged {
			for _, look := range []facts.Look{facts.First, facts.Last} {
				off(s, "n2", "net.ipv6.conf.all.forwarding", "0", look)
			}
			return []Judged{failed(ipForward, about("n2", "off"))}
		}, "no-forwarding"},
		{"a rule for some packets only", func(*facts.Snapshot) []Judged {
			return []Judged{failed(firewallForward, rule("n2", "FORWARD", "-A FORWARD -p udp -j DROP", "drops forwarded UDP pod traffic to n1", 0))}
		}, "forward-rejected"},
		{"a rule that was there at one look only", func(*facts.Snapshot) []Judged {
			return []Judged{failed(firewallForward, rule("n2", "FORWARD", rejectAll, forwardAll+" (at the first look only)", 0))}
		}, "forward-rejected"},
		{"a kube-proxy that stopped, and left its rules", func(*facts.Snapshot) []Judged {
			return []Judged{failed(kubeProxy, about("n2", "kube-proxy is not Ready here (Failed): Services stay as they were when it stopped"))}
		}, "kube-proxy-missing"},
		{"a route towards several nodes", func(*facts.Snapshot) []Judged {
			return []Judged{failed("route/pod-cidr", about("n2", "no route to the pods of 2 nodes"))}
		}, "route-missing"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			s := factstest.Healthy(3)
			c := find(t, Diagnose(s, tc.fault(s)), tc.id)
			if c.Certainty != report.Configured || len(c.Against) > 0 || strings.Contains(c.Grounds, "must break") {
				t.Errorf("%q (%s), against %q", c.Certainty, c.Grounds, c.Against)
			}
		})
	}
}

func TestAServiceThatAnswersAfterARetryTellsNothingOfItsMissingProxy(t *testing.T) {
	s := factstest.Healthy(3)
	judged := proxyless(s, "n1")
	factstest.Set(s, "pod>clusterIP/tcp/ipv4@main", "pod/n1", "service", facts.Cell{Outcome: facts.OK, Retried: true}, nil)
	c := find(t, Diagnose(s, append(traffic(s), judged...)), "kube-proxy-missing")
	if len(c.Against) > 0 {
		t.Errorf("against %q", c.Against)
	}
}

func TestRedPairsThatNoCauseExplainsAreLeftOpen(t *testing.T) {
	s := factstest.Healthy(3)
	judged := switchedOff(s, "n2")
	factstest.Set(s, "host>host/tcp/ipv4@main", "host/n2", "host/n3", facts.Cell{Outcome: facts.Timeout}, nil)
	factstest.Set(s, "host>host/udp/ipv4@main", "host/n1", "host/n3", facts.Cell{Outcome: facts.Timeout}, nil)
	d := Find(s, append(traffic(s), judged...))
	c := find(t, d.Causes, "no-forwarding")
	want := []string{"no cause explains 1 red pair of n2 (host → host over TCP)"}
	if c.Certainty != report.Configured || !slices.Equal(c.Against, want) {
		t.Errorf("%q, against %q", c.Certainty, c.Against)
	}
	if len(d.Open) != 2 {
		t.Errorf("open: %+v", d.Open)
	}
	if !slices.Equal(d.Parts[c.Key], []string{"host"}) {
		t.Errorf("parts %v", d.Parts)
	}
}

func TestFailuresComeFirstAndWeakenedCausesAfterOthers(t *testing.T) {
	list := []report.Cause{
		{Key: "warned", Verdict: check.Warn, Explains: []report.Explained{{Findings: 9}}},
		{Key: "unknown", Verdict: check.Unknown, Explains: []report.Explained{{Findings: 9}}},
		{Key: "weak", Verdict: check.Fail, Certainty: report.FitsPartly, Explains: []report.Explained{{Findings: 9}}},
		{Key: "small", Verdict: check.Fail, Explains: []report.Explained{{Findings: 1}}},
		{Key: "large", Verdict: check.Fail, Explains: []report.Explained{{Findings: 1, Pairs: 4}}},
	}
	Order(list)
	var got []string
	for _, c := range list {
		got = append(got, c.Key)
	}
	if want := []string{"large", "small", "weak", "unknown", "warned"}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestNewPodsThatMeetWhatTheCauseDoesAreItsConsequence(t *testing.T) {
	late := about("n2", "the first lookup never succeeded in new pods of 1 node, and it fails later too (timeout): n2")
	s := factstest.Healthy(3)
	d := Find(s, append(merged(rejecting(s, "n2")), failed(startup, late)))
	if len(d.Open) != 0 {
		t.Errorf("open: %+v", d.Open)
	}
	other := about("n1", late.Says)
	s = factstest.Healthy(3)
	s.Cluster.DNSPods = nil
	if d = Find(s, append(merged(rejecting(s, "n2")), failed(startup, other))); len(d.Open) != 1 {
		t.Errorf("new pods on another node: %+v", d.Open)
	}
}
