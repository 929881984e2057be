package text_test

import (
	"bytes"
	"flag"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/plumbline-net/plumbline/framework/check"
	"github.com/plumbline-net/plumbline/framework/golden"
	"github.com/plumbline-net/plumbline/reporters/report"
	"github.com/plumbline-net/plumbline/reporters/report/reporttest"
	"github.com/plumbline-net/plumbline/reporters/text"
)

var update = flag.Bool("update", false, "write the golden files anew")

func closing(t *testing.T, r *report.Report, o text.Options) string {
	t.Helper()
	var b bytes.Buffer
	paths := []string{"out/report.html", "out/report.json", "out/junit_plumbline.xml", "out/facts.json"}
	if err := text.Closing(&b, r, paths, o); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func full(t *testing.T, r *report.Report, o text.Options) string {
	t.Helper()
	var b bytes.Buffer
	if err := text.Full(&b, r, o); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestGoldenFiles(t *testing.T) {
	for _, s := range reporttest.All() {
		for kind, got := range map[string]string{
			"closing": closing(t, s.Report, text.Options{}), "full": full(t, s.Report, text.Options{}),
		} {
			t.Run(s.Name+" "+kind, func(t *testing.T) {
				golden.File(t, filepath.Join("testdata", s.Name+"."+kind+".txt"), []byte(got), *update)
			})
		}
	}
}

func TestTheClosingBlockHasAtMostFifteenLines(t *testing.T) {
	r := reporttest.ThreeCauses()
	r.Sentence = strings.Repeat("a very long verdict ", 40)
	r.Causes = append(r.Causes, r.Causes...)
	for _, s := range append(reporttest.All(), reporttest.Sample{Name: "long", Report: r}) {
		for _, width := range []int{1, 60, 100, 300} {
			got := closing(t, s.Report, text.Options{Width: width})
			if n := strings.Count(got, "\n"); n > 15 {
				t.Errorf("%s at width %d: %d lines\n%s", s.Name, width, n, got)
			}
		}
	}
}

func TestNothingIsWiderThanTheTerminalButCommands(t *testing.T) {
	for _, s := range append(reporttest.All(), reporttest.Sample{Name: "big", Report: reporttest.Big(40)}) {
		for _, width := range []int{0, 60, 80, 250} {
			o := text.Options{Width: width}
			limit := 100
			if width > 0 {
				limit = min(limit, width)
			}
			for _, line := range strings.Split(closing(t, s.Report, o)+full(t, s.Report, o), "\n") {
				if utf8.RuneCountInString(line) > limit && !isCommand(s.Report, line) {
					t.Errorf("%s at width %d: %q", s.Name, width, line)
				}
			}
		}
	}
}

func isCommand(r *report.Report, line string) bool {
	var steps []check.Remedy
	for _, c := range r.Causes {
		steps = append(steps, c.Remedy...)
	}
	for _, c := range r.Checks {
		steps = append(steps, r.RemediesOf(c)...)
	}
	return slices.ContainsFunc(steps, func(s check.Remedy) bool { return s.Command == strings.TrimSpace(line) })
}

func TestCommandsAreNeverCut(t *testing.T) {
	r := reporttest.ThreeCauses()
	short, whole := closing(t, r, text.Options{Width: 60}), full(t, r, text.Options{Width: 60})
	for _, c := range r.Causes {
		if first := report.FirstStep(c.Remedy); !strings.Contains(short, first.Command+"\n") {
			t.Errorf("the closing block does not have %q whole", first.Command)
		}
		for _, step := range c.Remedy {
			if !strings.Contains(whole, step.Command+"\n") {
				t.Errorf("the full text does not have %q whole", step.Command)
			}
		}
	}
}

func TestLine(t *testing.T) {
	for _, tc := range []struct {
		name, want string
		in         report.Check
	}{
		{"a pass says what held", "PASS  reach/pod-to-pod               36 of 36 pairs", report.Check{ID: "reach/pod-to-pod", Verdict: check.Pass, Why: "36 of 36 pairs"}},
		{"the zero value is no pass", "UNKNOWN  a/b                         nobody asked", report.Check{ID: "a/b", Why: "nobody asked"}},
		{"a failure says its first finding", "FAIL  a/b                            2 findings; first: broken", report.Check{
			ID: "a/b", Verdict: check.Fail, Why: "1 of 3", Findings: []check.Finding{{Verdict: check.Fail, Says: "broken"}, {Verdict: check.Fail, Says: "x"}},
		}},
		{"an accepted exception says so", "FAIL  a/b                            accepted exception: y", report.Check{ID: "a/b", Verdict: check.Fail, Accepted: true, Why: "y"}},
		{"a pass at the second attempt says so", "PASS  a/b                            9 of 9 (not at the first attempt everywhere)", report.Check{ID: "a/b", Verdict: check.Pass, Retried: true, Why: "9 of 9"}},
		{"a message cannot steer the terminal", "SKIP  a/b                            clear title", report.Check{ID: "a/b", Verdict: check.Skip, Why: "\x1b[2Jclear\r\n\x1b]0;x\x07title"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if got := text.Line(tc.in, text.Options{}); got != tc.want {
				t.Errorf("got  %q\nwant %q", got, tc.want)
			}
			coloured := text.Line(tc.in, text.Options{Colour: true})
			if !strings.HasPrefix(coloured, "\x1b[") || strings.Count(coloured, "\x1b[") != 2 {
				t.Errorf("coloured %q", coloured)
			}
		})
	}
}
