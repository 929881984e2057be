package service

import (
	"fmt"
	"slices"
	"strings"

	"github.com/plumbline-net/plumbline/framework/check"
	"github.com/plumbline-net/plumbline/framework/figures"
	"github.com/plumbline-net/plumbline/suites/remedies"
)

// group are gaps that were seen at the same looks.
type group struct {
	when, after string
	gaps        []gap
}

// assemble sorts the gaps by when they were seen. An endpoint too many or too few of
// a Service that existed before counts only if both looks show it: pods come and go,
// and the Services were listed once.
func assemble(first, last, ours []gap, both bool) []group {
	always := group{when: "at both looks"}
	healed := group{when: "at the first look", after: "; at the last look it was right: creating our own Services let kube-proxy write it"}
	lost := group{when: "at the last look"}
	for _, g := range first {
		switch {
		case slices.Contains(last, g):
			always.gaps = append(always.gaps, g)
		case !g.partial:
			healed.gaps = append(healed.gaps, g)
		}
	}
	if !both {
		healed.after = ""
	}
	for _, g := range last {
		if !slices.Contains(first, g) && !g.partial {
			lost.gaps = append(lost.gaps, g)
		}
	}
	for _, g := range ours {
		if !slices.Contains(always.gaps, g) && !slices.Contains(lost.gaps, g) {
			lost.gaps = append(lost.gaps, g)
		}
	}
	return slices.DeleteFunc([]group{always, healed, lost}, func(g group) bool { return len(g.gaps) == 0 })
}

func (w *planeWalk) broken(report []group) check.Finding {
	node := w.node.Name
	f := check.Finding{Subject: node, Nodes: []string{node}, Verdict: check.Fail}
	var says []string
	for _, g := range report {
		one := g.gaps[0].text
		if more := len(g.gaps) - 1; more > 0 {
			one += fmt.Sprintf(", and %s", figures.Count(more, "further link")) + " wrong or missing"
		}
		says = append(says, one+", "+g.when+g.after)
		for i, p := range g.gaps {
			const shown = 8
			if i == shown {
				f.Evidence = append(f.Evidence, check.Evidence{Node: node, Source: "data plane " + g.when, Text: fmt.Sprintf("and %d more", len(g.gaps)-shown)})
				break
			}
			f.Evidence = append(f.Evidence, check.Evidence{Node: node, Source: "data plane " + g.when, Text: p.text})
		}
	}
	f.Says = strings.Join(says, "; ")
	f.Remedy = append(dataPlane(w.snapshot, node, report[0].gaps[0].addr), remedies.Again("service/programmed"))
	return f
}

func hasAnyPrefix(s string, prefixes ...string) bool {
	return slices.ContainsFunc(prefixes, func(p string) bool { return strings.HasPrefix(s, p) })
}
