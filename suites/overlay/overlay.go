// Package overlay holds the promises about the tunnels of the pod network.
package overlay

import "github.com/plumbline-net/plumbline/framework/check"

// All are the checks of this area, in the catalogue's order.
func All() []check.Check {
	return []check.Check{LocalAddress(), Neighbor(), FDB(), Port(), Leftover(), Checksum(), PodMAC()}
}
