package diagnose

import (
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/plumbline-net/plumbline/framework/check"
	"github.com/plumbline-net/plumbline/framework/facts"
)

const quality = "reach/quality"

// packetLoss is what the series of connects count as lost at a node or between
// two, where no other cause took it: the other pairs there that did not succeed at
// every attempt belong to it. A rule that drops a share of the packets is named with it.
func packetLoss(in *input) []claim {
	return in.disturbed(func(f check.Finding) bool {
		return strings.Contains(f.Says, " were lost (") && in.someAnswered(f)
	}, disturbance{part: dropsShare, does: "drops a share of the packets", undo: "Take away the rule that drops a share of the packets", shows: passing, leaves: lossyOnly})
}

// delayed is a node whose connects take far longer than the others'.
func delayed(in *input) []claim {
	return in.disturbed(func(f check.Finding) bool {
		return !strings.Contains(f.Says, " were lost (") && in.someAnswered(f)
	}, disturbance{part: queuesPackets, does: "hands packets to a program, which holds them back", undo: "Take away the rule that hands packets to a program", shows: passing, leaves: seriesOnly})
}

// disturbance is what a rule may do to a share of the packets.
type disturbance struct {
	part       func(string) bool
	does, undo string
	shows      func(in *input, node, peer string) cellTest
	leaves     outcomeTest
}

// disturbed makes a claim for each finding of reach/quality that nothing explains.
func (in *input) disturbed(speaks func(check.Finding) bool, d disturbance) []claim {
	var out []claim
	open := sync.OnceValue(in.openCells)
	for _, t := range alike(in.leftBy([]string{quality}, speaks)) {
		nodes := slices.DeleteFunc(slices.Clone(t.nodes), func(n string) bool { return n == "" })
		c := claimOf(nodes, t.findings)
		c.open = true
		// A rule before the tunnel's device takes the tunnel's packets, too.
		c.parts = []string{partNIC, partHost, partWire, partTunnel}
		rules := in.rulesLike(nodes, d.part)
		if len(rules) > 0 {
			c = d.by(c, rules)
		}
		var tests []cellTest
		for _, n := range c.nodes {
			tests = append(tests, d.shows(in, n, ""))
		}
		c.cell, c.leaves = among(open(), eitherOf(tests)), d.leaves
		c.finding = func(id string, f check.Finding) bool { return isOneOf(t.findings, id, f) }
		out = append(out, c)
	}
	return out
}

// by adds the rules that are to blame: they tell which of two nodes it is.
func (d disturbance) by(c claim, rules []dropRule) claim {
	c.open, c.nodes = false, nodesOfDrops(rules)
	r := rules[0]
	c.says = fmt.Sprintf("%s; on %s a rule %s: %s: %s", c.says, r.node, d.does, r.place(), r.rule.Text)
	c.grounds = "the rule was read on the host, and the figures fit it"
	return c.withRules(rules, d.undo)
}

// someAnswered: where every connect was lost, nothing is lost by chance.
func (in *input) someAnswered(f check.Finding) bool {
	if len(f.Pairs) == 0 {
		return true
	}
	return slices.ContainsFunc(f.Pairs, func(p check.Pair) bool {
		s, known := in.place(cellOf(f, p))
		return known && s.cell.Outcome == facts.OK
	})
}

// seriesOnly: what comes late still comes, so only the figures of a series show it.
func seriesOnly(f facts.Flow, c facts.Cell) bool {
	return f.Via == facts.Series && c.Outcome == facts.OK
}
