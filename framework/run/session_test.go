package run

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/plumbline-net/plumbline/framework/check"
	"github.com/plumbline-net/plumbline/framework/facts"
	"github.com/plumbline-net/plumbline/framework/facts/factstest"
	"github.com/plumbline-net/plumbline/framework/judge"
	"github.com/plumbline-net/plumbline/reporters/report"
)

// Ginkgo runs its specs once in a process, so each scenario is this test binary
// executed again.
const scenarioVariable = "PLUMBLINE_TEST_SCENARIO"

func TestMain(m *testing.M) {
	if name := os.Getenv(scenarioVariable); name != "" {
		perform(scenarios()[name])
		return
	}
	m.Run()
}

type scenario struct {
	sel    Selection
	source *canned
	cancel bool
}

// told is what a scenario tells on stdout; anything else there breaks the JSON.
type told struct {
	Error    string
	Empty    bool
	Selected []string
	Asked    []string
	Lines    []string
	Saved    bool
	Same     bool // judging the saved facts again gives the same bytes
	Begun    report.Report
	Report   report.Report
}

func scenarios() map[string]scenario {
	healthy := func() *canned { return &canned{snapshot: factstest.Healthy(3)} }
	return map[string]scenario{
		"whole":   {source: healthy()},
		"labels":  {sel: Selection{LabelFilter: "kernel && core"}, source: healthy()},
		"id":      {sel: Selection{LabelFilter: "kernel.bad"}, source: healthy()},
		"focus":   {sel: Selection{Focus: []string{"pods reach"}, Skip: []string{"bad"}}, source: healthy()},
		"empty":   {sel: Selection{Checks: []string{"reach/*"}, LabelFilter: "kernel"}, source: healthy()},
		"dead":    {source: &canned{scope: errors.New("the API server is away")}},
		"half":    {source: &canned{snapshot: factstest.Healthy(2), err: errors.New("probing: deadline")}},
		"nothing": {source: &canned{err: errors.New("it never came to anything")}},
		"node":    {source: &canned{scope: UsageError{"there is no node n9"}}},
		"killed":  {source: healthy(), cancel: true},
	}
}

func perform(s scenario) {
	var out told
	lines := &lines{}
	begun := func(r report.Report) error {
		out.Begun = r
		return nil
	}
	session, err := New(Options{
		Begun: begun,
		All:   invented(), Selection: s.sel, ID: "abcde", Suite: "test", FailOn: "fail", Progress: lines,
		Save: func(data []byte) error {
			out.Saved = true
			s.source.saved = data
			return nil
		},
	})
	if err != nil {
		out.Error, out.Empty = err.Error(), errors.As(err, new(EmptyError))
		_ = json.NewEncoder(os.Stdout).Encode(out)
		return
	}
	for _, c := range session.Selected() {
		out.Selected = append(out.Selected, c.ID)
	}
	ctx, cancel := context.WithCancelCause(context.Background())
	if s.cancel {
		cancel(errors.New("terminated"))
	}
	r, err := session.Run(ctx, s.source)
	if err != nil {
		out.Error = err.Error()
	}
	cancel(nil)
	out.Asked, out.Lines, out.Report = s.source.asked, lines.said, r
	out.Same = s.source.same(r)
	_ = json.NewEncoder(os.Stdout).Encode(out)
}

// invented is a suite with every verdict.
func invented() []check.Check {
	fixed := func(id, promise string, level check.Level, r check.Result) check.Check {
		return check.Check{ID: id, Promise: promise, Level: level, Evaluate: func(*facts.Snapshot) check.Result { return r }}
	}
	bad := check.Conclude("", []check.Finding{{
		Subject: "n2", Nodes: []string{"n2"}, Verdict: check.Fail, Says: "n2 is bad",
	}})
	return []check.Check{
		fixed("kernel/good", "the kernel is good", check.Core, check.Conclude("3 of 3", nil)),
		fixed("kernel/bad", "the kernel is not bad", check.Core, bad),
		fixed("kernel/odd", "the kernel is not odd", check.Extended, check.Unknownf("nobody said")),
		{ID: "reach/panic", Promise: "pods reach pods", Level: check.Core, Evaluate: func(*facts.Snapshot) check.Result { panic("boom") }},
		fixed("reach/skip", "pods reach more pods", check.Core, check.Skipf("one node only")),
	}
}

type canned struct {
	scope, err error
	snapshot   *facts.Snapshot
	asked      []string
	saved      []byte
}

func (c *canned) Scope(context.Context) (check.Scope, error) { return check.Scope{}, c.scope }

func (c *canned) Collect(_ context.Context, selected []check.Check, p Progress) (*facts.Snapshot, error) {
	p.Phase("probing")
	for _, k := range selected {
		c.asked = append(c.asked, k.ID)
	}
	return c.snapshot, c.err
}

func (c *canned) same(r report.Report) bool {
	s, err := facts.Decode(strings.NewReader(string(c.saved)))
	if err != nil {
		return false
	}
	again := judge.Judge(s, invented(), nil)
	one, err1 := report.Encode(&r)
	two, err2 := report.Encode(&again)
	return err1 == nil && err2 == nil && string(one) == string(two)
}

type lines struct{ said []string }

func (l *lines) Phase(name string) { l.said = append(l.said, "phase "+name) }
func (l *lines) Note(text string)  { l.said = append(l.said, "note "+text) }
func (l *lines) Done(c check.Check, r check.Result) {
	l.said = append(l.said, r.Verdict.String()+" "+c.ID)
}

