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
	"github.com/plumbline-net/plumbline/framework/netfilter"
	"github.com/plumbline-net/plumbline/suites/remedies"
)

//go:embed chains.md
var chainsDoc string

// Chains promises that nobody else filters packets on the nodes.
func Chains() check.Check {
	return check.Check{
		ID:       "firewall/chains",
		Promise:  "Every firewall chain belongs to Kubernetes, the network plugin or the container runtime.",
		Level:    check.Extended,
		Needs:    []check.Need{check.NeedHostRead},
		Looks:    []facts.Look{facts.First},
		Doc:      chainsDoc,
		Evaluate: chains,
	}
}

// strangers are one owner's chains, by node; the owner "" is nobody known.
type strangers map[string][]string

func chains(s *facts.Snapshot) check.Result {
	nodes := s.Selected()
	if len(nodes) == 0 {
		return check.Unknownf("no node was looked at")
	}
	found := map[string]strangers{}
	var findings []check.Finding
	for _, n := range nodes {
		rules, missing := rulesAt(s, n.Name, facts.First)
		if missing != "" {
			findings = append(findings, check.Finding{
				Subject: n.Name, Nodes: []string{n.Name}, Verdict: check.Unknown, Says: "its chains are not known: " + missing,
			})
			continue
		}
		for name, list := range strangersOf(rules) {
			if found[name] == nil {
				found[name] = strangers{}
			}
			found[name][n.Name] = list
		}
	}
	for _, name := range slices.Sorted(maps.Keys(found)) {
		findings = append(findings, strangerFinding(name, found[name]))
	}
	return check.Conclude(fmt.Sprintf("%d of %d nodes have no chain of anybody else", len(nodes)-withStrangers(nodes, findings), len(nodes)), findings)
}

// withStrangers counts the nodes that any finding names.
func withStrangers(nodes []facts.Node, findings []check.Finding) int {
	named := 0
	for _, n := range nodes {
		if slices.ContainsFunc(findings, func(f check.Finding) bool { return slices.Contains(f.Nodes, n.Name) }) {
			named++
		}
	}
	return named
}

// strangersOf gives the chains that no part of the cluster owns, by owner.
func strangersOf(rules netfilter.Ruleset) map[string][]string {
	out := map[string][]string{}
	for _, c := range rules.Chains {
		if ignored(c) {
			continue
		}
		o, known := ownerOf(c)
		if known && o.member {
			continue
		}
		name := c.Table + "/" + c.Name
		if native(c) {
			name = "nft " + c.Family + " " + c.Table + "/" + c.Name
		}
		out[o.name] = append(out[o.name], name)
	}
	for name := range out {
		slices.Sort(out[name])
		out[name] = slices.Compact(out[name])
	}
	return out
}

// ignored: iptables' own chains, and native base chains that do nothing.
func ignored(c netfilter.Chain) bool {
	if !native(c) {
		return c.Hook != ""
	}
	return len(c.Rules) == 0 && !c.DropPolicy
}

func strangerFinding(name string, on strangers) check.Finding {
	f := check.Finding{Verdict: check.Warn, Nodes: slices.Sorted(maps.Keys(on))}
	what := name + "'s"
	f.Subject = what + " chains"
	if name == "" {
		what, f.Subject = "unknown", "unknown chains"
	}
	f.Says = fmt.Sprintf("%s chains on %s: their rules act on the cluster's packets too", what, figures.Count(len(f.Nodes), "node"))
	for _, node := range f.Nodes {
		f.Evidence = append(f.Evidence, check.Evidence{Node: node, Source: "firewall chains", Text: few(on[node])})
	}
	f.Remedy = strangerRemedy(name, f.Nodes[0])
	return f
}

func strangerRemedy(name, node string) []check.Remedy {
	again := remedies.Again("firewall/chains")
	look := check.Remedy{
		Purpose: check.Find,
		Text:    "Look at what the rules do with forwarded packets; firewall/forward says which of them stop any", Node: node,
		Command: "iptables -S; nft list ruleset",
	}
	for _, o := range owners() {
		if o.name == name && o.stop != "" {
			return []check.Remedy{
				look,
				{Text: "Where the nodes need no firewall of their own, switch it off on each of them; otherwise let it pass what the cluster needs", Node: node, Command: o.stop},
				again,
			}
		}
	}
	return []check.Remedy{look, again}
}

// few names the first chains and says how many more there are.
func few(list []string) string {
	const shown = 8
	if len(list) <= shown {
		return strings.Join(list, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(list[:shown], ", "), len(list)-shown)
}
