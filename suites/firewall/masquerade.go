package firewall

import (
	_ "embed" // the explanation page
	"fmt"
	"strings"

	"github.com/plumbline-net/plumbline/framework/check"
	"github.com/plumbline-net/plumbline/framework/cni"
	"github.com/plumbline-net/plumbline/framework/facts"
	"github.com/plumbline-net/plumbline/framework/figures"
	"github.com/plumbline-net/plumbline/framework/netfilter"
	"github.com/plumbline-net/plumbline/suites/remedies"
)

//go:embed masquerade.md
var masqueradeDoc string

// Masquerade promises that no rule gives packets between pods another source.
func Masquerade() check.Check {
	return check.Check{
		ID:       "firewall/masquerade",
		Promise:  "No rule rewrites the source of packets between pods, and no other network plugin's rules are left.",
		Level:    check.Core,
		Needs:    []check.Need{check.NeedHostRead},
		Looks:    []facts.Look{facts.First, facts.Last},
		Doc:      masqueradeDoc,
		Evaluate: masquerade,
	}
}

func masquerade(s *facts.Snapshot) check.Result {
	nodes := s.Selected()
	if len(nodes) == 0 {
		return check.Unknownf("no node was looked at")
	}
	var findings []check.Finding
	walked, possible, ranges := 0, 0, rangesOf(s)
	for _, n := range nodes {
		w := nodeWalk{snapshot: s, node: n, ranges: ranges, exact: true, follow: (*netfilter.Ruleset).Masqueraded}
		for _, look := range []facts.Look{facts.First, facts.Last} {
			w.walk(look)
		}
		for _, stop := range w.stops {
			findings = merged(findings, w.rewriting(stop))
		}
		if len(w.stops) == 0 && w.possible > 0 {
			possible++
		}
		if len(w.unknown) > 0 {
			findings = merged(findings, check.Finding{
				Subject: n.Name, Nodes: []string{n.Name}, Verdict: check.Unknown, Says: "not all of its rules could be followed: " + w.unknown[0],
			})
		}
		for _, f := range foreign(s, n.Name) {
			findings = merged(findings, f)
		}
		walked += w.packets
	}
	if walked == 0 && len(findings) == 0 {
		return check.Unknownf("no node's pod addresses are known, so no packet could be followed")
	}
	held := fmt.Sprintf("on %d of %s packets between pods keep their source", check.Clean(nodes, findings), figures.Count(len(nodes), "node"))
	if possible > 0 {
		held += fmt.Sprintf("; on %d of them rules that depend on a set, a port or a single address may rewrite some", possible)
	}
	return check.Conclude(held, findings)
}

func (w *nodeWalk) rewriting(s *stopped) check.Finding {
	node := w.node.Name
	remedy := s.remedy(w.snapshot, node)
	if s.owner.member {
		remedy[0].Text = fmt.Sprintf("The chain is %s's own: give it the cluster's real pod range%s, and look whether it is left over from an earlier cluster", s.owner.name, remedies.In(s.owner.rangeAt()))
	}
	f := check.Finding{
		Subject: fmt.Sprintf("%s: %s", node, s.where()), Nodes: []string{node}, Verdict: check.Fail,
		Says: fmt.Sprintf("%s gives packets between pods, %s, the node's address as source%s, so network policies and logs see the wrong sender: %s",
			s.where(), s.direction(len(w.snapshot.Nodes)-1), s.when(), s.text),
		Evidence: []check.Evidence{{Node: node, Source: s.where(), Text: s.text}},
		Remedy:   remedy,
	}
	if o, idle := s.actsNot(w.snapshot, s.place, s.looks, keepsSource); idle {
		f.Verdict, f.Remedy = check.Warn, s.harmless(node)
		f.Says += "; " + o.says("kept their source")
	}
	return f
}

// foreign are rules of network plugins other than the cluster's, at the last look that shows them.
func foreign(s *facts.Snapshot, node string) []check.Finding {
	own := cni.Of(s)
	if !own.Known() {
		return nil // whose rules are the others' cannot be told
	}
	left := map[string][]string{}
	for _, look := range []facts.Look{facts.First, facts.Last} {
		rules, missing := rulesAt(s, node, look)
		if missing != "" {
			continue
		}
		for _, c := range rules.Chains {
			o, known := ownerOf(c)
			if known && o.plugin.Known() && !o.plugin.Beside && len(c.Rules) > 0 && !own.Is(o.plugin.Word) {
				left[o.name] = withWord(left[o.name], c.Table+"/"+c.Name)
			}
		}
	}
	var out []check.Finding
	for _, o := range owners() {
		if len(left[o.name]) == 0 {
			continue
		}
		out = append(out, check.Finding{
			Subject: node, Nodes: []string{node}, Verdict: check.Warn,
			Says:     fmt.Sprintf("rules of %s are left, while the cluster's network plugin is %s", o.name, own.Name()),
			Evidence: []check.Evidence{{Node: node, Source: "firewall chains", Text: few(left[o.name])}},
			Remedy: []check.Remedy{
				{Purpose: check.Find, Text: "See what they do", Node: node, Command: fmt.Sprintf("iptables-save | grep -e '%s'; nft list ruleset | grep -e '%[1]s'", strings.TrimSuffix(pattern(o), "*"))},
				{Text: "If no pod of that plugin runs any more, nobody needs them: they are gone after the node's next start, which is surer than to delete chain by chain"},
				{Purpose: check.Verify, Text: "Check after that: this must print 0", Node: node, Command: fmt.Sprintf("(iptables-save; nft list ruleset) | grep -c -e '%s'", strings.TrimSuffix(pattern(o), "*"))},
			},
		})
	}
	return out
}

func pattern(o owner) string {
	if len(o.chains) > 0 {
		return o.chains[0]
	}
	return o.name
}
