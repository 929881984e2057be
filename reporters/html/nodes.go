package html

import (
	"slices"
	"strings"

	"github.com/plumbline-net/plumbline/reporters/plain"
	"github.com/plumbline-net/plumbline/reporters/report"
)

type nodesView struct {
	// Common is what most nodes are.
	Common []fact
	// Odd nodes fail, differ or were not tested; Plain ones are as the others.
	Odd, Plain []nodeView
}

type nodeView struct {
	Name, Role, Addresses, PodCIDRs, Status, Why string
	Failing                                      int
	Differs                                      []fact
}

func newNodesView(r *report.Report) nodesView {
	v := nodesView{}
	traits := []struct {
		name string
		of   func(report.Node) string
	}{
		{"Kernel", func(n report.Node) string { return n.Kernel }},
		{"OS", func(n report.Node) string { return n.OS }},
		{"Kubelet", func(n report.Node) string { return n.Kubelet }},
		{"Runtime", func(n report.Node) string { return n.Runtime }},
	}
	common := map[string]string{}
	for _, t := range traits {
		value, ok := majority(r.Nodes, t.of)
		if ok && value != "" {
			v.Common = append(v.Common, fact{t.name, plain.Line(value)})
		}
		if ok {
			common[t.name] = value
		}
	}
	for _, n := range r.Nodes {
		view := nodeView{
			Name: plain.Line(n.Name), Role: words(n.Role, prefixed("zone ", n.Zone)), Addresses: plain.Line(strings.Join(n.Addresses, ", ")),
			PodCIDRs: plain.Line(strings.Join(n.PodCIDRs, ", ")), Status: plain.Line(n.Status), Why: plain.Line(n.Why), Failing: n.Failing,
		}
		for _, t := range traits {
			// Where no value is that of most nodes, each one is worth a look.
			if value, ok := common[t.name]; !ok || value != t.of(n) {
				view.Differs = append(view.Differs, fact{t.name, orUnknown(plain.Line(t.of(n)))})
			}
		}
		if view.Failing > 0 || len(view.Differs) > 0 || !n.Tested() {
			v.Odd = append(v.Odd, view)
		} else {
			v.Plain = append(v.Plain, view)
		}
	}
	slices.SortStableFunc(v.Odd, func(a, b nodeView) int { return b.Failing - a.Failing })
	return v
}

func orUnknown(s string) string {
	if s == "" {
		return "not known"
	}
	return s
}

// majority is the value that more than half of the nodes share; it may be empty (not known).
func majority(nodes []report.Node, of func(report.Node) string) (string, bool) {
	seen := map[string]int{}
	for _, n := range nodes {
		value := of(n)
		seen[value]++
		if 2*seen[value] > len(nodes) {
			return value, true
		}
	}
	return "", false
}
