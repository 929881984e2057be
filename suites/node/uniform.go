package node

import (
	"cmp"
	_ "embed" // the explanation page
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/plumbline-net/plumbline/framework/check"
	"github.com/plumbline-net/plumbline/framework/dataplane"
	"github.com/plumbline-net/plumbline/framework/facts"
	"github.com/plumbline-net/plumbline/suites/peering"
	"github.com/plumbline-net/plumbline/suites/remedies"
)

//go:embed uniform.md
var uniformDoc string

// Uniform promises that the nodes are alike in what ought to be equal, also
// where no rule knows the right value.
func Uniform() check.Check {
	return check.Check{
		ID:       "node/uniform",
		Promise:  "What ought to be equal on all nodes is: kernel and versions, network settings, resolv.conf, firewall back end, proxy mode and CNI files.",
		Level:    check.Extended,
		Needs:    []check.Need{check.NeedHosts},
		Looks:    []facts.Look{facts.Last},
		Doc:      uniformDoc,
		Evaluate: uniform,
	}
}

func uniform(s *facts.Snapshot) check.Result {
	if r, ok := peering.NoHosts(s); !ok {
		return r
	}
	var nodes []string
	fleet := comparedFacts{}
	for _, n := range s.Selected() {
		if h, why := dataplane.Seen(s, n.Name); why == "" {
			nodes = append(nodes, n.Name)
			fleet.read(n, h)
		}
	}
	findings := peering.Unseen(s)
	if len(nodes) < 2 {
		if len(findings) == 0 {
			return check.Skipf("one node is under test, so there is no other to compare it with")
		}
		return check.Conclude("no two nodes could be compared", findings)
	}
	findings = append(fleet.judge(nodes), findings...)
	return check.Conclude(fmt.Sprintf("%d facts compared over %d nodes", len(fleet), len(nodes)), findings)
}

// fact is one thing that is compared: its class ("sysctl"), and its name in it.
type fact struct{ class, name string }

// comparedFacts is every fact's value by node.
type comparedFacts map[fact]map[string]string

func (c comparedFacts) set(class, name, node, value string) {
	k := fact{class, name}
	if c[k] == nil {
		c[k] = map[string]string{}
	}
	c[k][node] = value
}

// oddity is a fact in which the same nodes differ from the rest in the same class.
type oddity struct {
	class string
	odd   []string
	facts []difference
}

type difference struct {
	name string
	// of are the values by node; usual is that of the majority, where there is one.
	of    map[string]string
	usual string
}

// judge puts what differs into findings: those nodes together that are odd in
// the same class of facts.
func (c comparedFacts) judge(nodes []string) []check.Finding {
	var all []oddity
	keys := slices.SortedFunc(maps.Keys(c), func(a, b fact) int { return cmp.Or(cmp.Compare(a.class, b.class), cmp.Compare(a.name, b.name)) })
	for _, k := range keys {
		of := c[k]
		if len(of) < len(nodes) && !absenceCounts(k) {
			continue
		}
		usual, odd := majority(of, nodes)
		if len(odd) == 0 {
			continue
		}
		d := difference{name: k.name, of: of, usual: usual}
		i := slices.IndexFunc(all, func(o oddity) bool { return o.class == k.class && slices.Equal(o.odd, odd) })
		if i < 0 {
			i = len(all)
			all = append(all, oddity{class: k.class, odd: odd})
		}
		all[i].facts = append(all[i].facts, d)
	}
	var out []check.Finding
	for _, o := range all {
		out = append(out, o.finding(nodes))
	}
	return out
}

// majority is the value of more than half of the nodes, and the nodes with
// another; where no value has that many, all nodes are told.
func majority(of map[string]string, nodes []string) (string, []string) {
	counts := map[string]int{}
	for _, n := range nodes {
		counts[of[n]]++
	}
	if len(counts) == 1 {
		return "", nil
	}
	for value, n := range counts {
		if 2*n > len(nodes) {
			var odd []string
			for _, node := range nodes {
				if of[node] != value {
					odd = append(odd, node)
				}
			}
			return value, odd
		}
	}
	return "", slices.Clone(nodes)
}

func (o oddity) finding(nodes []string) check.Finding {
	f := check.Finding{Subject: fmt.Sprintf("%s (%s)", peering.Names(o.odd), o.class), Nodes: o.odd, Verdict: check.Warn}
	var said []string
	for _, d := range o.facts {
		said = append(said, d.says(o.odd, nodes))
		for _, n := range o.odd[:min(3, len(o.odd))] {
			f.Evidence = append(f.Evidence, check.Evidence{Node: n, Source: d.name + " (last look)", Text: shown(d.of[n])})
		}
	}
	most := 4
	if len(said) > most {
		said = append(said[:most], fmt.Sprintf("and %d more", len(said)-most))
	}
	f.Evidence = f.Evidence[:min(12, len(f.Evidence))]
	f.Says = strings.Join(said, "; ")
	f.Remedy = []check.Remedy{
		{Purpose: check.Find, Text: "See where it comes from, and make the nodes alike, or know why they are not: what differs is where a fault of some nodes only comes from", Node: o.odd[0], Command: how(o.class, o.facts[0].name)},
		remedies.Again("node/uniform"),
	}
	return f
}

func (d difference) says(odd, nodes []string) string {
	if len(odd) == len(nodes) { // no majority
		byValue := map[string][]string{}
		for _, n := range nodes {
			byValue[d.of[n]] = append(byValue[d.of[n]], n)
		}
		var parts []string
		for _, v := range slices.Sorted(maps.Keys(byValue)) {
			parts = append(parts, fmt.Sprintf("%s on %s", shown(v), peering.Names(byValue[v])))
		}
		return fmt.Sprintf("%s is %s", d.name, strings.Join(parts, ", "))
	}
	return fmt.Sprintf("%s is %s, and %s on the other %d nodes", d.name, shown(d.of[odd[0]]), shown(d.usual), len(nodes)-len(odd))
}

// shown is a value in one short line.
func shown(v string) string {
	v = strings.Join(strings.Fields(v), " ")
	if v == "" {
		return "not there"
	}
	const most = 80
	if len(v) > most {
		return v[:most] + "…"
	}
	return v
}
