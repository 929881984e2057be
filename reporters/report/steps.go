package report

import (
	"slices"

	"github.com/plumbline-net/plumbline/framework/check"
)

// Steps are those of a repair that are good for the same thing.
type Steps struct {
	Purpose check.Purpose
	// Title is the purpose as people read it: "Find", "Repair", "Make it last", "Check".
	Title string
	Steps []check.Remedy
}

// Grouped puts steps together by their purpose, in the order in which a person
// needs them; a purpose without a step is left out.
func Grouped(steps []check.Remedy) []Steps {
	var out []Steps
	for _, g := range []Steps{
		{Purpose: check.Find, Title: "Find"},
		{Purpose: check.Repair, Title: "Repair"},
		{Purpose: check.Last, Title: "Make it last"},
		{Purpose: check.Verify, Title: "Check"},
	} {
		for _, s := range steps {
			if s.Purpose == g.Purpose {
				g.Steps = append(g.Steps, s)
			}
		}
		if len(g.Steps) > 0 {
			out = append(out, g)
		}
	}
	return out
}

// FirstStep is the one to take where there is room for one: a repair with a command
// that disrupts nothing, otherwise a repair in words, otherwise whatever tells more;
// nil where there is none. What may take more away than it repairs is no first advice.
func FirstStep(steps []check.Remedy) *check.Remedy {
	tests := []func(check.Remedy) bool{
		func(s check.Remedy) bool {
			return s.Purpose == check.Repair && s.Command != "" && s.Risk() != check.Disrupt
		},
		func(s check.Remedy) bool { return s.Purpose == check.Repair && s.Command == "" },
		func(s check.Remedy) bool { return s.Purpose == check.Find },
		func(check.Remedy) bool { return true },
	}
	for _, fits := range tests {
		if i := slices.IndexFunc(steps, fits); i >= 0 {
			return &steps[i]
		}
	}
	return nil
}

// RemediesOf gives the repair of a check: what its causes say first, each in the
// order of its purposes, then what its own findings say, each step once.
func (r *Report) RemediesOf(c Check) []check.Remedy {
	var all, found []check.Remedy
	for _, cause := range r.CausesOf(c) {
		all = append(all, sorted(cause.Remedy)...)
	}
	for _, f := range c.Judged() {
		found = append(found, f.Remedy...)
	}
	return eachOnce(append(all, sorted(found)...))
}

// sorted are steps in the order of their purposes.
func sorted(steps []check.Remedy) []check.Remedy {
	var out []check.Remedy
	for _, g := range Grouped(steps) {
		out = append(out, g.Steps...)
	}
	return out
}

// eachOnce keeps the first of equal steps, whatever each is said to be good for.
func eachOnce(steps []check.Remedy) []check.Remedy {
	var out []check.Remedy
	known := map[check.Remedy]bool{}
	for _, s := range steps {
		key := s
		key.Purpose = check.Repair
		if !known[key] {
			out = append(out, s)
		}
		known[key] = true
	}
	return out
}
