package firewall

import (
	_ "embed" // the explanation page
	"fmt"
	"slices"
	"strings"

	"github.com/plumbline-net/plumbline/framework/check"
	"github.com/plumbline-net/plumbline/framework/facts"
	"github.com/plumbline-net/plumbline/framework/figures"
	"github.com/plumbline-net/plumbline/framework/netfilter"
)

//go:embed backends.md
var backendsDoc string

// Backends promises that one back end of iptables holds all the rules of a node.
func Backends() check.Check {
	return check.Check{
		ID:       "firewall/backends",
		Promise:  "The two back ends of iptables, legacy and nft, do not both hold rules.",
		Level:    check.Core,
		Needs:    []check.Need{check.NeedHostRead},
		Looks:    []facts.Look{facts.First, facts.Last},
		Doc:      backendsDoc,
		Evaluate: backends,
	}
}

// held is what one back end holds: rules and policies that drop, by table.
type held struct {
	rules  int
	tables []string
	kube   bool // kube-proxy's chains are among them
}

func backends(s *facts.Snapshot) check.Result {
	nodes := s.Selected()
	if len(nodes) == 0 {
		return check.Unknownf("no node was looked at")
	}
	var findings []check.Finding
	for _, n := range nodes {
		f, missing := mixedAt(s, n.Name)
		switch {
		case f != nil:
			findings = merged(findings, *f)
		case missing != "":
			findings = merged(findings, check.Finding{
				Subject: n.Name, Nodes: []string{n.Name}, Verdict: check.Unknown, Says: "its rules are not known: " + missing,
			})
		}
	}
	return check.Conclude(fmt.Sprintf("on %d of %s one back end holds all iptables rules", check.Clean(nodes, findings), figures.Count(len(nodes), "node")), findings)
}

// mixedAt judges both looks; the last one with both back ends speaks for the node.
func mixedAt(s *facts.Snapshot, node string) (found *check.Finding, missing string) {
	for _, look := range []facts.Look{facts.First, facts.Last} {
		rules, lacks := rulesAt(s, node, look)
		if lacks != "" {
			missing = lacks
			continue
		}
		legacy, nft := holdings(rules, "legacy"), holdings(rules, "nft")
		if legacy.rules > 0 && nft.rules > 0 {
			f := mixed(node, legacy, nft)
			found = &f
		}
	}
	return found, missing
}

// hints are chains that only say which back end is in use; nobody sends packets there.
var hints = []string{"KUBE-IPTABLES-HINT", "KUBE-KUBELET-CANARY", "KUBE-PROXY-CANARY"}

func holdings(rules netfilter.Ruleset, backend string) held {
	var h held
	for _, c := range rules.Chains {
		if !strings.Contains(c.Tool, "-"+backend+"-") || slices.Contains(hints, c.Name) {
			continue
		}
		n := len(c.Rules)
		if c.DropPolicy {
			n++
		}
		h.rules += n
		if n > 0 {
			h.tables = withWord(h.tables, c.Table)
		}
		h.kube = h.kube || c.Name == "KUBE-SERVICES" && n > 0
	}
	slices.Sort(h.tables)
	return h
}
