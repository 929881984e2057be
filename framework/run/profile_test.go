package run

import (
	"slices"
	"strings"
	"testing"

	"github.com/plumbline-net/plumbline/framework/check"
	"github.com/plumbline-net/plumbline/framework/facts"
)

func TestSmokeIsTheCoreWithoutWhatTakesSeconds(t *testing.T) {
	asks := func(to facts.TargetKind, via facts.Via) func(check.Scope) []facts.Flow {
		return func(s check.Scope) []facts.Flow {
			var out []facts.Flow
			for _, family := range s.Families {
				out = append(out, facts.Flow{From: facts.FromPod, To: to, Via: via, Family: family, Look: facts.Main})
			}
			return out
		}
	}
	for _, tc := range []struct {
		name  string
		check check.Check
		smoke bool
	}{
		{"a core check that asks nothing", check.Check{Level: check.Core}, true},
		{"a core check that connects", check.Check{Level: check.Core, Ask: asks(facts.ToPod, facts.TCP)}, true},
		{"a closed port refuses at once", check.Check{Level: check.Core, Ask: asks(facts.ToPod, facts.Closed)}, true},
		{"an extended check", check.Check{Level: check.Extended}, false},
		{"one that needs configuration", check.Check{Level: check.OptIn}, false},
		{"a large transfer", check.Check{Level: check.Core, Ask: asks(facts.ToPod, facts.Bulk)}, false},
		{"a series", check.Check{Level: check.Core, Ask: asks(facts.ToPod, facts.Series)}, false},
		{"asking on the wire who has an address", check.Check{Level: check.Core, Ask: asks(facts.ToHost, facts.ARP)}, false},
		{"a control that waits for silence", check.Check{Level: check.Core, Ask: asks(facts.ToNodePortLocal, facts.TCP)}, false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if got := InProfile(tc.check, Smoke); got != tc.smoke {
				t.Errorf("in smoke: %v", got)
			}
			if !InProfile(tc.check, Acceptance) || !InProfile(tc.check, "") {
				t.Error("acceptance is all")
			}
			if got := Profiles(tc.check); slices.Contains(got, Smoke) != tc.smoke || !slices.Contains(got, Acceptance) {
				t.Errorf("profiles %v", got)
			}
		})
	}
}

func TestAProfileNarrowsAnySelection(t *testing.T) {
	all := append(catalogue(), check.Check{ID: "dns/slow", Level: check.Extended})
	got, err := Selection{Checks: []string{"dns/*"}, Profile: Smoke}.byID(all)
	if err != nil || ids(got) != "dns/replica dns/service" {
		t.Errorf("selected %q, %v", ids(got), err)
	}
	if says := (Selection{Checks: []string{"dns/slow"}, Profile: Smoke}).String(); !strings.Contains(says, "--profile smoke") {
		t.Errorf("an empty selection is said to be by %s", says)
	}
	if err := (Selection{Profile: "quick"}).validate(); err == nil || !strings.Contains(err.Error(), "want smoke or acceptance") {
		t.Errorf("another profile: %v", err)
	}
}
