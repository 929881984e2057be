// Package suites is the one explicit list of every check.
package suites

import (
	"slices"

	"github.com/plumbline-net/plumbline/framework/check"
	"github.com/plumbline-net/plumbline/suites/component"
	"github.com/plumbline-net/plumbline/suites/dns"
	"github.com/plumbline-net/plumbline/suites/egress"
	"github.com/plumbline-net/plumbline/suites/firewall"
	"github.com/plumbline-net/plumbline/suites/kernel"
	"github.com/plumbline-net/plumbline/suites/mtu"
	"github.com/plumbline-net/plumbline/suites/node"
	"github.com/plumbline-net/plumbline/suites/overlay"
	"github.com/plumbline-net/plumbline/suites/policy"
	"github.com/plumbline-net/plumbline/suites/pressure"
	"github.com/plumbline-net/plumbline/suites/reach"
	"github.com/plumbline-net/plumbline/suites/route"
	"github.com/plumbline-net/plumbline/suites/service"
)

// All are all checks, in the order of the catalogue.
func All() []check.Check {
	return slices.Concat(
		node.All(),
		reach.All(),
		service.All(),
		dns.All(),
		mtu.All(),
		kernel.All(),
		pressure.All(),
		firewall.All(),
		route.All(),
		overlay.All(),
		component.All(),
		egress.All(),
		policy.All(),
	)
}

// ByID finds a check.
func ByID(id string) (check.Check, bool) {
	for _, c := range All() {
		if c.ID == id {
			return c, true
		}
	}
	return check.Check{}, false
}
