package diagnose

import (
	"slices"
	"strings"

	"github.com/plumbline-net/plumbline/framework/check"
)

// hostCheck takes the failing findings about a host or component which nothing
// else explains: such a finding is a cause by itself, as it says what to repair.
// Findings about traffic are not; unexplained they stay visible at their check.
func hostCheck(in *input) []claim {
	var out []claim
	for _, j := range in.judged {
		if !aboutHosts(j.ID) {
			continue
		}
		var left []located
		mine := map[string]bool{}
		for i, f := range j.Result.Findings {
			if f.Verdict == check.Fail && len(f.Pairs) == 0 && !in.explained[findingID{j.ID, i}] {
				left = append(left, located{j.ID, f})
				mine[f.Subject+"\x00"+f.Says] = true
			}
		}
		if len(left) == 0 {
			continue
		}
		c := claimOf(nodesIn(left), left)
		c.key = j.ID + "/" + strings.Join(c.nodes, ",")
		c.finding = func(id string, f check.Finding) bool {
			return id == j.ID && f.Verdict == check.Fail && mine[f.Subject+"\x00"+f.Says]
		}
		out = append(out, c)
	}
	return out
}

// aboutHosts are the checks whose failing findings say what to repair, where they
// are not about pairs of the matrix.
func aboutHosts(id string) bool {
	for _, area := range []string{"node/", "kernel/", "firewall/", "component/", "route/", "overlay/", "pressure/"} {
		if strings.HasPrefix(id, area) {
			return true
		}
	}
	return slices.Contains([]string{"mtu/overlay", "service/programmed", "service/listening", "dns/resolv-conf"}, id)
}
