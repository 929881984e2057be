package reach

import (
	"github.com/plumbline-net/plumbline/framework/check"
	"github.com/plumbline-net/plumbline/framework/facts"
	"github.com/plumbline-net/plumbline/framework/matrix"
	"github.com/plumbline-net/plumbline/suites/remedies"
)

// everyPair is the shape of the four checks of plain reachability: TCP, UDP
// and ICMP, every family, every ordered pair, a node with itself included.
func everyPair(id, promise, doc string, from facts.VantageKind, to facts.TargetKind, needs ...check.Need) check.Check {
	ask := func(scope check.Scope) []facts.Flow {
		return cross(scope, from, to, facts.TCP, facts.UDP, facts.ICMP)
	}
	return check.Check{
		ID: id, Promise: promise, Level: check.Core, Needs: needs, Doc: doc, Ask: ask,
		Evaluate: func(s *facts.Snapshot) check.Result {
			return matrix.Judge(s, matrix.Spec{
				Flows:  ask(check.ScopeOf(s)),
				Remedy: func(p matrix.Place) []check.Remedy { return append(remedy(s, p), remedies.Again(id)) },
			})
		},
	}
}
