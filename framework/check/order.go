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
	slices.SortStableFunc(out, func(a, b Remedy) int { return cmp.Compare(a.Purpose.place(), b.Purpose.place()) })
	return out
}

func (p Purpose) place() int {
	switch p {
	case Find:
		return 0
	case Repair:
		return 1
	case Last:
		return 2
	case Verify:
		return 3
	}
	return 1 // a word of a later version: with the repair, so that nobody misses it
}
