package judge

import (
	"slices"
	"strings"
	"testing"

	"github.com/plumbline-net/plumbline/framework/check"
	"github.com/plumbline-net/plumbline/framework/diagnose"
	"github.com/plumbline-net/plumbline/framework/facts"
	"github.com/plumbline-net/plumbline/framework/facts/factstest"
	"github.com/plumbline-net/plumbline/framework/path"
	"github.com/plumbline-net/plumbline/reporters/report"
)

func TestAFlowThatWasSentAgainFoundsItsCauseOrSpeaksAgainstIt(t *testing.T) {
	at := func(stage path.Stage, node, to string) path.Place {
		return path.Place{Stage: stage, Node: node, To: to}
	}
	kernel := func(node string) []path.Reason {
		return []path.Reason{{Node: node, Source: "kernel", Text: "the kernel says IP_RPFILTER"}}
	}
	for _, tc := range []struct {
		name      string
		certainty report.Certainty
		parts     []string
		verdict   path.Verdict
		want      report.Certainty
		says      string // of the grounds, or of what speaks against it
	}{
		{
			"it vanished where the cause takes packets", report.Configured,
			[]string{"host"},
			path.Verdict{Outcome: path.Vanished, Place: at("receiver-host", "n2", "")},
			report.Proved, "vanished at the host of n2",
		},
		{
			"it vanished there on the way of the answer", report.Fits,
			[]string{"host"},
			path.Verdict{Outcome: path.Vanished, Place: at("answer-receiver-host", "n2", "")},
			report.Proved, "vanished at the host of n2",
		},
		{
			"it vanished at the node, and the kernel there says why", report.Configured, nil,
			path.Verdict{Outcome: path.Vanished, Place: at("receiver-bridge", "n2", ""), Because: kernel("n2")},
			report.Proved, "the bridge of n2: the kernel says IP_RPFILTER",
		},
		{
			"it vanished at the node, at another part, and nothing says why", report.Configured,
			[]string{"tunnel"},
			path.Verdict{Outcome: path.Vanished, Place: at("receiver-bridge", "n2", "")},
			report.Configured, "read",
		},
		{
			"the reason lies at the node", report.Configured,
			[]string{"tunnel"},
			path.Verdict{Outcome: path.Vanished, Place: at("wire", "n1", "n3"), Blames: at("sender-tunnel", "n2", "")},
			report.Proved, "the wire from n1 to n3",
		},
		{
			"it vanished at another node", report.Configured,
			[]string{"host"},
			path.Verdict{Outcome: path.Vanished, Place: at("sender-host", "n1", "")},
			report.FitsPartly, "vanished at the host of n1, not at n2",
		},
		{
			"a proof stays one when it vanished at another node", report.Proved,
			[]string{"host"},
			path.Verdict{Outcome: path.Vanished, Place: at("sender-host", "n1", "")},
			report.Proved, "not at n2",
		},
		{
			"it vanished at the far end that the cause names", report.Configured,
			[]string{"tunnel"},
			path.Verdict{Outcome: path.Vanished, Place: at("receiver-tunnel", "n3", "")},
			report.Configured, "read",
		},
		{
			"it vanished between the node and another", report.Configured,
			[]string{"host"},
			path.Verdict{Outcome: path.Vanished, Place: at("wire", "n1", "n2")},
			report.Configured, "read",
		},
		{
			"where the cause takes packets can be anywhere", report.Configured, nil,
			path.Verdict{Outcome: path.Vanished, Place: at("sender-host", "n1", "")},
			report.Configured, "read",
		},
		{"it came through", report.Configured, []string{"host"}, path.Verdict{Outcome: path.Whole}, report.Configured, "read"},
		{"it cannot be told", report.Configured, []string{"host"}, path.Verdict{Place: at("sender-host", "n1", "")}, report.Configured, "read"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			c := report.Cause{Key: "x/n2", Nodes: []string{"n2"}, Certainty: tc.certainty, Grounds: "read", Says: "n2: an entry for the tunnel of n3; so it is lost"}
			d := diagnose.Diagnosis{Causes: []report.Cause{c}, Parts: map[string][]string{"x/n2": tc.parts}}
			attach(d, []report.Trace{{For: "x/n2", Note: report.TraceNote{ID: "1"}, Path: path.Path{Verdict: tc.verdict}}})
			c = d.Causes[0]
			if all := strings.Join(append(c.Against, c.Grounds), " | "); c.Certainty != tc.want || !strings.Contains(all, tc.says) {
				t.Errorf("%q: %s", c.Certainty, all)
			}
		})
	}
}

func TestACauseThatIsWeakenedByItsTraceStandsBehindOthers(t *testing.T) {
	d := diagnose.Diagnosis{Parts: map[string][]string{"a/n2": {"host"}}, Causes: []report.Cause{
		{Key: "a/n2", Nodes: []string{"n2"}, Verdict: check.Fail, Certainty: report.Configured, Explains: []report.Explained{{Findings: 9}}},
		{Key: "b/n3", Nodes: []string{"n3"}, Verdict: check.Fail, Certainty: report.Configured, Explains: []report.Explained{{Findings: 1}}},
	}}
	attach(d, []report.Trace{{For: "a/n2", Path: path.Path{Verdict: path.Verdict{Outcome: path.Vanished, Place: path.Place{Stage: "sender-host", Node: "n1"}}}}})
	if d.Causes[0].Key != "b/n3" || d.Causes[1].Trace == nil {
		t.Errorf("causes %+v", d.Causes)
	}
}

