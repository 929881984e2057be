package report

import (
	"slices"
	"strings"

	"github.com/plumbline-net/plumbline/framework/check"
)

// Ranked are the causes in the order in which they are shown and numbered: those
// that only warn after the others, and in the order of the report otherwise.
func (r *Report) Ranked() []Cause {
	warns := func(c Cause) int {
		if c.OnlyWarns() {
			return 1
		}
		return 0
	}
	order := func(a, b Cause) int { return warns(a) - warns(b) }
	if slices.IsSortedFunc(r.Causes, order) {
		return r.Causes
	}
	out := slices.Clone(r.Causes)
	slices.SortStableFunc(out, order)
	return out
}

// OnlyWarns says whether nothing fails because of it.
func (c Cause) OnlyWarns() bool { return c.Verdict == check.Warn }

// Weak says whether something speaks against it.
func (c Cause) Weak() bool { return c.Certainty == FitsPartly }

// Founded is how well a cause is founded, with the reason: "proved by counter or
// capture: the rule's counter grew by 24". Empty where nothing is known of that.
func (c Cause) Founded() string {
	if c.Certainty == "" || c.Grounds == "" {
		return string(c.Certainty) + c.Grounds
	}
	return string(c.Certainty) + ": " + c.Grounds
}

// Speaking are the sentences of Against with the words that lead them, as each
// format shows them: what the cause leaves open, and what speaks against it.
func (c Cause) Speaking() []Said {
	var out []Said
	for _, s := range c.Against {
		said := Said{"Speaks against it", s}
		for _, opens := range []string{"no cause explains ", "it does not explain ", "does not explain "} {
			if rest, ok := strings.CutPrefix(s, opens); ok {
				said = Said{"Does not explain", rest}
				break
			}
		}
		out = append(out, said)
	}
	return out
}

// Said is a sentence with the words that lead it.
type Said struct{ Lead, Says string }

// CausesOf gives the causes that explain a check, in the order in which they are shown.
func (r *Report) CausesOf(c Check) []Cause {
	var out []Cause
	for _, cause := range r.Ranked() {
		if slices.Contains(c.Causes, cause.Key) {
			out = append(out, cause)
		}
	}
	return out
}

// UnexplainedOf gives what no cause explains of a check; where the check's findings
// and what is unexplained both name nodes, they share one.
func (r *Report) UnexplainedOf(c Check) []Unexplained {
	nodes := NodesOf(c.Judged())
	shared := func(n string) bool { return slices.Contains(nodes, n) }
	var out []Unexplained
	for _, u := range r.Unexplained {
		apart := len(nodes) > 0 && len(u.Nodes) > 0 && !slices.ContainsFunc(u.Nodes, shared)
		if slices.Contains(u.Checks, c.ID) && !apart {
			out = append(out, u)
		}
	}
	return out
}

// RemediesOfUnexplained gives what the findings say that have this shape, each step once.
func (r *Report) RemediesOfUnexplained(u Unexplained) []check.Remedy {
	var all []check.Remedy
	for _, c := range r.Checks {
		if !slices.Contains(u.Checks, c.ID) {
			continue
		}
		for _, f := range c.Findings {
			if strings.TrimRight(f.Says, ".") == strings.TrimRight(u.Says, ".") || len(c.Causes) == 0 && f.Verdict == c.Verdict {
				all = append(all, f.Remedy...)
			}
		}
	}
	return eachOnce(all)
}
