package path

import (
	"fmt"
	"slices"
	"strings"
)

// explain adds what accounts for a gap, the surest first: the outer addresses, where the
// packet came at least to the wire; the kernel's own word; a rule's counter; an
// ICMP error; another counter; and what the configuration says.
func (b *builder) explain(v *Verdict, p *Path) {
	v.Blames = v.Place
	reasons, blamed := b.outer(p)
	if blamed.Stage != "" {
		v.Because, v.Blames = reasons, blamed
	}
	nodes := []string{v.FirstMissing.Node}
	if v.LastSeen != nil && v.LastSeen.Node != v.FirstMissing.Node {
		nodes = []string{v.FirstMissing.Node, v.LastSeen.Node}
	}
	way := v.Direction
	if v.Outcome == Unanswered {
		way = ""
	}
	for _, n := range nodes {
		v.Because = append(v.Because, b.evidence(n, way)...)
	}
	slices.SortStableFunc(v.Because, func(x, y Reason) int { return rank(x) + misfit(x, v.Place) - rank(y) - misfit(y, v.Place) })
	b.further(v, nodes, way)
}

// further puts what the configuration and ICMP errors say behind the kernel's and
// the rules' words, and before other counters.
func (b *builder) further(v *Verdict, nodes []string, way Direction) {
	sure := slices.IndexFunc(v.Because, func(r Reason) bool { return r.Source == "counter" })
	if sure < 0 {
		sure = len(v.Because)
	}
	var told, own []Reason
	for _, e := range b.errors() {
		r := Reason{Node: b.nodeOf(e.from), Source: "capture", Text: b.cameBack(e)}
		switch {
		case way != "" && b.about(e) != way:
		case e.from == e.to:
			own = append(own, r)
		default:
			told = append(told, r)
		}
	}
	more := slices.Concat(told, nearby(b.configured(), way, nodes), own)
	v.Because = slices.Insert(v.Because, sure, more...)
}

func rank(r Reason) int {
	return slices.Index([]string{"capture", "kernel", "rule", "counter"}, r.Source)
}

// misfit puts a rule of a chain that the packet does not meet there behind the
// others: it may have counted something else.
func misfit(r Reason, p Place) int {
	chain, _, _ := strings.Cut(r.Text, " ")
	_, part, _ := strings.Cut(strings.TrimPrefix(string(p.Stage), answering), "-")
	var others []string
	switch part {
	case "host", "bridge":
		others = []string{"INPUT", "OUTPUT"}
	case "tunnel", "pod":
		others = []string{"FORWARD"}
	}
	switch {
	case r.Source == "kernel" && strings.Contains(r.Text, " of an ICMP error"):
		return 10
	case r.Source != "rule":
	case strings.Contains(r.Text, noEndpoints):
		return -10
	case slices.Contains(others, chain):
		return 10
	}
	return 0
}

// evidence is what a node says that it dropped.
func (b *builder) evidence(node string, way Direction) []Reason {
	w := b.host(node).watch
	if w == nil {
		return nil
	}
	out := b.kernelSays(node, w.Drops, way)
	for _, g := range w.Growth {
		by := g.After - g.Before
		switch {
		case by <= 0:
		case refuses(g.Text):
			r := Reason{Node: node, Source: "rule", Text: fmt.Sprintf("%s counted %d", ruleName(g), by)}
			if !strings.HasSuffix(g.What, ", policy") {
				r.Rule = g.Text
			}
			out = append(out, r)
		case g.Text == "" && isLoss(g.What) && !strings.HasPrefix(g.What, "iface."):
			out = append(out, Reason{Node: node, Source: "counter", Text: fmt.Sprintf("meanwhile %s's counter %s grew by %d", node, g.What, by)})
		}
	}
	slices.SortStableFunc(out, func(x, y Reason) int { return rank(x) - rank(y) })
	return out
}

func times(n int) string {
	switch n {
	case 1:
		return "once"
	case 2:
		return "twice"
	}
	return fmt.Sprintf("%d times", n)
}

// isLoss picks the counters that tell of packets that were thrown away, by the
// kernel's own names (Documentation/networking/snmp_counter.rst, proc_net).
func isLoss(name string) bool {
	for _, word := range []string{
		"drop", "Drop", "Discard", "Errors", "errors", "ReversePathFilter", "NoRoutes", "NoPorts",
		"overflow", "Overflow", "insert_failed", "table_full", "FragFails", "missed", "invalid", "InErrs", "Truncated",
	} {
		if strings.Contains(name, word) {
			return true
		}
	}
	return false
}
