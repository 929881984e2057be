package diagnose

import (
	"slices"
	"strings"

	"github.com/plumbline-net/plumbline/framework/check"
	"github.com/plumbline-net/plumbline/framework/facts"
)

const programmed = "service/programmed"

// wasHealed: the finding tells of what stood at the first look and was right at the last.
func wasHealed(f check.Finding) bool {
	return strings.Contains(f.Says, "at the last look it was right")
}

// healedElsewhere says whether what changed between the looks lies where something
// stood that the run itself took away.
func (in *input) healedElsewhere(f check.Finding) bool {
	return slices.ContainsFunc(f.Pairs, func(p check.Pair) bool {
		s, known := in.place(cellOf(f, p))
		return known && in.healing()(s.flow, s.from, s.to)
	})
}

// whatHealed matches where the run itself took something away: forwarding, which the
// first pod switches on, and rules of Services, which kube-proxy writes anew with the
// first change.
func (in *input) whatHealed() cellTest {
	nodes := in.nodesOf(ipForward)
	var unwritten []string
	for _, p := range in.failing(programmed) {
		if wasHealed(p.Finding) {
			unwritten = append(unwritten, p.Nodes...)
		}
	}
	return eitherOf([]cellTest{in.podTraffic(without(nodes, in.stillOff(nodes, facts.Main))), servicesAt(unwritten)})
}

// atFirst narrows what was healed to the first look: nothing was observed of it later.
func atFirst(test cellTest) cellTest {
	return func(f facts.Flow, from facts.Vantage, to facts.Target) bool {
		return f.Look == facts.First && test(f, from, to)
	}
}
