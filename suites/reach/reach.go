// Package reach holds the promises about plain reachability: every probe pod
// and every host reaches every other one, unchanged and unfiltered.
package reach

import (
	"github.com/plumbline-net/plumbline/framework/check"
	"github.com/plumbline-net/plumbline/framework/facts"
)

// All are the checks of this area, in the order of the catalogue.
func All() []check.Check {
	return []check.Check{PodToPod(), PodToHost(), HostToPod(), HostToHost(), SourceIP(), Gateway(), Quality(), ClosedPort(), RuntimeClass()}
}

// cross is every family with every way of probing, from one kind to another.
func cross(scope check.Scope, from facts.VantageKind, to facts.TargetKind, vias ...facts.Via) []facts.Flow {
	var out []facts.Flow
	for _, family := range scope.Families {
		for _, via := range vias {
			out = append(out, facts.Flow{From: from, To: to, Via: via, Family: family, Look: facts.Main})
		}
	}
	return out
}
