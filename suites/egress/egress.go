// Package egress holds the promises about what the configuration names outside the cluster.
package egress

import "github.com/plumbline-net/plumbline/framework/check"

// All are the checks of this area, in the catalogue's order.
func All() []check.Check {
	return nil
}
