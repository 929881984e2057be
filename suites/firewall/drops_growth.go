package firewall

import (
	"fmt"
	"strings"

	"github.com/plumbline-net/plumbline/framework/facts"
	"github.com/plumbline-net/plumbline/framework/netfilter"
)

// nftTool is the dump of native nft tables.
const nftTool = "nft"

// grew is a dropping rule or policy that counted something between the looks.
type grew struct {
	place
	before, after uint64
	hooks         []string // of the base chains from which its chain is reached
	stood         bool     // it was there at the first look, too
}

func (g grew) packets() uint64 { return g.after - g.before }

// tally is one place that drops, at one look.
type tally struct {
	place
	key   string
	count *netfilter.Counter
	hooks []string
}

// growth compares the counters of the first and the last look. Rules are known
// again by their text, so that others put before them change nothing; equal ones of a
// chain by their order. A rule that came in between has counted since it came.
func growth(s *facts.Snapshot, node string) (out []grew, blind int, missing string) {
	first, lacks := rulesAt(s, node, facts.First)
	if lacks != "" {
		return nil, 0, lacks
	}
	last, lacks := rulesAt(s, node, facts.Last)
	if lacks != "" {
		return nil, 0, lacks
	}
	before := map[string]tally{}
	for _, t := range tallies(&first) {
		before[t.key] = t
	}
	for _, t := range tallies(&last) {
		then, known := before[t.key]
		switch {
		case t.count == nil && t.tool != nftTool && t.position > 0:
			return nil, 0, fmt.Sprintf("the output of %s has no counters", t.tool)
		case t.count == nil || known && then.count == nil:
			if !t.owner.member { // kube-proxy's native rules count nothing, on every healthy node
				blind++
			}
			continue
		}
		g := grew{place: t.place, after: t.count.Packets, hooks: t.hooks}
		if g.stood = known; known {
			g.before = then.count.Packets
		}
		// A smaller figure means that the rule was written anew, and has counted from zero since.
		if g.after < g.before {
			g.before = 0
		}
		if g.after > g.before {
			out = append(out, g)
		}
	}
	return out, blind, ""
}

// tallies are all places of a ruleset that drop.
func tallies(rules *netfilter.Ruleset) []tally {
	hooks := hooksOf(rules)
	var out []tally
	seen := map[string]int{}
	add := func(c *netfilter.Chain, r *netfilter.Rule, count *netfilter.Counter) {
		t := tally{place: placeOf(netfilter.Stop{Chain: c, Rule: r}, rules), count: count, hooks: hooks[chainID(*c)]}
		key := strings.Join([]string{chainID(*c), t.text}, " ")
		seen[key]++
		t.key = fmt.Sprintf("%s #%d", key, seen[key])
		out = append(out, t)
	}
	for i := range rules.Chains {
		c := &rules.Chains[i]
		// iptables-nft has no counters of policies and prints zeros.
		if c.DropPolicy && c.Policy != nil && !strings.Contains(c.Tool, "-nft-") {
			add(c, nil, c.Policy)
		}
		for j := range c.Rules {
			if r := &c.Rules[j]; r.Target.Kind == netfilter.Drop {
				add(c, r, r.Count)
			}
		}
	}
	return out
}

func chainID(c netfilter.Chain) string {
	return strings.Join([]string{c.Tool, c.Family, c.Table, c.Name}, " ")
}

// hooksOf says for each chain from which hooks it is reached, by jumps over any number of chains.
func hooksOf(rules *netfilter.Ruleset) map[string][]string {
	byID := map[string]*netfilter.Chain{}
	for i := range rules.Chains {
		byID[chainID(rules.Chains[i])] = &rules.Chains[i]
	}
	out := map[string][]string{}
	for i := range rules.Chains {
		base := &rules.Chains[i]
		if base.Hook == "" {
			continue
		}
		visited, todo := map[string]bool{}, []string{base.Name}
		for len(todo) > 0 {
			id := chainID(netfilter.Chain{Tool: base.Tool, Family: base.Family, Table: base.Table, Name: todo[0]})
			todo = todo[1:]
			c := byID[id]
			if c == nil || visited[id] {
				continue
			}
			visited[id] = true
			out[id] = withWord(out[id], base.Hook)
			todo = append(todo, targets(c)...)
		}
	}
	return out
}

// targets are the chains that a chain leads to.
func targets(c *netfilter.Chain) []string {
	var out []string
	for _, r := range c.Rules {
		for _, t := range append([]netfilter.Target{r.Target}, r.Verdicts...) {
			if t.Kind == netfilter.Jump || t.Kind == netfilter.Goto {
				out = append(out, t.Name)
			}
		}
	}
	return out
}
