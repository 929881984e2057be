// Package mtu holds the promises about packet sizes: what an interface offers
// also arrives, and what is larger never leaves.
package mtu

import (
	"github.com/plumbline-net/plumbline/framework/check"
	"github.com/plumbline-net/plumbline/framework/facts"
	"github.com/plumbline-net/plumbline/framework/matrix"
)

// All are the checks of this area, in the order of the catalogue.
func All() []check.Check {
	return []check.Check{Path(), OverLimit(), Overlay(), Uniform()}
}

// sized asks in a given way with packets of a given size, between pods and between hosts.
func sized(via facts.Via) func(check.Scope) []facts.Flow {
	return func(scope check.Scope) []facts.Flow {
		var out []facts.Flow
		for _, ends := range []struct {
			from facts.VantageKind
			to   facts.TargetKind
		}{{facts.FromPod, facts.ToPod}, {facts.FromHost, facts.ToHost}} {
			for _, family := range scope.Families {
				out = append(out, facts.Flow{From: ends.from, To: ends.to, Via: via, Family: family, Look: facts.Main})
			}
		}
		return out
	}
}

// judged judges what sized asks by the spec's rule; what never left the sender
// is set aside, which on a single node is everything.
func judged(via facts.Via, spec matrix.Spec) func(*facts.Snapshot) check.Result {
	rule := spec.Rule
	spec.Rule = func(c matrix.Cell) matrix.Ruling {
		if c.Self() {
			return matrix.Ruling{Standing: matrix.Aside, Why: "they lead back to the sender itself, over loopback"}
		}
		return rule(c)
	}
	return func(s *facts.Snapshot) check.Result {
		if len(s.Selected()) == 1 {
			return check.Skipf("one node under test: a path between nodes does not exist here")
		}
		asked := spec
		asked.Flows = sized(via)(check.ScopeOf(s))
		return matrix.Judge(s, asked)
	}
}
