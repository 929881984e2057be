package firewall

import (
	_ "embed" // the explanation page
	"fmt"
	"maps"
	"slices"

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
	var places []*dropping
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
			places = noted(places, n.Name, g, why, verdict)
		}
	}
	for _, d := range places {
		findings = append(findings, d.finding(s))
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
