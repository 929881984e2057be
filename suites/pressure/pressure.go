// Package pressure holds the promises about queues, tables and time that run out:
// growth of a counter while the probes were under way is the finding, totals are context.
package pressure

import (
	"fmt"
	"slices"

	"github.com/plumbline-net/plumbline/framework/check"
	"github.com/plumbline-net/plumbline/framework/facts"
	"github.com/plumbline-net/plumbline/framework/figures"
	"github.com/plumbline-net/plumbline/framework/symptom"
)

// All are the checks of this area, in the catalogue's order.
func All() []check.Check {
	return []check.Check{Conntrack(), ListenQueue(), SocketBuffers(), Ports(), Interfaces(), Load(), CPU()}
}

// host is one node with both looks at it; neither is nil.
type host struct {
	facts.Node
	first, last *facts.HostLook
}

// onHosts judges every node by both looks at it. Held is what a summary says of
// the nodes that are in order; a node without one of the looks is Unknown.
func onHosts(s *facts.Snapshot, held string, judge func(host) []symptom.Symptom) check.Result {
	nodes := s.Selected()
	if len(nodes) == 0 {
		return check.Unknownf("no node was looked at")
	}
	var found []symptom.Symptom
	for _, n := range nodes {
		first, last, missing := symptom.Looks(s, n.Name)
		if first == nil || last == nil {
			found = append(found, symptom.Unknown(n.Name, missing))
			continue
		}
		found = append(found, judge(host{Node: n, first: first, last: last})...)
	}
	findings := symptom.Findings(found)
	return check.Conclude(fmt.Sprintf("%s on %d of %s", held, quiet(nodes, findings), figures.Count(len(nodes), "node")), findings)
}

// bothLooks are the looks that counters need.
func bothLooks() []facts.Look { return []facts.Look{facts.First, facts.Last} }

// growths reads counters at both looks; those of which a value is missing are unread.
func (h host) growths(counters ...string) (grown []symptom.Growth, unread []string) {
	for _, c := range counters {
		g, ok := symptom.Of(h.first, h.last, c)
		switch {
		case !ok:
			unread = append(unread, c)
		case g.By() > 0:
			grown = append(grown, g)
		}
	}
	return grown, unread
}

// quiet counts the nodes that no finding names, not even a warning.
func quiet(nodes []facts.Node, findings []check.Finding) int {
	out := 0
	for _, n := range nodes {
		if !slices.ContainsFunc(findings, func(f check.Finding) bool { return slices.Contains(f.Nodes, n.Name) }) {
			out++
		}
	}
	return out
}
