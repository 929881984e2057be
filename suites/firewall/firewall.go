// Package firewall holds the promises about each node's packet filters.
package firewall

import (
	"fmt"
	"slices"

	"github.com/plumbline-net/plumbline/framework/check"
	"github.com/plumbline-net/plumbline/framework/facts"
	"github.com/plumbline-net/plumbline/framework/netfilter"
)

// All are the checks of this area, in the catalogue's order.
func All() []check.Check {
	return []check.Check{Chains(), Forward(), Input(), Drops(), Backends(), Masquerade(), Services(), SecuritySoftware()}
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
	seen := map[string]bool{}
	for _, d := range h.Firewall {
		if d.NotRun != "" && wanted(s, familyOf(d.Tool)) {
			return rules, fmt.Sprintf("%s at the %s look: %s", d.Tool, look, d.NotRun)
		}
		seen[d.Tool] = true
	}
	for _, tool := range []string{"iptables-nft-save", "nft"} {
		if !seen[tool] {
			return rules, fmt.Sprintf("the %s look has no output of %s", look, tool)
		}
	}
	all, errs := netfilter.Load(h.Firewall)
	if len(errs) > 0 {
		return rules, errs[0].Says
	}
	for _, c := range all.Chains {
		if wanted(s, familyOf(c.Family)) {
			rules.Chains = append(rules.Chains, c)
		}
	}
	return rules, ""
}

// familyOf is the one address family that a tool or a table is for; empty where it is for both.
func familyOf(name string) facts.Family {
	switch name {
	case "ip", "iptables-nft-save", "iptables-legacy-save":
		return facts.IPv4
	case "ip6", "ip6tables-nft-save", "ip6tables-legacy-save":
		return facts.IPv6
	default:
		return ""
	}
}

// wanted: what belongs to a family that the cluster does not use stops none of its packets.
func wanted(s *facts.Snapshot, f facts.Family) bool {
	return f == "" || slices.Contains(s.Cluster.Families, f)
}
