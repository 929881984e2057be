// Package kernel holds the promises about each node's kernel settings.
package kernel

import "github.com/plumbline-net/plumbline/framework/check"

// All are the checks of this area, in the catalogue's order.
func All() []check.Check {
	return []check.Check{IPForward(), IPForwardBoot(), BridgeNF(), RPFilter(), ARPCache()}
}
