// Package pressure holds the promises about queues, tables and time that run out:
// growth of a counter while the probes were under way is the finding, totals are context.
package pressure

import "github.com/plumbline-net/plumbline/framework/check"

// All are the checks of this area, in the catalogue's order.
func All() []check.Check {
	return nil
}
