package html

import (
	"github.com/plumbline-net/plumbline/reporters/plain"
	"github.com/plumbline-net/plumbline/reporters/report"
)

// maxUnzoned is the number of nodes above which the map begins with the zones.
const maxUnzoned = 250

// zones gives the zone of each node that has one; nothing where the map shows
// every pair at once, because the nodes are few or are not in several zones.
func zones(r *report.Report) map[string]string {
	if len(r.Nodes) <= maxUnzoned {
		return nil
	}
	out, seen := map[string]string{}, map[string]bool{}
	for _, n := range r.Nodes {
		zone := plain.Line(n.Zone)
		seen[zone] = true
		if zone != "" {
			out[n.Name] = zone
		}
	}
	if len(seen) < 2 {
		return nil
	}
	return out
}
