package check_test

import (
	"slices"
	"testing"

	"github.com/plumbline-net/plumbline/framework/check"
)

func TestStepsStandInTheOrderInWhichTheyAreNeeded(t *testing.T) {
	find := check.Remedy{Purpose: check.Find, Text: "look"}
	first, second := check.Remedy{Text: "repair it"}, check.Remedy{Text: "repair the other"}
	last, verify := check.Remedy{Purpose: check.Last, Text: "keep it"}, check.Remedy{Purpose: check.Verify, Text: "check"}
	for name, tc := range map[string]struct{ given, want []check.Remedy }{
		"steps of several faults are put together by purpose": {
			[]check.Remedy{verify, first, last, find, second},
			[]check.Remedy{find, first, second, last, verify},
		},
		"what is there twice is told once":          {[]check.Remedy{verify, first, verify, first}, []check.Remedy{first, verify}},
		"a purpose of a later version is not lost":  {[]check.Remedy{verify, {Purpose: "undo", Text: "x"}}, []check.Remedy{{Purpose: "undo", Text: "x"}, verify}},
		"no steps stay none":                        {nil, nil},
		"steps that stand rightly stay as they are": {[]check.Remedy{find, first, last, verify}, []check.Remedy{find, first, last, verify}},
	} {
		t.Run(name, func(t *testing.T) {
			before := slices.Clone(tc.given)
			if got := check.InOrder(tc.given); !slices.Equal(got, tc.want) {
				t.Errorf("got %v, want %v", got, tc.want)
			}
			if !slices.Equal(before, tc.given) {
				t.Errorf("the steps that were handed in were changed: %v", tc.given)
			}
		})
	}
}

func TestConcludingPutsEachFindingsStepsInOrder(t *testing.T) {
	verify, repair := check.Remedy{Purpose: check.Verify, Text: "check"}, check.Remedy{Text: "repair it"}
	r := check.Conclude("held", []check.Finding{{Verdict: check.Fail, Remedy: []check.Remedy{verify, repair}}})
	if got := r.Findings[0].Remedy; !slices.Equal(got, []check.Remedy{repair, verify}) {
		t.Errorf("got %v", got)
	}
}
