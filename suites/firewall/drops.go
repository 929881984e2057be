package firewall

import (
	_ "embed" // the explanation page
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/plumbline-net/plumbline/framework/check"
	"github.com/plumbline-net/plumbline/framework/facts"
	"github.com/plumbline-net/plumbline/framework/figures"
)

//go:embed drops.md
var dropsDoc string

// Drops promises that no dropping rule counts anything while the probes are under way.
func Drops() check.Check {
	return check.Check{
		ID:       "firewall/drops",
		Promise:  "No rule or policy that drops or rejects packets counts any while the probes run.",
		Level:    check.Core,
		Needs:    []check.Need{check.NeedHostRead},
		Looks:    []facts.Look{facts.First, facts.Last},
		Doc:      dropsDoc,
		Evaluate: drops,
	}
}

func drops(s *facts.Snapshot) check.Result {
	nodes := s.Selected()
	if len(nodes) == 0 {
		return check.Unknownf("no node was looked at")
	}
	var findings []check.Finding
	aside, uncounted := map[string]int{}, 0
	for _, n := range nodes {
		grown, blind, missing := growth(s, n.Name)
		if missing != "" {
			findings = merged(findings, check.Finding{
				Subject: n.Name, Nodes: []string{n.Name}, Verdict: check.Unknown, Says: "what its rules dropped is not known: " + missing,
			})
		}
		if blind > 0 {
			uncounted++
		}
		for _, g := range grown {
			why, verdict := weigh(s, n, g)
			if verdict == check.Pass {
				aside[why] += int(g.packets())
				continue
			}
			findings = append(findings, g.finding(n.Name, why, verdict))
		}
	}
	held := fmt.Sprintf("on %d of %s no rule dropped anything while the probes ran", check.Clean(nodes, findings), figures.Count(len(nodes), "node"))
	for _, why := range slices.Sorted(maps.Keys(aside)) {
		held += fmt.Sprintf("; set aside: %s %s", figures.Count(aside[why], "packet"), why)
	}
	if uncounted > 0 {
		held += fmt.Sprintf("; on %d of them some native nft rules that drop have no counter", uncounted)
	}
	return check.Conclude(held, findings)
}

func (g grew) finding(node, why string, verdict check.Verdict) check.Finding {
	verb := "dropped"
	if g.reject {
		verb = "rejected"
	}
	text := g.text
	if g.position == 0 {
		text = "policy DROP"
	}
	return check.Finding{
		Subject: fmt.Sprintf("%s: %s", node, g.where()), Nodes: []string{node}, Verdict: verdict,
		Says: fmt.Sprintf("%s %s %s while the probes ran (counter %d → %d)%s: %s", g.where(), verb, figures.Count(int(g.packets()), "packet"), g.before, g.after, why, text),
		Evidence: []check.Evidence{{
			Node: node, Source: g.where(), Text: fmt.Sprintf("%s; counter %d → %d", text, g.before, g.after),
		}},
		Remedy: g.remedies(node, verdict),
	}
}

func (g grew) remedies(node string, verdict check.Verdict) []check.Remedy {
	watch := check.Remedy{Text: "See whether it still counts, and what it drops", Node: node, Command: g.count()}
	if verdict != check.Fail {
		return []check.Remedy{watch}
	}
	return append([]check.Remedy{watch}, (&stopped{place: g.place}).remedy(node)...)
}

// count lists the rule with its counter.
func (g grew) count() string {
	if g.tool == nftTool {
		return fmt.Sprintf("nft list chain %s %s %s", g.family, g.table, g.chain)
	}
	return fmt.Sprintf("%s -t %s -nvL %s --line-numbers", strings.TrimSuffix(g.tool, "-save"), g.table, g.chain)
}
