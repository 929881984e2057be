package firewall

import (
	"fmt"
	"slices"
	"strings"

	"github.com/plumbline-net/plumbline/framework/check"
	"github.com/plumbline-net/plumbline/framework/facts"
	"github.com/plumbline-net/plumbline/framework/figures"
)

// dropping is one rule or policy that dropped something, on every node where it did.
type dropping struct {
	place
	why     string
	verdict check.Verdict
	nodes   []string
	grown   []grew // in the order of nodes
}

func noted(list []*dropping, node string, g grew, why string, v check.Verdict) []*dropping {
	i := slices.IndexFunc(list, func(d *dropping) bool { return d.same(g.place) && d.why == why && d.verdict == v })
	if i < 0 {
		list, i = append(list, &dropping{place: g.place, why: why, verdict: v}), len(list)
	}
	list[i].nodes, list[i].grown = append(list[i].nodes, node), append(list[i].grown, g)
	return list
}

func (d *dropping) finding(s *facts.Snapshot) check.Finding {
	verb := "dropped"
	if d.reject {
		verb = "rejected"
	}
	text := d.text
	if d.position == 0 {
		text = "policy DROP"
	}
	counted := fmt.Sprintf("counter %d → %d", d.grown[0].before, d.grown[0].after)
	var packets uint64
	f := check.Finding{
		Subject: fmt.Sprintf("%s: %s", strings.Join(d.nodes, ", "), d.where()), Nodes: d.nodes, Verdict: d.verdict,
		Remedy: d.remedies(s), Plugin: d.owner.plugin.Word,
	}
	for i, g := range d.grown {
		packets += g.packets()
		f.Evidence = append(f.Evidence, check.Evidence{
			Node: d.nodes[i], Source: g.where(), Text: fmt.Sprintf("%s; counter %d → %d", text, g.before, g.after),
		})
	}
	if len(d.nodes) > 1 {
		counted = "by the counters of " + figures.Count(len(d.nodes), "node")
	}
	f.Says = fmt.Sprintf("%s %s %s while the probes ran (%s)%s: %s", d.where(), verb, figures.Count(int(packets), "packet"), counted, d.why, text)
	return f
}

func (d *dropping) remedies(s *facts.Snapshot) []check.Remedy {
	out := []check.Remedy{{Purpose: check.Find, Text: "See whether it still counts, and what it drops", Node: d.nodes[0], Command: d.count()}}
	if d.verdict != check.Fail {
		return out
	}
	for i, g := range d.grown[:min(mostRepaired, len(d.grown))] {
		out = append(out, g.remedy(s, d.nodes[i])...) // an nft rule's handle is another on each node
	}
	return out
}

// mostRepaired bounds the nodes for which one finding lists the steps.
const mostRepaired = 5

// count lists the rule with its counter.
func (p place) count() string {
	if p.tool == nftTool {
		return fmt.Sprintf("nft list chain %s %s %s", p.family, p.table, p.chain)
	}
	return fmt.Sprintf("%s -t %s -nvL %s --line-numbers", p.command(), p.table, p.chain)
}