func play(t *testing.T, name string) told {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), scenarioVariable+"="+name)
	stdout, err := cmd.Output()
	if err != nil {
		t.Fatalf("scenario %s: %v", name, err)
	}
	var out told
	if err := json.Unmarshal(stdout, &out); err != nil {
		t.Fatalf("scenario %s wrote more than its answer to stdout: %v\n%s", name, err, stdout)
	}
	return out
}

func TestARunJudgesEveryCheckAndSaysSo(t *testing.T) {
	out := play(t, "whole")
	want := []string{
		"phase probing", "pass kernel/good", "fail kernel/bad", "unknown kernel/odd", "unknown reach/panic", "skip reach/skip",
	}
	if !slices.Equal(out.Lines, want) {
		t.Errorf("lines %q, want %q", out.Lines, want)
	}
	if out.Report.ExitStatus != 1 || out.Report.Counts != (report.Counts{Pass: 1, Fail: 1, Unknown: 2, Skip: 1}) {
		t.Errorf("exit status %d, %+v", out.Report.ExitStatus, out.Report.Counts)
	}
	if !out.Saved || !out.Same {
		t.Errorf("saved %t, judged again the same %t", out.Saved, out.Same)
	}
}

func TestFiltersDecideWhatIsAsked(t *testing.T) {
	for _, tc := range []struct {
		name, scenario string
		want           []string
	}{
		{"labels", "labels", []string{"kernel/good", "kernel/bad"}},
		{"the label of an id", "id", []string{"kernel/bad"}},
		{"focus and skip", "focus", []string{"reach/panic", "reach/skip"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			out := play(t, tc.scenario)
			if !slices.Equal(out.Selected, tc.want) || !slices.Equal(out.Asked, tc.want) {
				t.Errorf("selected %v, asked %v, want %v", out.Selected, out.Asked, tc.want)
			}
			if len(out.Report.Checks) != len(tc.want) {
				t.Errorf("%d checks in the report", len(out.Report.Checks))
			}
		})
	}
}

func TestAnEmptySelectionNamesTheFilter(t *testing.T) {
	out := play(t, "empty")
	if !out.Empty || out.Error != `no check is selected by --checks "reach/*" --label-filter "kernel"` {
		t.Errorf("got %q", out.Error)
	}
}

func TestThereIsAReportWhateverHappened(t *testing.T) {
	for _, tc := range []struct{ name, scenario, says string }{
		{"the API server is away", "dead", "the API server is away"},
		{"half of it was seen", "half", "probing: deadline"},
		{"nothing was seen", "nothing", "it never came to anything"},
		{"it was told to stop", "killed", "terminated"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			out := play(t, tc.scenario)
			if out.Error != tc.says || out.Report.Run.Incomplete != tc.says {
				t.Errorf("error %q, incomplete %q", out.Error, out.Report.Run.Incomplete)
			}
			if len(out.Report.Checks) != 5 || out.Report.Run.ID != "abcde" || !out.Saved || !out.Same {
				t.Errorf("%d checks, run %q, saved %t, same %t", len(out.Report.Checks), out.Report.Run.ID, out.Saved, out.Same)
			}
		})
	}
}

func TestARunThatIsKilledHasLeftAReportThatSaysSo(t *testing.T) {
	begun := play(t, "whole").Begun
	if begun.Verdict != report.CannotTell || begun.ExitStatus != 3 || !strings.Contains(begun.Run.Incomplete, "killed") {
		t.Errorf("it says %q, exit status %d: %s", begun.Verdict, begun.ExitStatus, begun.Run.Incomplete)
	}
	if len(begun.Checks) != 5 || begun.Counts.Unknown != 5 {
		t.Errorf("%d checks, %+v", len(begun.Checks), begun.Counts)
	}
}

func TestADeadSetUpIsNotToldOncePerCheck(t *testing.T) {
	if out := play(t, "dead"); len(out.Lines) != 0 {
		t.Errorf("lines %q", out.Lines)
	}
}

func TestAWrongChoiceOfNodesBeginsNothing(t *testing.T) {
	out := play(t, "node")
	if out.Error != "there is no node n9" || out.Saved || out.Report.APIVersion != "" || out.Begun.APIVersion != "" {
		t.Errorf("got %+v", out)
	}
}

func TestTheMatcherPrintsWhatToDo(t *testing.T) {
	c := check.Check{ID: "a/b", Promise: "it holds"}
	r := check.Conclude("", []check.Finding{{
		Subject: "n1", Verdict: check.Fail, Says: "it is 0",
		Evidence: []check.Evidence{{Node: "n1", Source: "sysctl x", Text: "0"}},
		Remedy:   []check.Remedy{{Text: "switch it on", Node: "n1", Command: "sysctl -w x=1"}},
	}})
	ok, err := Hold(c).Match(r)
	text := Hold(c).FailureMessage(r)
	if ok || err != nil || !strings.Contains(text, "it is 0") || !strings.Contains(text, "sysctl -w x=1") {
		t.Errorf("%t, %v, %s", ok, err, text)
	}
	if ok, _ := Hold(c).Match(check.Conclude("fine", nil)); !ok {
		t.Error("a pass does not match")
	}
	if _, err := Hold(c).Match("x"); err == nil {
		t.Error("a string is no result")
	}
}
