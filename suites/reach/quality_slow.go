package reach

import (
	"fmt"
	"slices"

	"github.com/plumbline-net/plumbline/framework/check"
	"github.com/plumbline-net/plumbline/framework/facts"
)

// A median is that of an outlier where it is this many times the others', and
// this many microseconds above: small figures differ by chance.
const (
	slowTimes = 5
	slowFloor = 2000
)

// fewNodes is up to how many nodes the others are counted without the node in
// question, because it would spoil their figures; beyond, it hardly does.
const fewNodes = 10

// class is pairs that may be compared: of one flow, and of like distance.
type class struct {
	flow     facts.Flow
	distance string
}

// slow are the findings about nodes, and pairs of nodes, that are far slower
// than the rest of their class.
func slow(s *facts.Snapshot, all []pairFigures) []check.Finding {
	zones := map[string]string{}
	for _, n := range s.Nodes {
		zones[n.Name] = n.Zone
	}
	byClass, order := map[class][]pairFigures{}, []class{}
	for _, p := range all {
		if p.Lost == p.Sent {
			continue // no answer, no time
		}
		c := class{p.flow, "between nodes"}
		switch {
		case p.within():
			c.distance = "within one node"
		case zones[p.from.Node] != zones[p.to.Node]:
			c.distance = "between zones"
		}
		if byClass[c] == nil {
			order = append(order, c)
		}
		byClass[c] = append(byClass[c], p)
	}
	var nodes []slowNode
	var pairs []slowPair
	for _, c := range order {
		found, left := slowNodes(c, byClass[c])
		nodes = append(nodes, found...)
		if c.distance == "between nodes" { // zones are as far apart as they are
			pairs = append(pairs, slowPairs(left)...)
		}
	}
	return append(slowNodeFindings(s, nodes), slowPairFindings(s, pairs)...)
}

// slowNode is a node with what its pairs and the others of the class take.
type slowNode struct {
	class
	node         string
	own, others  int // median round trips in microseconds
	pairs, among []pairFigures
}

// slowNodes gives the nodes whose typical pair is far slower than a good one
// without them, and the pairs that are none of theirs. It takes three nodes to
// tell which of them is the slow one.
func slowNodes(c class, pairs []pairFigures) ([]slowNode, []pairFigures) {
	of := map[string][]pairFigures{}
	var names []string
	for _, p := range pairs {
		of[p.from.Node] = append(of[p.from.Node], p)
		if !p.within() {
			of[p.to.Node] = append(of[p.to.Node], p)
		}
	}
	for n := range of {
		names = append(names, n)
	}
	slices.Sort(names)
	if len(names) < 3 {
		return nil, pairs
	}
	others := pairs
	base := quantile(pairs, 0.25, medianOf)
	var out []slowNode
	for _, n := range names {
		if len(names) <= fewNodes {
			others = slices.DeleteFunc(slices.Clone(pairs), func(p pairFigures) bool { return p.has(n) })
			base = quantile(others, 0.25, medianOf)
		}
		if own := quantile(of[n], 0.5, medianOf); len(others) > 0 && outlier(own, base) {
			out = append(out, slowNode{c, n, own, base, of[n], others})
		}
	}
	return out, slices.DeleteFunc(slices.Clone(pairs), func(p pairFigures) bool {
		return slices.ContainsFunc(out, func(s slowNode) bool { return p.has(s.node) })
	})
}

func medianOf(p pairFigures) int { return p.Median }

func outlier(own, others int) bool { return own > slowTimes*others && own > others+slowFloor }

// slowPair is a slow pair between two nodes that are well otherwise.
type slowPair struct {
	pairFigures
	others int
}

// enough is how many pairs it takes to say what is usual.
const enough = 6

func slowPairs(pairs []pairFigures) []slowPair {
	if len(pairs) < enough {
		return nil
	}
	usual := quantile(pairs, 0.5, medianOf)
	var out []slowPair
	for _, p := range pairs {
		if outlier(p.Median, usual) {
			out = append(out, slowPair{p, usual})
		}
	}
	return out
}

// slowNodeFindings makes one finding for each node, with a line of evidence for each class.
func slowNodeFindings(snapshot *facts.Snapshot, found []slowNode) []check.Finding {
	var out []check.Finding
	pairs := map[string][]pairFigures{}
	for _, s := range found {
		i := slices.IndexFunc(out, func(f check.Finding) bool { return f.Subject == s.node })
		if i < 0 {
			i = len(out)
			out = append(out, check.Finding{
				Subject: s.node, Nodes: []string{s.node}, Verdict: check.Warn,
				Says: fmt.Sprintf("connects %s take %s at the median, %d times the %s %s (%s, %s)",
					s.place(), span(s.own), s.own/max(s.others, 1), span(s.others), s.rest(), whose(s.flow), family(s.flow)),
			})
		}
		for _, p := range s.pairs {
			out[i].Pairs = append(out[i].Pairs, p.pair())
		}
		out[i].Evidence = append(out[i].Evidence, check.Evidence{
			Node: s.node, Source: fmt.Sprintf("series of TCP connects, %s, %s", whose(s.flow), family(s.flow)),
			Text: fmt.Sprintf("%s: median %s; %s: %s", s.place(), span(s.own), s.rest(), span(s.others)),
		})
		pairs[s.node] = append(pairs[s.node], s.pairs...)
	}
	for i, f := range out {
		out[i].Remedy = slowRemedy(snapshot, f.Subject, lowest(pairs[f.Subject]))
	}
	return out
}

func (s slowNode) place() string {
	switch s.distance {
	case "within one node":
		return "within " + s.node
	case "between zones":
		return fmt.Sprintf("from and to %s across zones", s.node)
	}
	return "from and to " + s.node
}

func (s slowNode) rest() string {
	if s.distance == "within one node" {
		return "within the other nodes"
	}
	return "between the other nodes"
}

// slowPairFindings groups the slow pairs by the nodes at their ends.
func slowPairFindings(snapshot *facts.Snapshot, found []slowPair) []check.Finding {
	var pairs []pairFigures
	usual := 0
	for _, p := range found {
		pairs, usual = append(pairs, p.pairFigures), p.others
	}
	var out []check.Finding
	for _, g := range byEnds(pairs) {
		f := check.Finding{Subject: g.subject(), Nodes: g.nodes, Verdict: check.Warn, Remedy: slowRemedy(snapshot, g.pairs[0].from.Node, lowest(g.pairs))}
		f.Says = fmt.Sprintf("connects %s take %s at the median, %s is usual (%s)", g.where(), span(quantile(g.pairs, 0.5, medianOf)), span(usual), layers(g.pairs))
		for _, p := range g.pairs {
			f.Pairs = append(f.Pairs, p.pair())
		}
		for _, p := range g.pairs[:min(4, len(g.pairs))] {
			f.Evidence = append(f.Evidence, p.evidence())
		}
		out = append(out, f)
	}
	return out
}
