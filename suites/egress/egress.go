// Package egress holds the promises about what the configuration names outside
// the cluster: that it resolves and connects, and where the way ends if not.
package egress

import (
	"net/netip"
	"slices"
	"strings"

	"github.com/plumbline-net/plumbline/framework/check"
	"github.com/plumbline-net/plumbline/framework/facts"
)

// All are the checks of this area, in the catalogue's order.
func All() []check.Check {
	return []check.Check{Targets(), Trace()}
}

// ask connects to the configured targets from every pod and every host, in the
// families in which there is a target.
func ask(scope check.Scope) []facts.Flow {
	var out []facts.Flow
	for _, from := range []facts.VantageKind{facts.FromPod, facts.FromHost} {
		for _, family := range scope.Families {
			if slices.ContainsFunc(scope.Config.Egress, func(t facts.EgressTarget) bool { return has(t, family) }) {
				out = append(out, facts.Flow{From: from, To: facts.ToEgress, Via: facts.Connect, Family: family, Look: facts.Main})
			}
		}
	}
	return out
}

// has says whether a target may have an address of a family: a name may, an
// address has its own.
func has(t facts.EgressTarget, family facts.Family) bool {
	addr, err := netip.ParseAddr(t.Host)
	return err != nil || addr.Unmap().Is4() == (family == facts.IPv4)
}

// unasked is the answer where the configuration asks for nothing, or for nothing
// that this cluster has a family for, and false where there is something to judge.
func unasked(s *facts.Snapshot) (check.Result, bool) {
	switch {
	case len(s.Configured().Egress) == 0:
		return check.Skipf("the configuration names no target outside the cluster (egress)"), true
	case len(s.Cluster.Families) == 0:
		return check.Unknownf("no IP family of this cluster is known, so there was nothing to ask"), true
	case len(ask(check.ScopeOf(s))) == 0:
		return check.Skipf("every target of the configuration is an address of a family that this cluster has not"), true
	}
	return check.Result{}, false
}

// resolving is what the agent notes on an attempt that failed before there was an address.
const resolving = "resolving"

// unresolved is the failed lookup of a target, where it failed there.
func unresolved(d *facts.Detail) (facts.Attempt, bool) {
	if d == nil {
		return facts.Attempt{}, false
	}
	for _, a := range slices.Backward(d.Attempts) {
		if a.Outcome != facts.OK && strings.HasPrefix(a.Note, resolving) {
			return a, true
		}
	}
	return facts.Attempt{}, false
}

// absent says whether the name's owner says that there is no address of this family.
func absent(a facts.Attempt) bool { return a.RCode == "NODATA" }

// name is a target as the configuration has it.
func name(t facts.Target) string { return strings.TrimPrefix(t.ID, "egress/") }
