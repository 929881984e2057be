// Package symptom turns what is wrong with single nodes into few findings: equal
// symptoms of many nodes become one. It is pure.
package symptom

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/plumbline-net/plumbline/framework/check"
	"github.com/plumbline-net/plumbline/framework/facts"
	"github.com/plumbline-net/plumbline/framework/figures"
)

const (
	// mostEvidence bounds what one finding quotes; Finding.Nodes names every node.
	mostEvidence = 24
	// mostRepaired bounds the nodes for which one finding lists the steps.
	mostRepaired = 5
)

// Symptom is what is wrong in one place of one node, or not known of it.
type Symptom struct {
	Node string // empty where it is not known which
	// Thing is what on the node it is about ("eth0"); empty for the node itself.
	Thing   string
	Verdict check.Verdict // Warn, Fail or Unknown
	// Kind tells symptoms apart which are of one thing: those of the same Kind,
	// Thing and Verdict are alike, and become one finding.
	Kind string
	// Says is one sentence with the values of this node, and without its name.
	Says string
	// Weight is how bad it is; of symptoms that are alike the worst is told.
	Weight   int64
	Evidence []check.Evidence
	Remedy   []check.Remedy
}

// Unknown is what is said of a node of which something is not known.
func Unknown(node, says string) Symptom {
	return Symptom{Node: node, Verdict: check.Unknown, Kind: says, Says: says}
}

// Findings groups symptoms that are alike, in the order in which they came.
func Findings(all []Symptom) []check.Finding {
	type key struct {
		verdict     check.Verdict
		thing, kind string
	}
	groups := map[key][]Symptom{}
	var order []key
	for _, s := range all {
		k := key{s.Verdict, s.Thing, s.Kind}
		if groups[k] == nil {
			order = append(order, k)
		}
		groups[k] = append(groups[k], s)
	}
	var out []check.Finding
	for _, k := range order {
		out = append(out, finding(groups[k]))
	}
	return out
}

func finding(group []Symptom) check.Finding {
	worst := slices.MaxFunc(group, func(a, b Symptom) int {
		return cmp.Or(cmp.Compare(a.Weight, b.Weight), cmp.Compare(b.Node, a.Node))
	})
	f := check.Finding{Subject: worst.Node, Nodes: []string{}, Verdict: worst.Verdict, Says: worst.Says, Remedy: steps(worst, group)}
	alike := true
	for _, s := range group {
		alike = alike && s.Says == worst.Says
		if s.Node != "" {
			f.Nodes = append(f.Nodes, s.Node)
		}
		for _, e := range s.Evidence {
			if len(f.Evidence) < mostEvidence && !slices.Contains(f.Evidence, e) {
				f.Evidence = append(f.Evidence, e)
			}
		}
	}
	slices.Sort(f.Nodes)
	f.Nodes = slices.Compact(f.Nodes)
	if len(f.Nodes) > 1 {
		f.Subject = figures.Count(len(f.Nodes), "node")
		f.Says = fmt.Sprintf("on %s: %s", f.Subject, worst.Says)
		if !alike {
			f.Says = fmt.Sprintf("on %s, most of all on %s: %s", f.Subject, worst.Node, worst.Says)
		}
	}
	switch {
	case worst.Thing == "":
	case f.Subject == "":
		f.Subject = worst.Thing
	default:
		f.Subject = fmt.Sprintf("%s (%s)", f.Subject, worst.Thing)
	}
	return f
}

// steps are those for the worst node first, then for others, each for its own node.
func steps(worst Symptom, group []Symptom) []check.Remedy {
	out := slices.Clone(worst.Remedy)
	nodes := []string{worst.Node}
	for _, s := range group {
		if len(nodes) < mostRepaired && !slices.Contains(nodes, s.Node) {
			nodes = append(nodes, s.Node)
			out = append(out, s.Remedy...)
		}
	}
	return check.InOrder(out)
}

// Looks are both looks at a host, so far as there are any: nil where there was
// none, and then the sentence says why. A look that was not run counts as none.
func Looks(s *facts.Snapshot, node string) (first, last *facts.HostLook, missing string) {
	first, noFirst := look(s, node, facts.First)
	last, noLast := look(s, node, facts.Last)
	switch {
	case first == nil && last == nil:
		missing = "the host was not looked at: " + noFirst
	case first == nil:
		missing = "there is no first look at the host: " + noFirst
	case last == nil:
		missing = "there is no last look at the host: " + noLast
	}
	return first, last, missing
}

func look(s *facts.Snapshot, node string, l facts.Look) (*facts.HostLook, string) {
	h := s.Host(node, l)
	switch {
	case h == nil:
		return nil, "nobody asked it"
	case h.NotRun != "":
		return nil, h.NotRun
	}
	return h, ""
}
