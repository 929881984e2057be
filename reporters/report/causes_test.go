package report_test

import (
	"slices"
	"testing"

	"github.com/plumbline-net/plumbline/framework/check"
	"github.com/plumbline-net/plumbline/reporters/report"
	"github.com/plumbline-net/plumbline/reporters/report/reporttest"
)

func TestCausesThatOnlyWarnAreNumberedAfterTheOthers(t *testing.T) {
	r := reporttest.UnexplainedPairs()
	if !r.Causes[0].OnlyWarns() {
		t.Fatal("the sample has no cause that warns before one that fails")
	}
	var got []string
	for _, c := range r.Ranked() {
		got = append(got, c.ID)
	}
	if want := []string{"mtu-too-large", "no-forwarding"}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestWhatSpeaksAgainstACauseHasWordsThatLeadIt(t *testing.T) {
	got := report.Cause{Against: []string{"3 pairs answered", "no cause explains 2 red pairs", "does not explain n3"}}.Speaking()
	want := []report.Said{{Lead: "Speaks against it", Says: "3 pairs answered"}, {Lead: "Does not explain", Says: "2 red pairs"}, {Lead: "Does not explain", Says: "n3"}}
	if !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestTheFirstStepIsARepairWithACommand(t *testing.T) {
	find := check.Remedy{Text: "find", Command: "look", Purpose: check.Find}
	words := check.Remedy{Text: "words"}
	repair := check.Remedy{Text: "repair", Command: "mend"}
	last := check.Remedy{Text: "last", Command: "write", Purpose: check.Last}
	for _, tc := range []struct {
		name, want string
		steps      []check.Remedy
	}{
		{"a repair with a command before one in words", "repair", []check.Remedy{find, words, last, repair}},
		{"a repair in words before a command that changes nothing", "words", []check.Remedy{find, last, words}},
		{"without a repair, what tells more", "find", []check.Remedy{last, find}},
		{"whatever there is", "last", []check.Remedy{last}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if got := report.FirstStep(tc.steps); got == nil || got.Text != tc.want {
				t.Errorf("got %v, want %s", got, tc.want)
			}
		})
	}
	if got := report.FirstStep(nil); got != nil {
		t.Errorf("out of nothing came %v", got)
	}
}

func TestStepsAreGroupedInTheOrderInWhichAPersonNeedsThem(t *testing.T) {
	var got []string
	for _, g := range report.Grouped([]check.Remedy{{Purpose: check.Verify}, {Purpose: check.Last}, {}, {Purpose: check.Find}, {}}) {
		for range g.Steps {
			got = append(got, g.Title)
		}
	}
	if want := []string{"Find", "Repair", "Repair", "Make it last", "Check"}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestOfNodesThatAreNamedOnlyTheSameAreUnexplained(t *testing.T) {
	r := reporttest.UnexplainedPairs()
	c := report.Check{ID: "reach/pod-to-pod", Verdict: check.Fail, Findings: []check.Finding{{Verdict: check.Fail, Nodes: []string{"demo-worker2"}}}}
	if got := r.UnexplainedOf(c); len(got) != 1 {
		t.Errorf("%d, want 1", len(got))
	}
	c.Findings[0].Nodes = []string{"demo-worker"}
	if got := r.UnexplainedOf(c); len(got) != 0 {
		t.Errorf("another node has %v", got)
	}
	c.Findings[0].Nodes = nil
	if got := r.UnexplainedOf(c); len(got) != 1 {
		t.Errorf("without nodes %d, want 1", len(got))
	}
}

func TestAStepThatACauseAndItsFindingSayStandsOnce(t *testing.T) {
	r := reporttest.IPForward()
	for i := range r.Checks {
		if r.Checks[i].ID == "kernel/ip-forward" {
			for j := range r.Checks[i].Findings[0].Remedy {
				r.Checks[i].Findings[0].Remedy[j].Purpose = check.Repair
			}
			if got := r.RemediesOf(r.Checks[i]); len(got) != len(r.Causes[0].Remedy) {
				t.Errorf("%d steps, want %d: %v", len(got), len(r.Causes[0].Remedy), got)
			}
		}
	}
}

func TestTheStepsOfWhatIsUnexplainedAreThoseOfItsFindings(t *testing.T) {
	look := check.Remedy{Text: "look", Purpose: check.Find}
	other := check.Remedy{Text: "of another finding"}
	r := &report.Report{Checks: []report.Check{
		{ID: "a", Verdict: check.Fail, Causes: []string{"x"}, Findings: []check.Finding{
			{Verdict: check.Fail, Says: "odd.", Remedy: []check.Remedy{look}}, {Verdict: check.Fail, Says: "explained", Remedy: []check.Remedy{other}},
		}},
		{ID: "b", Verdict: check.Fail, Findings: []check.Finding{{Verdict: check.Fail, Says: "odd", Remedy: []check.Remedy{look}}}},
		{ID: "c", Verdict: check.Fail, Findings: []check.Finding{{Verdict: check.Fail, Says: "odd", Remedy: []check.Remedy{other}}}},
	}}
	got := r.RemediesOfUnexplained(report.Unexplained{Checks: []string{"a", "b"}, Says: "odd"})
	if want := []check.Remedy{look}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}
