package check

import (
	"cmp"
	"slices"
)

// InOrder gives the steps in the order in which a person needs them (find,
// repair, last, verify), each once; steps of one purpose keep their order. The
// steps that were handed in are left as they are.
func InOrder(steps []Remedy) []Remedy {
	var out []Remedy
	for _, s := range steps {
		if !slices.Contains(out, s) {
			out = append(out, s)
		}
	}
	slices.SortStableFunc(out, func(a, b Remedy) int { return cmp.Compare(a.place(), b.place()) })
	return out
}

// place: a repair that disrupts comes after the others.
func (r Remedy) place() int {
	switch r.Purpose {
	case Find:
		return 0
	case Repair:
		if r.Risk() == Disrupt {
			return 2
		}
		return 1
	case Last:
		return 3
	case Verify:
		return 4
	}
	return 1 // a word of a later version: with the repair, so that nobody misses it
}
