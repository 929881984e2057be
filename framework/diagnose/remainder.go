package diagnose

import (
	"fmt"
	"slices"
	"strings"

	"github.com/plumbline-net/plumbline/framework/check"
	"github.com/plumbline-net/plumbline/framework/facts"
)

// remainder is what is left of a failing finding: all of it where nothing explains it,
// else the red pairs that no cause stands behind. A finding joins what has one shape,
// and that may be the work of two causes of which only one is known.
func (in *input) remainder(at findingID, f check.Finding) (check.Finding, bool) {
	if !in.explained[at] {
		return f, true
	}
	left := slices.DeleteFunc(slices.Clone(f.Pairs), func(p check.Pair) bool {
		cell := cellOf(f, p)
		_, known := in.place(cell)
		return !known || !in.red[cell] || in.covered[cell]
	})
	if f.Verdict != check.Fail || len(left) == 0 {
		return check.Finding{}, false
	}
	f.Pairs, f.Nodes = left, in.endsAt(f, left)
	return f, true
}

// endsAt are those nodes of a finding at which some of its pairs begin or end.
func (in *input) endsAt(f check.Finding, pairs []check.Pair) []string {
	ends := map[string]bool{}
	for _, p := range pairs {
		if s, known := in.place(cellOf(f, p)); known {
			ends[s.from.Node], ends[s.to.Node] = true, true
		}
	}
	return slices.DeleteFunc(slices.Clone(f.Nodes), func(n string) bool { return !ends[n] })
}

// reflecting are the nodes whose last look saw no port of a bridge that sends nothing
// back: what is lost there has another reason.
func (in *input) reflecting(nodes []string) []string {
	return slices.DeleteFunc(slices.Clone(nodes), func(n string) bool {
		h := in.facts.Host(n, facts.Last)
		return h == nil || h.NotRun != "" || len(h.Interfaces) == 0 ||
			slices.ContainsFunc(h.Interfaces, func(i facts.Interface) bool { return i.HairpinOff })
	})
}

// ofNodes keeps what a claim has seen, and advises, on its own nodes, where the
// findings speak of others as well; their sentence would then name those, too.
func (c claim) ofNodes(findings []located) claim {
	other := func(node string) bool { return node != "" && !slices.Contains(c.nodes, node) }
	if !slices.ContainsFunc(nodesIn(findings), other) {
		return c
	}
	c.evidence = slices.DeleteFunc(c.evidence, func(e check.Evidence) bool { return other(e.Node) })
	c.remedy = slices.DeleteFunc(c.remedy, func(r check.Remedy) bool { return other(r.Node) })
	return c
}

// unreflected is what hairpin-off says of nodes that share their findings with others.
func unreflected(c claim) string {
	var ports []string
	for _, e := range c.evidence {
		if strings.HasPrefix(e.Source, bridgePorts) {
			ports = append(ports, e.Text)
		}
	}
	return fmt.Sprintf("%s: the bridge sends nothing back by the port it came in by (%s), so no pod there is reached by itself through its own Service",
		names(c.nodes), strings.Join(ports, "; "))
}
