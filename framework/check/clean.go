package check

import (
	"slices"

	"github.com/plumbline-net/plumbline/framework/facts"
)

// Clean counts the nodes that no Fail and no Unknown names: those of which a
// summary may say that the promise held.
func Clean(nodes []facts.Node, findings []Finding) int {
	clean := 0
	for _, n := range nodes {
		if !slices.ContainsFunc(findings, func(f Finding) bool {
			return (f.Verdict == Fail || f.Verdict == Unknown) && slices.Contains(f.Nodes, n.Name)
		}) {
			clean++
		}
	}
	return clean
}
