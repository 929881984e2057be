package run

import (
	"io"
	"strings"
	"time"

	"github.com/onsi/ginkgo/v2"
	"github.com/onsi/ginkgo/v2/formatter"
	"github.com/onsi/ginkgo/v2/types"
	"github.com/onsi/gomega"

	"github.com/plumbline-net/plumbline/framework/check"
	"github.com/plumbline-net/plumbline/framework/facts"
	"github.com/plumbline-net/plumbline/framework/judge"
)

// suiteName is the description of the whole in Ginkgo's eyes.
const suiteName = "plumbline"

// suite holds what the bodies of the specs read: the tree is built before
// anything is observed, so that the selection can be known first.
type suite struct {
	checks   []check.Check
	snapshot *facts.Snapshot
	results  map[string]check.Result
	progress Progress
}

// Label is a check's id as a Ginkgo label; a slash would begin a regular
// expression in a label filter.
func Label(id string) string { return strings.ReplaceAll(id, "/", ".") }

// grow makes the specs: a container per area, one spec per check. Ginkgo keeps
// its tree per process, so this is done once.
func (s *suite) grow() {
	var areas []string
	byArea := map[string][]check.Check{}
	for _, c := range s.checks {
		area := c.Area()
		if byArea[area] == nil {
			areas = append(areas, area)
		}
		byArea[area] = append(byArea[area], c)
	}
	// Ordered keeps the suite's order, which Ginkgo would shuffle; one check's
	// failure says nothing about the next, so it goes on.
	ginkgo.Describe(suiteName, ginkgo.Ordered, ginkgo.ContinueOnFailure, func() {
		// Inside the container: PreviewSpecs works on a copy of the containers only.
		ginkgo.ReportAfterEach(s.tell)
		for _, area := range areas {
			ginkgo.Describe(area, ginkgo.Label(area), func() {
				for _, c := range byArea[area] {
					ginkgo.It(c.ID+" "+c.Promise, ginkgo.Label(string(c.Level), Label(c.ID)), func() { s.judge(c) })
				}
			})
		}
	})
}

// judge is the body of a spec.
func (s *suite) judge(c check.Check) {
	result := judge.Evaluate(c, s.snapshot)
	s.results[c.ID] = result
	switch result.Verdict {
	case check.Skip:
		ginkgo.Skip(result.Why)
	case check.Unknown:
		ginkgo.Fail("it cannot be told: " + result.Why)
	case check.Pass, check.Warn, check.Fail:
		gomega.NewGomega(ginkgo.Fail).Expect(result).To(Hold(c))
	}
}

// tell gives the progress a line per finished check.
func (s *suite) tell(report ginkgo.SpecReport) {
	id, _, _ := strings.Cut(report.LeafNodeText, " ")
	result, done := s.results[id]
	if !done || s.progress == nil {
		return
	}
	for _, c := range s.checks {
		if c.ID == id {
			s.progress.Done(c, result)
		}
	}
}

// configure gives Ginkgo the user's filters and the bounds of a run.
func configure(sel Selection, timeout time.Duration) (types.SuiteConfig, types.ReporterConfig) {
	suiteConfig, reporterConfig := ginkgo.GinkgoConfiguration()
	suiteConfig.LabelFilter = sel.LabelFilter
	suiteConfig.FocusStrings, suiteConfig.SkipStrings = sel.Focus, sel.Skip
	suiteConfig.Timeout = timeout
	suiteConfig.GracePeriod = gracePeriod
	suiteConfig.RandomSeed = 1 // equal runs are told in equal order
	reporterConfig.NoColor, reporterConfig.Succinct = true, true
	return suiteConfig, reporterConfig
}

// Judging is pure and quick; the bounds are for a check that never ends.
const (
	judgeTimeout = 2 * time.Minute
	gracePeriod  = 5 * time.Second
)

// preview gives the checks that Ginkgo would run under the filters.
func (s *suite) preview(sel Selection) []check.Check {
	suiteConfig, reporterConfig := configure(sel, judgeTimeout)
	report := ginkgo.PreviewSpecs(suiteName, suiteConfig, reporterConfig)
	runs := map[string]bool{}
	for _, spec := range report.SpecReports {
		if spec.State.Is(types.SpecStatePassed) {
			id, _, _ := strings.Cut(spec.LeafNodeText, " ")
			runs[id] = true
		}
	}
	var out []check.Check
	for _, c := range s.checks {
		if runs[c.ID] {
			out = append(out, c)
		}
	}
	return out
}

// outcome is what Ginkgo calls instead of a testing.T.
type outcome struct{ failed bool }

func (o *outcome) Fail() { o.failed = true }

// perform runs the specs. Ginkgo writes for a terminal of its own; results are
// ours to print, so what it says goes nowhere.
func (s *suite) perform(sel Selection) (passed bool) {
	stdout, stderr := formatter.ColorableStdOut, formatter.ColorableStdErr
	formatter.ColorableStdOut, formatter.ColorableStdErr = io.Discard, io.Discard
	defer func() { formatter.ColorableStdOut, formatter.ColorableStdErr = stdout, stderr }()
	suiteConfig, reporterConfig := configure(sel, judgeTimeout)
	suiteConfig.FailOnEmpty = true
	var o outcome
	ginkgo.RunSpecs(&o, suiteName, suiteConfig, reporterConfig)
	return !o.failed
}
