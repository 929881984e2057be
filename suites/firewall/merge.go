package firewall

import (
	"slices"
	"strings"

	"github.com/plumbline-net/plumbline/framework/check"
)

// merged adds a finding of one node to a list: what is said of several nodes in the
// same words is one finding, with the steps for each of the first few: an nft rule
// has another handle on every node.
func merged(list []check.Finding, f check.Finding) []check.Finding {
	i := slices.IndexFunc(list, func(g check.Finding) bool { return g.Verdict == f.Verdict && g.Says == f.Says })
	if i < 0 {
		return append(list, f)
	}
	g := &list[i]
	for _, n := range f.Nodes {
		g.Nodes = withWord(g.Nodes, n)
	}
	if len(g.Nodes) <= mostRepaired {
		g.Remedy = append(g.Remedy, f.Remedy...)
	}
	slices.Sort(g.Nodes)
	_, rule, named := strings.Cut(g.Subject, ": ") // "n1: iptables-nft, table filter …"
	g.Subject = strings.Join(g.Nodes, ", ")
	if named {
		g.Subject += ": " + rule
	}
	g.Evidence = append(g.Evidence, f.Evidence...)
	return list
}
