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
	return []check.Check{Path(), OverLimit()}
}

// oneNode: all that a single node has is loopback.
const oneNode = "one node under test: a path between nodes does not exist here"

// sized is a way of probing with packets of a given size, between pods and between hosts.
func sized(scope check.Scope, via facts.Via) []facts.Flow {
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

// loopback sets aside what never left the sender.
func loopback(c matrix.Cell) (matrix.Ruling, bool) {
	return matrix.Ruling{Standing: matrix.Aside, Why: "they lead back to the sender itself, over loopback"}, c.Self()
}
