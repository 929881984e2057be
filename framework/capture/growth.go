package capture

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/plumbline-net/plumbline/framework/facts"
	"github.com/plumbline-net/plumbline/framework/netfilter"
)

// maxOthers bounds how many rules are told that only count or let pass: on a busy
// node most of them move.
const maxOthers = 60

// growth tells what moved between two looks: rules and policies that drop or
// reject, then counters of the kernel that count something amiss, then the other
// rules. A counter that became smaller was set back meanwhile (rules are loaded
// anew); what it holds now has all come since.
func growth(before, after facts.HostLook) []facts.Growth {
	old := map[string]int64{}
	for _, r := range countedRules(before.Firewall) {
		old[r.key] = r.packets
	}
	var drops, others []facts.Growth
	for _, r := range countedRules(after.Firewall) {
		// A rule that was not there before began at 0.
		g, moved := moved(r.what, old[r.key], r.packets)
		g.Text = r.text
		switch {
		case !moved:
		case r.drops:
			drops = append(drops, g)
		case len(others) < maxOthers:
			others = append(others, g)
		}
	}
	return slices.Concat(drops, movedCounters(before.Counters, after.Counters), others)
}

func moved(what string, before, after int64) (facts.Growth, bool) {
	if after < before {
		before = 0
	}
	return facts.Growth{What: what, Before: before, After: after}, after > before
}

// countedRule is a rule, or a policy that drops, with its counter.
type countedRule struct {
	key, what, text string
	drops           bool
	packets         int64
}

// countedRules are in the order of the dumps. What a dump holds that is not
// understood is told by the checks of the firewall; here it does not count.
func countedRules(dumps []facts.Dump) []countedRule {
	rules, _ := netfilter.Load(dumps)
	var out []countedRule
	for _, c := range rules.Chains {
		seen := map[string]int{}
		for _, r := range c.Rules {
			seen[r.Text]++
			if r.Count == nil {
				continue
			}
			key := fmt.Sprintf("%s: %q, time %d", place(c), r.Text, seen[r.Text])
			if r.Handle != 0 {
				key = fmt.Sprintf("%s: handle %d", place(c), r.Handle)
			}
			out = append(out, countedRule{
				key: c.Family + " " + key, what: fmt.Sprintf("%s, rule %d", place(c), r.Position), text: r.Text,
				drops: r.Target.Kind == netfilter.Drop, packets: int64(r.Count.Packets),
			})
		}
		if c.DropPolicy && c.Policy != nil {
			what := place(c) + ", policy"
			out = append(out, countedRule{key: c.Family + " " + what, what: what, text: "policy drop", drops: true, packets: int64(c.Policy.Packets)})
		}
	}
	return out
}

// place is where rules stand: "iptables-nft-save, table filter, chain FORWARD".
// A table of nft's has its family with it, as in nft's own commands.
func place(c netfilter.Chain) string {
	table := c.Table
	if c.Tool == "nft" {
		table = c.Family + " " + table
	}
	return fmt.Sprintf("%s, table %s, chain %s", c.Tool, table, c.Name)
}

// movedCounters are the counters that tell of something amiss, by name.
func movedCounters(before, after map[string]int64) []facts.Growth {
	var out []facts.Growth
	for name, now := range after {
		was, had := before[name]
		if !had || !amiss(name) {
			continue
		}
		if g, moved := moved(name, was, now); moved {
			out = append(out, g)
		}
	}
	slices.SortFunc(out, func(a, b facts.Growth) int { return cmp.Compare(a.What, b.What) })
	return out
}

// amiss: a counter of packets that were lost, refused or not understood. Most
// others move on every node all the time (Documentation/networking/snmp_counter.rst).
func amiss(name string) bool {
	group, last := name, name
	if i := strings.LastIndexByte(name, '.'); i >= 0 {
		group, last = name[:i], name[i+1:]
	}
	if group == "conntrack" {
		return slices.Contains([]string{"invalid", "insert_failed", "drop", "early_drop", "icmp_error", "clashres"}, last)
	}
	word := strings.ToLower(last)
	if strings.HasPrefix(word, "tcpdsack") || strings.HasPrefix(word, "tcpsack") {
		return false
	}
	return slices.ContainsFunc([]string{
		"err", "drop", "discard", "overflow", "noroute", "noport", "reversepathfilter", "arpfilter", "truncated", "unknownproto",
		"fragfails", "reasmfails", "reasmtimeout", "toobig", "timeexcds", "destunreachs", "pruned", "rcvcollapsed", "paws", "table_full", "carrier_changes",
	}, func(part string) bool { return strings.Contains(word, part) })
}

// unread says which counters could not be read both times; empty is none.
func unread(looks ...facts.HostLook) string {
	var out []string
	for _, h := range looks {
		for _, d := range h.Firewall {
			if d.NotRun != "" {
				out = append(out, d.Tool+": "+d.NotRun)
			}
		}
		_, errs := netfilter.Load(h.Firewall)
		for _, e := range slices.Concat(errs, h.Errors) {
			out = append(out, e.What+": "+e.Says)
		}
	}
	slices.Sort(out)
	return strings.Join(slices.Compact(out), "; ")
}
