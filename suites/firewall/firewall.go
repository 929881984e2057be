// Package firewall holds the promises about each node's packet filters.
package firewall

import (
	"fmt"

	"github.com/plumbline-net/plumbline/framework/check"
	"github.com/plumbline-net/plumbline/framework/facts"
	"github.com/plumbline-net/plumbline/framework/netfilter"
)

// All are the checks of this area, in the catalogue's order.
func All() []check.Check {
	return []check.Check{Chains(), Forward()}
}

// rulesAt reads a node's rules at one look. missing says what could not be
// read: a rule that nobody saw may be the one that drops.
func rulesAt(s *facts.Snapshot, node string, look facts.Look) (rules netfilter.Ruleset, missing string) {
	h := s.Host(node, look)
	switch {
	case h == nil:
		return rules, fmt.Sprintf("there was no %s look at the host", look)
	case h.NotRun != "":
		return rules, fmt.Sprintf("no %s look at the host: %s", look, h.NotRun)
	}
	var dumps []facts.Dump
	seen := map[string]bool{}
	for _, d := range h.Firewall {
		if !wantedTool(s, d.Tool) {
			continue
		}
		if d.NotRun != "" {
			return rules, fmt.Sprintf("%s at the %s look: %s", d.Tool, look, d.NotRun)
		}
		seen[d.Tool] = true
		dumps = append(dumps, d)
	}
	for _, tool := range []string{"iptables-nft-save", "nft"} {
		if !seen[tool] {
			return rules, fmt.Sprintf("the %s look has no output of %s", look, tool)
		}
	}
	rules, errs := netfilter.Load(dumps)
	if len(errs) > 0 {
		return rules, errs[0].Says
	}
	return rules, ""
}

// wantedTool leaves out the tools of a family that the cluster does not use.
func wantedTool(s *facts.Snapshot, tool string) bool {
	family := facts.IPv4
	switch tool {
	case "nft":
		return true
	case "ip6tables-nft-save", "ip6tables-legacy-save":
		family = facts.IPv6
	}
	for _, f := range s.Cluster.Families {
		if f == family {
			return true
		}
	}
	return false
}
