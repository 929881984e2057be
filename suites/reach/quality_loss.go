package reach

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/plumbline-net/plumbline/framework/check"
	"github.com/plumbline-net/plumbline/framework/facts"
	"github.com/plumbline-net/plumbline/framework/figures"
)

// resent is the time in microseconds from which on a connect must have been
// sent again: TCP repeats a lost SYN after one second (RFC 6298, 2.1), and a
// round trip is stored exact to 7 %.
const resent = 900_000

// lost says whether a pair lost connects, or had to send one again.
func (p pairFigures) lossy() bool {
	return p.Lost > 0 || p.again()
}

func (p pairFigures) again() bool { return p.Worst >= resent && p.Median < resent/2 }

// lossy are the findings about loss, one for each node that has a part in all of
// it, else one for each pair, or one for all where it has no form.
func lossy(s *facts.Snapshot, all []pairFigures) []check.Finding {
	var bad []pairFigures
	for _, p := range all {
		if p.lossy() {
			bad = append(bad, p)
		}
	}
	var out []check.Finding
	for _, g := range commonEnds(bad, all) {
		out = append(out, lossFinding(s, g, all))
	}
	return out
}

// end is pairs with what they have in common: a node, or two, or nothing.
type end struct {
	nodes []string
	pairs []pairFigures
}

// mostPairs is how many pairs of nodes are told one by one.
const mostPairs = 3

// commonEnds takes nodes that all the pairs left share, or of which most pairs
// are bad while no other has half as many; then what is left by pairs.
func commonEnds(left, all []pairFigures) []end {
	var out []end
	for {
		first, second := mostOften(left)
		count, next := parts(left, first), parts(left, second)
		alone := count == len(left) && next < count
		if count < 2 || !alone && (2*count < parts(all, first) || count < 2*next) {
			break
		}
		g := end{nodes: []string{first}}
		left = slices.DeleteFunc(slices.Clone(left), func(p pairFigures) bool {
			if p.has(first) {
				g.pairs = append(g.pairs, p)
			}
			return p.has(first)
		})
		out = append(out, g)
	}
	return append(out, byEnds(left)...)
}

// byEnds groups pairs by the two nodes at their ends; many become one group.
func byEnds(left []pairFigures) []end {
	if len(left) == 0 {
		return nil
	}
	var out []end
	for _, p := range left {
		nodes := []string{p.from.Node, p.to.Node}
		slices.Sort(nodes)
		nodes = slices.Compact(nodes)
		i := slices.IndexFunc(out, func(e end) bool { return slices.Equal(e.nodes, nodes) })
		if i < 0 {
			i, out = len(out), append(out, end{nodes: nodes})
		}
		if len(out) > mostPairs {
			return []end{{nodes: []string{}, pairs: left}}
		}
		out[i].pairs = append(out[i].pairs, p)
	}
	return out
}

// parts counts the pairs in which a node has a part.
func parts(pairs []pairFigures, node string) int {
	n := 0
	for _, p := range pairs {
		if node != "" && p.has(node) {
			n++
		}
	}
	return n
}

// mostOften are the two nodes with a part in the most pairs.
func mostOften(pairs []pairFigures) (first, second string) {
	count := map[string]int{}
	for _, p := range pairs {
		count[p.from.Node]++
		if !p.within() {
			count[p.to.Node]++
		}
	}
	var names []string
	for n := range count {
		names = append(names, n)
	}
	slices.SortFunc(names, func(a, b string) int { return cmp.Or(cmp.Compare(count[b], count[a]), cmp.Compare(a, b)) })
	names = append(names, "", "")
	return names[0], names[1]
}

// steady says whether what was lost in some pairs is no accident, and too much: a
// lost SYN or its answer costs a second (RFC 6298, 2.1), so from one in a hundred on
// people wait.
func steady(sent, lost, pairs int) bool {
	const fewest, fewestPairs, share = 5, 3, 100
	return lost >= fewest && pairs >= fewestPairs && share*lost >= sent
}

