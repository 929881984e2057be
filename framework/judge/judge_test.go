package judge

import (
	"bytes"
	"strings"
	"testing"

	"github.com/plumbline-net/plumbline/framework/check"
	"github.com/plumbline-net/plumbline/framework/facts"
	"github.com/plumbline-net/plumbline/framework/facts/factstest"
	"github.com/plumbline-net/plumbline/reporters/report"
)

const podTCP = "pod>pod/tcp/ipv4@main"

// made is a check with a fixed result.
func made(id string, level check.Level, r check.Result) check.Check {
	return check.Check{ID: id, Promise: "it holds", Level: level, Evaluate: func(*facts.Snapshot) check.Result { return r }}
}

func asking(c check.Check, keys ...string) check.Check {
	c.Ask = func(check.Scope) []facts.Flow {
		var out []facts.Flow
		for _, k := range keys {
			out = append(out, factstest.Flow(k))
		}
		return out
	}
	return c
}

func pass() check.Result { return check.Conclude("all well", nil) }

func broken(node string) check.Result {
	return check.Conclude("", []check.Finding{{Subject: node, Nodes: []string{node}, Verdict: check.Fail, Says: "broken"}})
}

func warned() check.Result {
	return check.Conclude("", []check.Finding{{Subject: "x", Verdict: check.Warn, Says: "odd"}})
}

// judged selects all checks given and judges a healthy snapshot after spoiling it.
func judged(spoil func(*facts.Snapshot), checks ...check.Check) report.Report {
	s := factstest.Healthy(3)
	s.Run.Checks, s.Run.IgnoreChecks, s.Run.FailOn = nil, nil, "fail"
	for _, c := range checks {
		s.Run.Checks = append(s.Run.Checks, c.ID)
	}
	if spoil != nil {
		spoil(s)
	}
	return Judge(s, checks, nil)
}

