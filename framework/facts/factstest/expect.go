package factstest

import (
	"slices"
	"testing"

	"github.com/plumbline-net/plumbline/framework/check"
	"github.com/plumbline-net/plumbline/framework/facts"
)

// Expect fails the test where a result is not this verdict for this reason, with
// findings that say just these sentences.
func Expect(t *testing.T, r check.Result, verdict check.Verdict, why string, says ...string) {
	t.Helper()
	var got []string
	for _, f := range r.Findings {
		got = append(got, f.Says)
	}
	if r.Verdict != verdict || r.Why != why || !slices.Equal(got, says) {
		t.Errorf("got %s: %s\n%q\nwant %s: %s\n%q", r.Verdict, r.Why, got, verdict, why, says)
	}
}

// Passes fails the test where one of the checks does not pass one of the
// snapshots, by name, or does not say why it does.
func Passes(t *testing.T, checks []check.Check, snapshots map[string]*facts.Snapshot) {
	t.Helper()
	for name, s := range snapshots {
		for _, c := range checks {
			if r := c.Evaluate(s); r.Verdict != check.Pass || r.Why == "" {
				t.Errorf("%s, %s: %s (%s) %+v", c.ID, name, r.Verdict, r.Why, r.Findings)
			}
		}
	}
}