func lossFinding(s *facts.Snapshot, g end, all []pairFigures) check.Finding {
	f := check.Finding{Subject: g.subject(), Nodes: g.nodes, Verdict: check.Warn}
	sent, lost, again, hurt := 0, 0, 0, 0
	for _, p := range g.pairs {
		sent, lost = sent+p.Sent, lost+p.Lost
		if p.again() {
			again++
		}
		if p.Lost > 0 {
			hurt++
		}
		if 2*p.Lost >= p.Sent { // half of the traffic: nothing works well over that
			f.Verdict = check.Fail
		}
		f.Pairs = append(f.Pairs, p.pair())
	}
	busy := g.overloaded(s)
	if f.Verdict == check.Fail || steady(sent, lost, hurt) && len(g.nodes) == 1 {
		busy = nil // want of time loses no such share, and does not single out a node
	}
	if steady(sent, lost, hurt) && len(busy) == 0 {
		f.Verdict = check.Fail
	}
	f.Says = fmt.Sprintf("%s of %s connects %s were lost (%s)", figures.Grouped(lost), figures.Grouped(sent), g.where(), layers(g.pairs))
	if again > 0 {
		f.Says += fmt.Sprintf("; in %s a first packet was lost and sent again after a second", figures.Count(again, "pair"))
	}
	rest := slices.DeleteFunc(slices.Clone(all), func(p pairFigures) bool { return p.lossy() })
	if len(g.nodes) == 1 && len(rest) > 0 {
		f.Says += fmt.Sprintf("; %s lost none", figures.Count(len(rest), "other pair"))
	}
	worst := slices.Clone(g.pairs)
	slices.SortStableFunc(worst, func(a, b pairFigures) int { return cmp.Or(b.Lost-a.Lost, b.Worst-a.Worst) })
	for _, p := range worst[:min(4, len(worst))] {
		f.Evidence = append(f.Evidence, p.evidence())
	}
	for _, o := range busy {
		f.Evidence = append(f.Evidence, check.Evidence{Node: o.Node, Source: "/proc/pressure/cpu and /proc/loadavg (first and last look)", Text: o.String()})
	}
	if len(busy) > 0 {
		f.Says += fmt.Sprintf("; %s overloaded (%s)", are(busy), busy[0])
	}
	f.Remedy = lossRemedy(s, g, lowest(worst), busy, f.Verdict == check.Fail)
	return f
}

// overloaded are the hosts at the ends that were short of processor time all along,
// where each pair has one: packets wait or are lost for want of time there.
func (g end) overloaded(s *facts.Snapshot) []facts.Overload {
	var out []facts.Overload
	for _, n := range g.ends() {
		if o, busy := s.Overload(n); busy {
			out = append(out, o)
		}
	}
	for _, p := range g.pairs {
		if !slices.ContainsFunc(out, func(o facts.Overload) bool { return p.has(o.Node) }) {
			return nil
		}
	}
	return out
}

// ends are the nodes of all pairs, sorted.
func (g end) ends() []string {
	var out []string
	for _, p := range g.pairs {
		out = append(out, p.from.Node, p.to.Node)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// are is "n1 and n2 are", "4 nodes are".
func are(busy []facts.Overload) string {
	switch len(busy) {
	case 1:
		return busy[0].Node + " is"
	case 2:
		return busy[0].Node + " and " + busy[1].Node + " are"
	}
	return figures.Count(len(busy), "node") + " are"
}

func (p pairFigures) evidence() check.Evidence {
	return check.Evidence{
		Node: p.from.Node, Source: fmt.Sprintf("series of TCP connects %s → %s, %s", p.from, p.to.ID, family(p.flow)),
		Text: fmt.Sprintf("%d of %d lost; median %s, p95 %s, worst %s, deviation %s",
			p.Lost, p.Sent, span(p.Median), span(p.P95), span(p.Worst), span(p.Deviation)),
	}
}

func (g end) subject() string {
	switch len(g.nodes) {
	case 0:
		return fmt.Sprintf("%d pairs without a common node", len(g.pairs))
	case 1:
		return g.nodes[0]
	}
	return strings.Join(g.nodes, " ↔ ")
}

// where says in which direction of the node, or between which nodes.
func (g end) where() string {
	switch len(g.nodes) {
	case 0:
		return "in no pattern"
	case 1:
		from := slices.ContainsFunc(g.pairs, func(p pairFigures) bool { return p.from.Node == g.nodes[0] })
		to := slices.ContainsFunc(g.pairs, func(p pairFigures) bool { return p.to.Node == g.nodes[0] })
		switch {
		case !slices.ContainsFunc(g.pairs, func(p pairFigures) bool { return !p.within() }):
			return "within " + g.nodes[0]
		case from && to:
			return "from and to " + g.nodes[0]
		case from:
			return "from " + g.nodes[0]
		}
		return "to " + g.nodes[0]
	}
	first := g.pairs[0]
	if slices.ContainsFunc(g.pairs, func(p pairFigures) bool { return p.from.Node != first.from.Node }) {
		return "between " + strings.Join(g.nodes, " and ")
	}
	return fmt.Sprintf("from %s to %s", first.from.Node, first.to.Node)
}

// layers names whose connects these are: "pods, IPv4", "pods and hosts, IPv4".
func layers(pairs []pairFigures) string {
	var who, families []string
	for _, p := range pairs {
		if w := whose(p.flow); !slices.Contains(who, w) {
			who = append(who, w)
		}
		if w := family(p.flow); !slices.Contains(families, w) {
			families = append(families, w)
		}
	}
	return strings.Join(who, " and ") + ", " + strings.Join(families, " and ")
}
