package diagnose

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/plumbline-net/plumbline/framework/check"
)

// placeOfRule reads table and chain out of the place of a rule: "nft table inet
// site, chain guard, rule 1" and "nft, table lossy, chain in, rule 1".
var placeOfRule = regexp.MustCompile(`table (?:\S+ )?(\S+), chain (\S+?)(?:,|$)`)

// ownsChains says whether a finding about chains that nobody is known to own means
// those, and only those, in which a claim has found the rule that does the harm.
func ownsChains(cl claim, id string, f check.Finding) bool {
	if id != firewallChains || f.Verdict == check.Unknown || !sameNodes(f, cl.nodes) || len(f.Evidence) == 0 {
		return false
	}
	var own []string
	for _, e := range cl.evidence {
		if m := placeOfRule.FindStringSubmatch(e.Source); m != nil {
			own = append(own, e.Node+" "+m[1]+"/"+m[2])
		}
	}
	return !slices.ContainsFunc(f.Evidence, func(e check.Evidence) bool {
		return slices.ContainsFunc(strings.Split(e.Text, ", "), func(chain string) bool {
			words := strings.Fields(chain)
			return len(words) == 0 || !slices.Contains(own, e.Node+" "+words[len(words)-1])
		})
	})
}

// bySize matches rules that drop by the length of a packet (nft(8), meta and ip
// length; iptables-extensions(8), length).
var bySize = regexp.MustCompile(`(\b(ip6? |meta )length\b|-m length\b).*(\bdrop\b|-j DROP\b)`)

// bySizeRule turns what only the shape of large packets tells into what a rule on
// the node does, where there is one that drops by length.
func (in *input) bySizeRule(id string, c claim) claim {
	if id != "path-mtu" && id != "large-packets-lost" {
		return c
	}
	rules := in.rulesLike(c.nodes, bySize.MatchString)
	if len(rules) == 0 {
		return c
	}
	r := rules[0]
	c.open, c.grounds = false, "the rule was read on the host, and the sizes that are lost are those it drops"
	c.says = fmt.Sprintf("%s; on %s a rule drops packets by their length: %s: %s", c.says, r.node, r.place(), r.rule.Text)
	return c.withRules(rules, "Take away the rule that drops packets by their length")
}

// withRules puts rules before what else a claim has seen, and their removal before
// the check that it is repaired; what would only find them is not needed any more.
func (c claim) withRules(rules []dropRule, undo string) claim {
	var evidence []check.Evidence
	var steps []check.Remedy
	for _, r := range rules {
		evidence = append(evidence, check.Evidence{Node: r.node, Source: r.place(), Text: r.rule.Text})
		steps = append(steps, check.Remedy{Text: undo, Node: r.node, Command: r.undo()})
	}
	steps = append(steps, check.Remedy{Purpose: check.Last, Text: "Find out what made the rule (a firewall service, a security agent, a script), or it comes back"})
	c.evidence = append(evidence, c.evidence...)
	c.remedy = append(steps, slices.DeleteFunc(slices.Clone(c.remedy), func(m check.Remedy) bool { return m.Purpose != check.Verify })...)
	return c
}