func TestWhatNothingExplainsIsGroupedByShape(t *testing.T) {
	column := func(key string) check.Finding {
		return check.Finding{Subject: "n3", Nodes: []string{"n3"}, Verdict: check.Fail, Says: "no answer from n3.", Flow: key, Pairs: []check.Pair{
			{From: "pod/n1", To: "pod/n3"}, {From: "pod/n2", To: "pod/n3"},
		}}
	}
	const podUDP = "pod>pod/udp/ipv4@main"
	tcp := made("reach/a", check.Core, check.Conclude("", []check.Finding{column(podTCP)}))
	udp := made("reach/b", check.Core, check.Conclude("", []check.Finding{column(podUDP)}))
	bare := made("dns/x", check.Core, check.Conclude("", []check.Finding{{Subject: "n1", Nodes: []string{"n1"}, Verdict: check.Fail, Says: "nothing resolves"}}))
	odd := made("dns/y", check.Core, warned())
	r := judged(func(s *facts.Snapshot) {
		for _, key := range []string{podTCP, podUDP} {
			for _, from := range []string{"pod/n1", "pod/n2"} {
				factstest.Set(s, key, from, "pod/n3", facts.Cell{Outcome: facts.Timeout}, nil)
			}
		}
		s.Traces = []facts.Trace{sentAgain(s, diagnose.UnexplainedKey("reach/b", "n3"))}
	}, tcp, udp, bare, odd)
	if len(r.Unexplained) != 2 {
		t.Fatalf("unexplained: %+v", r.Unexplained)
	}
	u, v := r.Unexplained[0], r.Unexplained[1]
	if !slices.Equal(u.Checks, []string{"reach/a", "reach/b"}) || u.Findings != 2 || u.Pairs != 4 || u.Trace != "1" || u.Says != "no answer from n3" ||
		u.Pattern != "every pair into n3 across nodes, TCP and UDP only, from pods only; hosts are fine" {
		t.Errorf("the first: %+v", u)
	}
	if !slices.Equal(v.Checks, []string{"dns/x"}) || v.Pairs != 0 || v.Pattern != "" || v.Trace != "" {
		t.Errorf("the second: %+v", v)
	}
	if want := "3 of 4 checks failed, 2 failures unexplained."; !strings.HasSuffix(r.Sentence, want) {
		t.Errorf("%q, want %q", r.Sentence, want)
	}
	if err := r.Validate(); err != nil {
		t.Error(err)
	}
}

func TestOnlyCausesOfFailuresAreCountedInTheVerdict(t *testing.T) {
	r := report.Report{Causes: []report.Cause{{Verdict: check.Fail}, {Verdict: check.Unknown}, {Verdict: check.Warn}}}
	if got := found(&r); got != ", 2 causes found" {
		t.Errorf("it says %q", got)
	}
	r = report.Report{Causes: []report.Cause{{Verdict: check.Warn}}, Unexplained: []report.Unexplained{{}}}
	if got := found(&r); got != ", 1 failure unexplained" {
		t.Errorf("it says %q", got)
	}
}

func TestAFlowThatAnotherCauseTookSpeaksAgainstNone(t *testing.T) {
	d := diagnose.Diagnosis{Parts: map[string][]string{"a/n2": {"translation"}}, Causes: []report.Cause{
		{Key: "a/n2", Nodes: []string{"n2"}, Certainty: report.Configured},
		{Key: "b/n1", Nodes: []string{"n1"}, Certainty: report.Configured},
	}}
	attach(d, []report.Trace{{For: "a/n2", Path: path.Path{Verdict: path.Verdict{Outcome: path.Vanished, Place: path.Place{Stage: "receiver-host", Node: "n1"}}}}})
	for _, c := range d.Causes {
		if c.Certainty != report.Configured || len(c.Against) > 0 {
			t.Errorf("%+v", c)
		}
	}
}

func TestAPlaceThatTwoCausesShareProvesTheOneOfWhichItSpeaks(t *testing.T) {
	rule := []path.Reason{{Node: "n2", Source: "rule", Text: "FORWARD rule 1 (REJECT) counted 20"}}
	read := []check.Evidence{{Node: "n2", Source: "iptables, table filter, chain FORWARD, rule 1", Text: "-A FORWARD -j REJECT"}}
	for _, tc := range []struct {
		name     string
		because  []path.Reason
		evidence []check.Evidence
		parts    map[string][]string
		want     report.Certainty
	}{
		{"a rule counted, and the cause is about a route", rule, nil, map[string][]string{"a/n2": {"host"}, "b/n2": {"host"}}, report.Configured},
		{"a rule counted, and the cause was read from one", rule, read, map[string][]string{"a/n2": {"host"}, "b/n2": {"host"}}, report.Proved},
		{"nothing says who took it, and both may have", nil, nil, map[string][]string{"a/n2": {"host"}, "b/n2": {"host"}}, report.Configured},
		{"nothing says who took it, and the other takes packets elsewhere on the node", nil, nil, map[string][]string{"a/n2": {"host"}, "b/n2": {"tunnel"}}, report.Proved},
	} {
		t.Run(tc.name, func(t *testing.T) {
			d := diagnose.Diagnosis{Parts: tc.parts, Causes: []report.Cause{
				{Key: "a/n2", Nodes: []string{"n2"}, Certainty: report.Configured, Evidence: tc.evidence},
				{Key: "b/n2", Nodes: []string{"n2"}, Certainty: report.Configured},
			}}
			attach(d, []report.Trace{{For: "a/n2", Path: path.Path{Verdict: path.Verdict{
				Outcome: path.Vanished, Place: path.Place{Stage: "receiver-host", Node: "n2"}, Because: tc.because,
			}}}})
			if c := d.Causes[0]; c.Certainty != tc.want || len(c.Against) > 0 || c.Trace == nil {
				t.Errorf("%+v", c)
			}
		})
	}
}
