package run

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/plumbline-net/plumbline/framework/check"
)

func catalogue() []check.Check {
	var out []check.Check
	for _, id := range []string{"dns/replica", "dns/service", "kernel/ip-forward", "kernel/ip-forward-boot", "reach/pod-to-pod"} {
		out = append(out, check.Check{ID: id, Promise: "it holds", Level: check.Core})
	}
	return out
}

func TestPatternsOfIDs(t *testing.T) {
	for _, tc := range []struct {
		name     string
		patterns []string
		want     string
	}{
		{"no pattern is everything", nil, "dns/replica dns/service kernel/ip-forward kernel/ip-forward-boot reach/pod-to-pod"},
		{"an area", []string{"dns/*"}, "dns/replica dns/service"},
		{"an area without one of it", []string{"dns/*", "!dns/service"}, "dns/replica"},
		{"only taking away takes from everything", []string{"!dns/*", "!reach/*"}, "kernel/ip-forward kernel/ip-forward-boot"},
		{"the last word counts", []string{"!dns/service", "dns/*"}, "dns/replica dns/service"},
		{"an id is not the beginning of another", []string{"kernel/ip-forward"}, "kernel/ip-forward"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got, err := Selection{Checks: tc.patterns}.byID(catalogue())
			if err != nil || ids(got) != tc.want {
				t.Errorf("got %q, %v; want %q", ids(got), err, tc.want)
			}
		})
	}
}

func ids(checks []check.Check) string {
	var out []string
	for _, c := range checks {
		out = append(out, c.ID)
	}
	return strings.Join(out, " ")
}

func TestWhatCannotBeReadIsAUsageErrorThatNamesTheThing(t *testing.T) {
	for _, tc := range []struct {
		name string
		sel  Selection
		says string
	}{
		{"a mistyped id", Selection{Checks: []string{"kernel/ip-foward"}}, `no check is called "kernel/ip-foward"; did you mean kernel/ip-forward?`},
		{"a mistyped exclusion", Selection{Checks: []string{"!dns/replika"}}, `no check is called "dns/replika"; did you mean dns/replica?`},
		{"a broken pattern", Selection{Checks: []string{"dns/["}}, `"dns/[" is not a pattern`},
		{"a label with a slash", Selection{LabelFilter: "kernel/ip-forward"}, "kernel.ip-forward"},
		{"an open parenthesis in a label filter", Selection{LabelFilter: "(a"}, `--label-filter "(a" cannot be read`},
		{"a focus that is no expression", Selection{Focus: []string{"("}}, `--focus "(" is not a regular expression`},
		{"a skip that is no expression", Selection{Skip: []string{"["}}, `--skip "[" is not a regular expression`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			_, err := New(Options{All: catalogue(), Selection: tc.sel})
			if !errors.As(err, new(UsageError)) || !strings.Contains(err.Error(), tc.says) {
				t.Errorf("got %v, want %q", err, tc.says)
			}
		})
	}
	_, err := New(Options{All: catalogue(), IgnoreChecks: []string{"dns/replicas"}})
	if !errors.As(err, new(UsageError)) || !strings.Contains(err.Error(), "did you mean dns/replica") {
		t.Errorf("--ignore-checks: got %v", err)
	}
}

func TestNearest(t *testing.T) {
	for _, tc := range []struct {
		name, id string
		want     []string
	}{
		{"a wrong letter", "dns/replika", []string{"dns/replica"}},
		{"without its area", "ip-forward", []string{"kernel/ip-forward", "kernel/ip-forward-boot"}},
		{"nothing is near", "zzzzzzzzzzzzzzzz", nil},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if got := Nearest(tc.id, catalogue()); !slices.Equal(got, tc.want) {
				t.Errorf("got %v, want %v", got, tc.want)
			}
		})
	}
}