func TestTheVerdictOfARun(t *testing.T) {
	ok := made("a/ok", check.Core, pass())
	bad := made("b/bad", check.Core, broken("n2"))
	odd := made("c/odd", check.Core, warned())
	unknown := made("d/unknown", check.Core, check.Unknownf("nobody answered"))
	unknownExtra := made("d/extra", check.Extended, check.Unknownf("nobody answered"))
	ignore := func(ids ...string) func(*facts.Snapshot) {
		return func(s *facts.Snapshot) { s.Run.IgnoreChecks = ids }
	}
	for _, tc := range []struct {
		name   string
		spoil  func(*facts.Snapshot)
		checks []check.Check
		status int
		says   string
	}{
		{"everything passed", nil, []check.Check{ok}, 0, "The network is fit for use: 1 of 1 check passed on 3 nodes."},
		{"a warning is told and weighs nothing", nil, []check.Check{ok, odd}, 0, "with 1 warning."},
		{"a warning weighs where it was asked for", func(s *facts.Snapshot) { s.Run.FailOn = "warn" }, []check.Check{ok, odd}, 1, "1 of 2 checks failed"},
		{"one failure", nil, []check.Check{ok, bad}, 1, "The network is not fit for use: 1 of 2 checks failed, 1 failure unexplained."},
		{"an accepted failure", ignore("b/bad"), []check.Check{ok, bad}, 0, "with 1 accepted exception."},
		{"an accepted failure does not hide another", ignore("c/odd"), []check.Check{bad, odd}, 1, "1 of 2 checks failed"},
		{"a core check that is unknown", nil, []check.Check{ok, unknown}, 3, "1 core check could not be judged (d/unknown)."},
		{"an extended check that is unknown", nil, []check.Check{ok, unknownExtra}, 0, "with 1 check that was not made."},
		{"a failure weighs more than not knowing", nil, []check.Check{bad, unknown}, 1, "not fit"},
		{"a run that broke off", func(s *facts.Snapshot) { s.Run.Incomplete = "interrupted while probing" }, []check.Check{ok}, 3, "interrupted while probing."},
		{"a failure seen before a run broke off", func(s *facts.Snapshot) { s.Run.Incomplete = "interrupted" }, []check.Check{bad}, 1, "not fit"},
		{"nothing selected is no pass", nil, nil, 3, "no check could be made"},
		{"everything skipped is no pass", nil, []check.Check{made("a/skip", check.Core, check.Skipf("one node"))}, 3, "no check could be made"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			r := judged(tc.spoil, tc.checks...)
			if r.ExitStatus != tc.status || !strings.Contains(r.Sentence, tc.says) {
				t.Errorf("exit status %d, %q; want %d, %q", r.ExitStatus, r.Sentence, tc.status, tc.says)
			}
			want := map[int]report.Verdict{0: report.Conformant, 1: report.NotConformant, 3: report.CannotTell}[tc.status]
			if r.Verdict != want {
				t.Errorf("verdict %q, want %q", r.Verdict, want)
			}
			if err := r.Validate(); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestACheckThatPanicsIsUnknownWithTheWords(t *testing.T) {
	c := check.Check{ID: "a/b", Level: check.Core, Evaluate: func(*facts.Snapshot) check.Result { panic("index 3 of 2") }}
	r := Evaluate(c, factstest.Healthy(1))
	if r.Verdict != check.Unknown || !strings.Contains(r.Why, "index 3 of 2") {
		t.Errorf("got %+v", r)
	}
}

func TestAHostCheckIsSkippedOnlyWhenTheHostsWereLeftOutByChoice(t *testing.T) {
	c := made("kernel/x", check.Core, check.Unknownf("no look"))
	c.Needs = []check.Need{check.NeedHosts}
	s := factstest.Healthy(2)
	for i := range s.Nodes {
		s.Nodes[i].NodeAgent = facts.Agent{NotRun: "the image cannot be pulled"}
	}
	if r := Evaluate(c, s); r.Verdict != check.Unknown {
		t.Errorf("agents that did not come up are no choice: %+v", r)
	}
	s.Run.Unprivileged = true
	if r := Evaluate(c, s); r.Verdict != check.Skip || !strings.Contains(r.Why, "--unprivileged") {
		t.Errorf("got %+v", r)
	}
}

func TestCoverageCountsWhatWasNotHeard(t *testing.T) {
	c := asking(made("reach/x", check.Core, pass()), podTCP)
	only := func(s *facts.Snapshot) { factstest.Keep(s, podTCP) }
	for _, tc := range []struct {
		name            string
		spoil           func(*facts.Snapshot)
		asked, answered int
	}{
		{"all of three times three", func(*facts.Snapshot) {}, 9, 9},
		{"a failed pair is an answer", func(s *facts.Snapshot) { factstest.Letters(s, podTCP, ".T.", "...", "...") }, 9, 9},
		{"a silent vantage is not", func(s *facts.Snapshot) { factstest.Silence(s, podTCP, "pod/n2", "exec") }, 9, 6},
		{"a pair left out is not", func(s *facts.Snapshot) { factstest.Letters(s, podTCP, "?..", "...", "...") }, 9, 8},
		{"a pod that never came up shrinks nothing", func(s *facts.Snapshot) { factstest.DropPodAgent(s, "n3", facts.Event{}) }, 9, 4},
		{"a flow that was never observed shrinks nothing", func(s *facts.Snapshot) { s.Matrices = nil }, 9, 0},
		{"an excluded node does not count", func(s *facts.Snapshot) {
			factstest.DropPodAgent(s, "n3", facts.Event{})
			s.Nodes[2].Excluded = "--exclude-nodes"
		}, 4, 4},
	} {
		t.Run(tc.name, func(t *testing.T) {
			r := judged(func(s *facts.Snapshot) { only(s); tc.spoil(s) }, c)
			if len(r.Coverage) != 1 || r.Coverage[0] != (report.Coverage{Kind: "pod → pod", Asked: tc.asked, Answered: tc.answered}) {
				t.Errorf("got %+v, want %d of %d", r.Coverage, tc.answered, tc.asked)
			}
		})
	}
}

func TestTheLettersOfAMatrix(t *testing.T) {
	for _, tc := range []struct {
		name, key, in, want string
	}{
		{"every outcome has its letter", podTCP, ".~R", ".~R"},
		{"and the others", podTCP, "TUX", "TUX"},
		{"too big, garbled, not run", podTCP, "BG?", "BG?"},
		{"a rewritten source between pods shows", podTCP, "n..", "n.."},
		{"to a host it is how pods leave", "pod>host/tcp/ipv4@main", "n..", "..."},
		{"refused is right at a closed port, and an answer is not", "pod>pod/closed/ipv4@main", ".OT", ".GT"},
		{"too big is right over the limit", "pod>pod/over/ipv4@main", ".OT", ".GT"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			s := factstest.Healthy(3)
			factstest.Letters(s, tc.key, tc.in, "...", "!exec: refused")
			m := matrixOf(*s.Matrix(factstest.Flow(tc.key)))
			if m.Rows[0].Words != tc.want || m.Rows[1].Words != "..." {
				t.Errorf("got %q and %q", m.Rows[0].Words, m.Rows[1].Words)
			}
			if m.Rows[2].Words != "" || m.Rows[2].NotRun != "exec: refused" {
				t.Errorf("a silent row: %+v", m.Rows[2])
			}
		})
	}
}

func TestWhatWasNotLookedAtIsListed(t *testing.T) {
	s := factstest.Healthy(3)
	factstest.Silence(s, podTCP, "pod/n2", "exec: connection refused")
	s.Nodes[2].Excluded = "not in --nodes"
	s.Run.Checks = []string{"a/unknown", "z/gone"}
	all := []check.Check{made("a/unknown", check.Core, check.Unknownf("nobody answered")), made("b/other", check.Core, pass())}
	r := Judge(s, all, nil)
	for _, want := range []report.NotChecked{
		{What: "node n3", Why: "excluded: not in --nodes"},
		{What: "a/unknown", Why: "nobody answered"},
		{What: "from pod/n2 (1 flow)", Why: "exec: connection refused"},
		{What: "z/gone", Why: "this version of the suite has no such check"},
		{What: "1 other check", Why: "not selected: b/other"},
	} {
		found := false
		for _, n := range r.NotChecked {
			found = found || n == want
		}
		if !found {
			t.Errorf("%+v is not in %+v", want, r.NotChecked)
		}
	}
	if r.Nodes[2].Status != "excluded" || r.Nodes[2].Why != "not in --nodes" {
		t.Errorf("node: %+v", r.Nodes[2])
	}
}

func TestANodeThatNothingAnswersFromIsNotTestable(t *testing.T) {
	r := judged(func(s *facts.Snapshot) {
		factstest.SilenceNode(s, "n2", "kubelet: no route to host")
		for i := range s.Hosts {
			if s.Hosts[i].Node == "n2" {
				s.Hosts[i] = facts.HostLook{Node: "n2", Look: s.Hosts[i].Look, NotRun: "kubelet: no route to host"}
			}
		}
	}, made("a/b", check.Core, broken("n2")))
	n := r.Nodes[1]
	if n.Status != "not testable" || n.Why != "kubelet: no route to host" || n.Failing != 1 {
		t.Errorf("got %+v", n)
	}
}

func TestEqualFactsGiveEqualBytes(t *testing.T) {
	bytesOf := func() []byte {
		s := factstest.Healthy(3)
		factstest.Letters(s, podTCP, ".T.", "T.T", "!gone")
		c := asking(made("reach/x", check.Core, broken("n2")), podTCP, "pod>pod/udp/ipv4@main")
		s.Run.Checks = []string{c.ID, "x/1", "x/2"}
		r := Judge(s, []check.Check{c, made("a/1", check.Core, pass()), made("a/2", check.Core, pass())}, nil)
		data, err := report.Encode(&r)
		if err != nil {
			t.Fatal(err)
		}
		return data
	}
	first := bytesOf()
	for range 20 {
		if !bytes.Equal(first, bytesOf()) {
			t.Fatal("the same facts gave another report")
		}
	}
	if bytes.Contains(first, []byte("null")) {
		t.Error("a list is null")
	}
}

func TestARetryAndTheLongestRowAreTold(t *testing.T) {
	c := asking(made("reach/x", check.Core, pass()), podTCP)
	r := judged(func(s *facts.Snapshot) {
		factstest.Letters(s, podTCP, ".~.", "...", "...")
		s.Matrix(factstest.Flow(podTCP)).Rows[1].Millis = 77
	}, c)
	if !r.Checks[0].Retried || r.Checks[0].Millis != 77 {
		t.Errorf("got %+v", r.Checks[0])
	}
}
