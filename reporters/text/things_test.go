package text_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/plumbline-net/plumbline/framework/check"
	"github.com/plumbline-net/plumbline/reporters/report"
	"github.com/plumbline-net/plumbline/reporters/report/reporttest"
	"github.com/plumbline-net/plumbline/reporters/text"
)

// many has as many causes that fail, causes that warn, and failures that nothing explains.
func many(fail, warn, unexplained int) *report.Report {
	r := reporttest.Conformant()
	for i := range fail + warn {
		c := report.Cause{
			ID: "some-cause", Key: fmt.Sprintf("some-cause/n%d", i), Nodes: []string{fmt.Sprintf("n%d", i)}, Says: fmt.Sprintf("n%d is broken", i),
			Verdict: check.Fail, Certainty: report.Fits, Remedy: []check.Remedy{{Text: "Mend it", Command: "mend"}},
		}
		if i >= fail {
			c.Verdict = check.Warn
		}
		r.Causes = append(r.Causes, c)
	}
	for range unexplained {
		r.Unexplained = append(r.Unexplained, report.Unexplained{Checks: []string{"mtu/path"}, Pairs: 12, Pattern: "every pair into n3", Says: "odd"})
	}
	return r
}

func TestNothingDisappearsSilentlyFromTheClosingBlock(t *testing.T) {
	for _, tc := range []struct {
		name                    string
		fail, warn, unexplained int
		want, not               []string
	}{
		{"all that fits is shown, and where to read on", 1, 1, 1, []string{"1. n0 is", "2. Only a warning: n1 is", "Unexplained: 12 pairs: every", "More: plumbline explain some-cause"}, []string{"And"}},
		{"what is left of the causes is counted", 5, 0, 0, []string{"3. n2 is", "And 2 more causes, in the report."}, []string{"4. "}},
		{"a line is kept for the first that is unexplained", 5, 0, 3, []string{"2. n1 is", "Unexplained: 12 pairs: every", "And 3 more causes, 1 more unexplained, in the report."}, []string{"3. "}},
		{"a cause that warns comes after what nothing explains", 2, 2, 1, []string{"2. n1 is", "And 2 more causes that only warn, in the report."}, []string{"Only a warning"}},
		{"of those left out it is said which only warn", 4, 2, 0, []string{"3. n2 is", "And 3 more causes (2 only a warning), in the report."}, []string{"Only a warning"}},
		{"without a cause what nothing explains has the room", 0, 0, 9, []string{"Unexplained: 12 pairs", "And 7 more unexplained, in the report."}, []string{"cause"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got := closing(t, many(tc.fail, tc.warn, tc.unexplained), text.Options{})
			if n := strings.Count(got, "\n"); n > 15 {
				t.Errorf("%d lines", n)
			}
			lacks := func(w string) bool { return !strings.Contains(got, w) }
			has := func(w string) bool { return strings.Contains(got, w) }
			if slices.ContainsFunc(tc.want, lacks) || slices.ContainsFunc(tc.not, has) {
				t.Errorf("want %q and not %q in\n%s", tc.want, tc.not, got)
			}
		})
	}
}

func TestAWeakenedCauseSaysSoHoweverNarrowTheBlock(t *testing.T) {
	r := many(4, 0, 1)
	for i := range r.Causes {
		r.Causes[i].Certainty, r.Causes[i].Says = report.FitsPartly, strings.Repeat("it is a long story ", 9)
	}
	for _, width := range []int{40, 60, 100} {
		got := closing(t, r, text.Options{Width: width})
		if n := strings.Count(strings.Join(strings.Fields(got), " "), "(fits only in part)"); n != 2 || !strings.Contains(got, "2. n1: it is") {
			t.Errorf("width %d: %d of 2 say so\n%s", width, n, got)
		}
	}
}

func TestACauseThatIsNotWeakenedGivesItsWordsUpForRoom(t *testing.T) {
	r := many(3, 0, 0)
	for i := range r.Causes {
		r.Causes[i].Says = strings.Repeat("x", 60)
	}
	got := closing(t, r, text.Options{Width: 80})
	if n := strings.Count(strings.Join(strings.Fields(got), " "), "(fits the pattern)"); n != 1 || strings.Contains(got, "…") || strings.Count(got, "x\n") != 2 {
		t.Errorf("%d of 1 say so\n%s", n, got)
	}
}
