// Package node holds the promises about the nodes themselves: that they take
// part, and that what was found on them stays so.
package node

import "github.com/plumbline-net/plumbline/framework/check"

// All are the checks of this area, in the catalogue's order.
func All() []check.Check {
	return []check.Check{Ready(), Agent(), PodCIDR(), Address(), Changed(), DuplicateAddress(), Uniform()}
}
