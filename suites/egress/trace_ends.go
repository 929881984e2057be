package egress

import (
	"fmt"
	"slices"
	"strings"

	"github.com/plumbline-net/plumbline/framework/check"
	"github.com/plumbline-net/plumbline/suites/remedies"
)

// mostTables is how many walked ways a finding shows.
const mostTables = 2

// findings are one for every target and place where ways to it end, and one for
// every target whose way was not walked.
func (w *walks) findings() []check.Finding {
	var out []check.Finding
	for _, g := range w.groups {
		f := g.finding(check.Fail)
		first := g.ways[0]
		f.Says = fmt.Sprintf("the way to %s from %s is not open: %s%s", first.target(), g.senders(), g.end, first.loss())
		if g.mild {
			f.Verdict = check.Warn
			f.Says = fmt.Sprintf("%s answers, but the way to its address %s from %s is not open: %s%s", name(first.to), first.addr, g.senders(), g.end, first.loss())
		}
		for _, o := range g.ways[:min(mostTables, len(g.ways))] {
			f.Evidence = append(f.Evidence, check.Evidence{
				Node: o.from.Node, Source: fmt.Sprintf("TCP with growing TTL, %s → %s (times in ms)", o.from, o.target()), Text: o.table(),
			})
		}
		f.Remedy = first.remedy()
		out = append(out, f)
	}
	for _, g := range w.lost {
		f := g.finding(check.Unknown)
		f.Says = fmt.Sprintf("the way to %s from %s failed and was not walked, so where it ends is not known", name(g.ways[0].to), g.senders())
		out = append(out, f)
	}
	return out
}

func (g walkGroup) finding(v check.Verdict) check.Finding {
	f := check.Finding{Subject: name(g.ways[0].to), Nodes: []string{}, Verdict: v}
	for _, o := range g.ways {
		f.Pairs = append(f.Pairs, o.pair())
		if o.from.Node != "" {
			f.Nodes = append(f.Nodes, o.from.Node)
		}
	}
	slices.Sort(f.Nodes)
	f.Nodes = slices.Compact(f.Nodes)
	return f
}

// senders are the places from which the ways of a group begin, in words.
func (g walkGroup) senders() string {
	const most = 6
	var out []string
	for _, o := range g.ways {
		if v := o.from.String(); !slices.Contains(out, v) {
			out = append(out, v)
		}
	}
	if len(out) > most {
		out = append(out[:most], fmt.Sprintf("%d more", len(out)-most))
	}
	return strings.Join(out, ", ")
}

// target is the target with the address that did not answer.
func (o way) target() string {
	if o.addr == "" || strings.Contains(name(o.to), o.addr) {
		return name(o.to)
	}
	return fmt.Sprintf("%s (%s)", name(o.to), o.addr)
}

func (o way) remedy() []check.Remedy {
	to := o.addr
	if to == "" {
		to = o.to.Name
	}
	tables := "iptables"
	if strings.Contains(to, ":") {
		tables = "ip6tables"
	}
	h, ok := o.last()
	place := "the node itself: its rules, its route, and the gateway it names"
	if ok {
		place = h.Addr.String() + " and whatever stands behind it: a firewall there, or a route that is missing there"
	}
	out := []check.Remedy{{
		Purpose: check.Find, Text: "Look at " + place, Node: o.from.Node,
		Command: fmt.Sprintf("ip route get %s; nft list ruleset | grep -nE 'drop|reject'", to),
	}, {
		Purpose: check.Find, Text: "Walk the way again by hand, with the very port", Node: o.from.Node,
		Command: fmt.Sprintf("mtr -n -T -P %d -r -c 10 %s || tcptraceroute -n %s %d", o.to.Port, to, to, o.to.Port),
	}, {Purpose: check.Verify, Text: "Check by connecting again: it must connect", Node: o.from.Node, Command: connect(&o.to)}}
	if ok { // beyond the reach of any node
		return append(out, check.Remedy{Text: fmt.Sprintf("Give the table to those who run %s: they open the way to %s, TCP port %d, or set the route that is missing", h.Addr, to, o.to.Port)})
	}
	return append(out, check.Remedy{
		Text: "Let packets to it leave, where a rule of this node keeps them in", Node: o.from.Node,
		Command: fmt.Sprintf("%[1]s -I OUTPUT -p tcp --dport %[2]d -j ACCEPT; %[1]s -I FORWARD -p tcp --dport %[2]d -j ACCEPT", tables, o.to.Port),
	}, remedies.WhereWritten(o.from.Node, "Where that helped, correct what wrote the rule, or it is back after the next boot or reload", "DROP|REJECT|drop|reject"))
}
