package run

import (
	"fmt"
	"path"
	"regexp"
	"strings"

	"github.com/onsi/ginkgo/v2/types"

	"github.com/plumbline-net/plumbline/framework/check"
)

// Selection says which checks are wanted. All parts must agree.
type Selection struct {
	// Checks are patterns of ids: "dns/*", "!mtu/path", "reach/pod-to-pod".
	// Patterns with ! take away; without any other, they take from all.
	Checks      []string
	LabelFilter string   // Ginkgo's language, for example "kernel && core"
	Focus, Skip []string // regular expressions on "id promise"
	Profile     string   // Smoke, or Acceptance (the same as empty)
}

// EmptyError is the error of a selection which holds no check.
type EmptyError struct{ Filter string }

func (e EmptyError) Error() string { return "no check is selected by " + e.Filter }

// UsageError is a selection that cannot be read.
type UsageError struct{ Says string }

func (e UsageError) Error() string { return e.Says }

// String names the filters in force, as they were given.
func (s Selection) String() string {
	var parts []string
	if s.Profile == Smoke {
		parts = append(parts, "--profile "+s.Profile)
	}
	if len(s.Checks) > 0 {
		parts = append(parts, fmt.Sprintf("--checks %q", strings.Join(s.Checks, ",")))
	}
	if s.LabelFilter != "" {
		parts = append(parts, fmt.Sprintf("--label-filter %q", s.LabelFilter))
	}
	for _, f := range s.Focus {
		parts = append(parts, fmt.Sprintf("--focus %q", f))
	}
	for _, f := range s.Skip {
		parts = append(parts, fmt.Sprintf("--skip %q", f))
	}
	if len(parts) == 0 {
		return "an empty list of checks"
	}
	return strings.Join(parts, " ")
}

// byID applies the patterns of Checks. A pattern that fits nothing is an error
// which offers the ids that are nearest to it.
func (s Selection) byID(all []check.Check) ([]check.Check, error) {
	wanted := map[string]bool{}
	positive := false
	for _, p := range s.Checks {
		positive = positive || !strings.HasPrefix(p, "!")
	}
	for _, c := range all {
		wanted[c.ID] = !positive
	}
	for _, p := range s.Checks {
		pattern, takeAway := strings.CutPrefix(p, "!")
		hit := false
		for _, c := range all {
			ok, err := path.Match(pattern, c.ID)
			if err != nil {
				return nil, UsageError{fmt.Sprintf("--checks: %q is not a pattern: %v", p, err)}
			}
			if ok {
				hit = true
				wanted[c.ID] = !takeAway
			}
		}
		if !hit {
			return nil, UsageError{fmt.Sprintf("--checks: no check is called %q%s", pattern, DidYouMean(pattern, all))}
		}
	}
	var out []check.Check
	for _, c := range all {
		if wanted[c.ID] && InProfile(c, s.Profile) {
			out = append(out, c)
		}
	}
	return out, nil
}

// validate refuses what Ginkgo would refuse, for Ginkgo ends the process over it.
func (s Selection) validate() error {
	if s.Profile != "" && s.Profile != Smoke && s.Profile != Acceptance {
		return UsageError{fmt.Sprintf("--profile %q: want %s or %s", s.Profile, Smoke, Acceptance)}
	}
	if _, err := types.ParseLabelFilter(s.LabelFilter); err != nil {
		// Ginkgo's own words are several coloured lines; these say what is wanted.
		return UsageError{fmt.Sprintf("--label-filter %q cannot be read: labels are areas, levels, and ids with a dot (kernel.ip-forward), joined by &&, ||, ! and parentheses",
			s.LabelFilter)}
	}
	for _, list := range []struct {
		flag string
		of   []string
	}{{"--focus", s.Focus}, {"--skip", s.Skip}} {
		for _, expression := range list.of {
			if _, err := regexp.Compile(expression); err != nil {
				return UsageError{fmt.Sprintf("%s %q is not a regular expression: %v", list.flag, expression, err)}
			}
		}
	}
	return nil
}
