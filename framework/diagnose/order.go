package diagnose

import (
	"cmp"
	"slices"

	"github.com/plumbline-net/plumbline/reporters/report"
)

// Order puts the causes of failures before those of what cannot be told and those of
// warnings, what nothing speaks against before what is weakened, and then what
// explains most first.
func Order(causes []report.Cause) {
	slices.SortStableFunc(causes, func(a, b report.Cause) int {
		return cmp.Or(
			cmp.Compare(b.Verdict.Weight(), a.Verdict.Weight()),
			cmp.Compare(boolean(a.Certainty == report.FitsPartly), boolean(b.Certainty == report.FitsPartly)),
			cmp.Compare(weight(b), weight(a)),
			cmp.Compare(a.Key, b.Key),
		)
	})
}

// weight is how much a cause explains: cells first, for one finding may hold many.
func weight(c report.Cause) int {
	n := 0
	for _, e := range c.Explains {
		n += e.Findings + e.Pairs
	}
	return n
}
