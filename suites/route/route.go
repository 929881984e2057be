// Package route holds the promises about each node's routes to the others' pods.
package route

import "github.com/plumbline-net/plumbline/framework/check"

// All are the checks of this area, in the catalogue's order.
func All() []check.Check {
	return []check.Check{PodCIDR(), Stale(), Conflict(), Lookup()}
}
