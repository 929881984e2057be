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

// sentAgain is a flow from pod/n1 to pod/n2 that nobody saw arrive.
func sentAgain(s *facts.Snapshot, purpose string) facts.Trace {
	m := s.Matrix(factstest.Flow(podTCP))
	return facts.Trace{
		ID: "1", For: purpose, Flow: m.Flow, From: m.Rows[0].From, To: m.Targets[1],
		Attempts: []facts.Attempt{{Outcome: facts.Timeout}},
		Watches: []facts.Watch{
			{Node: "n1", File: "trace-1-n1.pcapng", NoDrops: "no right to load BPF programs"},
			{Node: "n2", NoDrops: "no right to load BPF programs"},
		},
	}
}

func TestWhatWasSeenStandsBesideTheUnexplainedFinding(t *testing.T) {
	pairs := check.Conclude("", []check.Finding{
		{Subject: "n1 → n2", Nodes: []string{"n2"}, Verdict: check.Fail, Says: "no answer", Flow: podTCP, Pairs: []check.Pair{{From: "pod/n1", To: "pod/n2"}}},
		{Subject: "n3 → n2", Nodes: []string{"n2"}, Verdict: check.Fail, Says: "no answer"},
	})
	k := asking(made("reach/x", check.Core, pairs), podTCP)
	r := judged(func(s *facts.Snapshot) {
		s.Traces = []facts.Trace{sentAgain(s, diagnose.UnexplainedKey("reach/x", "n1 → n2"))}
	}, k)
	if len(r.Traces) != 1 || r.Traces[0].Note.Says == "" || !strings.Contains(r.Traces[0].Note.Drawing, "pod/n1 → pod/n2") {
		t.Fatalf("traces %+v", r.Traces)
	}
	got := r.Checks[0].Findings[0].Evidence
	if len(got) == 0 || got[0].Source != "sent again and watched (trace-1-n1.pcapng)" || got[0].Text != r.Traces[0].Note.Says {
		t.Errorf("evidence %+v", got)
	}
	if len(r.Checks[0].Findings[1].Evidence) != 0 {
		t.Error("another finding got it, too")
	}
	want := []string{"n1, n2: the kernel was not asked why it drops packets: no right to load BPF programs"}
	if !slices.Equal(r.Traces[0].Note.NotAsked, want) {
		t.Errorf("not asked: %q", r.Traces[0].Note.NotAsked)
	}
}

func TestATraceStandsAtItsCauseWithItsReasons(t *testing.T) {
	r := report.Report{
		Causes: []report.Cause{{Key: "a/n1"}, {Key: "b/n2"}},
		Traces: []report.Trace{{
			For: "b/n2", Note: report.TraceNote{ID: "1", Says: "It vanished"},
			Path: path.Path{Verdict: path.Verdict{Because: []path.Reason{{Node: "n2", Source: "rule", Text: "DROP"}}}},
		}},
	}
	attach(diagnose.Diagnosis{Causes: r.Causes}, r.Traces)
	if r.Causes[0].Trace != nil || r.Causes[1].Trace == nil || r.Causes[1].Trace.Says != "It vanished" {
		t.Errorf("causes %+v", r.Causes)
	}
	if e := r.Causes[1].Evidence; len(e) != 1 || e[0] != (check.Evidence{Node: "n2", Source: "sent again, rule", Text: "DROP"}) {
		t.Errorf("evidence %+v", e)
	}
}

func TestATraceThatCouldNotBeWatchedSaysWhatItRestsOn(t *testing.T) {
	s := factstest.Healthy(2)
	one := sentAgain(s, "x")
	one.Watches, one.NotRun = nil, "no node could watch: host access was refused (--unprivileged)"
	s.Traces = []facts.Trace{one}
	got := Traced(s)[0].Note
	if got.Outcome != path.Unknown || !strings.Contains(got.Says, "--unprivileged") || !strings.Contains(got.Says, "by the configuration the request goes") {
		t.Errorf("it says %+v", got)
	}
}

func TestOnlyWhatFailedIsSentAgain(t *testing.T) {
	s := factstest.Healthy(3)
	found := check.Conclude("", []check.Finding{{Subject: "x", Verdict: check.Fail, Says: "no answer", Flow: podTCP, Pairs: []check.Pair{{From: "pod/n1", To: "pod/n2"}}}})
	all := []check.Check{made("reach/x", check.Core, found)}
	s.Run.Checks = []string{"reach/x"}
	if got := Resend(s, all); len(got) != 0 {
		t.Errorf("a cell that is right is sent again: %+v", got)
	}
	factstest.Set(s, podTCP, "pod/n1", "pod/n2", facts.Cell{Outcome: facts.Timeout}, nil)
	if got := Resend(s, all); len(got) != 1 || got[0].For != diagnose.UnexplainedKey("reach/x", "x") {
		t.Errorf("sent again: %+v", got)
	}
}
