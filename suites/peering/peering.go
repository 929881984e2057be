// Package peering folds what is wrong between nodes and their peers into few
// findings: one for a node that is wrong towards many, one for a peer that many
// are wrong about. It is pure.
package peering

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/plumbline-net/plumbline/framework/check"
	"github.com/plumbline-net/plumbline/framework/dataplane"
	"github.com/plumbline-net/plumbline/framework/facts"
	"github.com/plumbline-net/plumbline/framework/figures"
	"github.com/plumbline-net/plumbline/suites/remedies"
)

// Fault is one thing that a node has wrong about a peer.
type Fault struct {
	Node, Peer string
	// Kind is what is wrong; faults of one kind are told together.
	Kind    string
	Verdict check.Verdict
	// Says is a sentence about this node and this peer.
	Says     string
	Evidence []check.Evidence
	// Repair are the steps for this fault, Then those that follow for all of a kind.
	Repair, Then []check.Remedy
}

// most bounds the faults of one finding that are shown whole, and named.
const most = 5

// Fold gives findings, the widest first within each kind; kinds keep their order.
func Fold(faults []Fault) []check.Finding {
	var kinds []string
	byKind := map[string][]Fault{}
	for _, f := range faults {
		if byKind[f.Kind] == nil {
			kinds = append(kinds, f.Kind)
		}
		byKind[f.Kind] = append(byKind[f.Kind], f)
	}
	var out []check.Finding
	for _, kind := range kinds {
		out = append(out, foldKind(byKind[kind])...)
	}
	slices.SortStableFunc(out, func(a, b check.Finding) int { return cmp.Compare(b.Verdict, a.Verdict) })
	return out
}

// foldKind takes the node or the peer with the most faults off until none is left.
func foldKind(left []Fault) []check.Finding {
	var out []check.Finding
	for len(left) > 0 {
		nodes, peers := map[string]int{}, map[string]int{}
		for _, f := range left {
			nodes[f.Node]++
			peers[f.Peer]++
		}
		node, many := widest(nodes)
		peer, most := widest(peers)
		ofNode := many >= most
		taken := func(f Fault) bool { return ofNode && f.Node == node || !ofNode && f.Peer == peer }
		var group []Fault
		for _, f := range left {
			if taken(f) {
				group = append(group, f)
			}
		}
		left = slices.DeleteFunc(slices.Clone(left), taken)
		out = append(out, finding(group, ofNode))
	}
	return out
}

func widest(counts map[string]int) (string, int) {
	name, n := "", 0
	for k, v := range counts {
		if v > n || v == n && k < name {
			name, n = k, v
		}
	}
	return name, n
}

func finding(group []Fault, ofNode bool) check.Finding {
	first := group[0]
	f := check.Finding{Subject: first.Node + " → " + first.Peer, Nodes: []string{first.Node}, Verdict: first.Verdict, Says: first.Says}
	var others []string
	for _, g := range group[1:] {
		if ofNode {
			others = append(others, g.Peer)
			continue
		}
		others = append(others, g.Node)
		f.Nodes = append(f.Nodes, g.Node)
	}
	switch {
	case len(others) == 0:
	case ofNode:
		f.Subject = fmt.Sprintf("%s → %s", first.Node, figures.Count(len(group), "node"))
		f.Says += "; the same towards " + Names(others)
	default:
		f.Subject = fmt.Sprintf("%s → %s", figures.Count(len(group), "node"), first.Peer)
		f.Says += "; the same on " + Names(others)
	}
	if first.Peer == "" {
		f.Subject = first.Node
		if len(f.Nodes) > 1 {
			f.Subject = Names(f.Nodes)
		}
	}
	slices.Sort(f.Nodes)
	f.Nodes = slices.Compact(f.Nodes)
	for _, g := range group[:min(most, len(group))] {
		f.Evidence = append(f.Evidence, g.Evidence...)
		f.Remedy = add(f.Remedy, g.Repair)
	}
	for _, g := range group[:min(most, len(group))] {
		f.Remedy = add(f.Remedy, g.Then)
	}
	f.Remedy = check.InOrder(f.Remedy)
	return f
}

// add appends the steps that are not yet there.
func add(to, steps []check.Remedy) []check.Remedy {
	for _, s := range steps {
		if !slices.Contains(to, s) {
			to = append(to, s)
		}
	}
	return to
}

// Names joins names, of many only the first.
func Names(names []string) string {
	if len(names) <= most {
		return strings.Join(names, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(names[:most], ", "), len(names)-most)
}

// Unseen makes a finding Unknown of every selected node whose last look is
// missing, one for all with the same reason.
func Unseen(s *facts.Snapshot) []check.Finding {
	var faults []Fault
	for _, n := range s.Selected() {
		if _, why := dataplane.Seen(s, n.Name); why != "" {
			faults = append(faults, Fault{Node: n.Name, Kind: why, Verdict: check.Unknown, Says: "no last look at the host: " + why})
		}
	}
	return Fold(faults)
}

// NoHosts is a Skip where the hosts were left out by choice, and an Unknown
// where no node is under test; ok where neither is so.
func NoHosts(s *facts.Snapshot) (r check.Result, ok bool) {
	switch {
	case s.Run.Unprivileged:
		return check.Skipf("it needs a look at the hosts, and this run was asked to leave those out (--unprivileged)"), false
	case len(s.Selected()) == 0:
		return check.Unknownf("no node is under test"), false
	}
	return r, true
}

// RestartCNI restarts the CNI's agent on one node.
func RestartCNI(s *facts.Snapshot, node string) check.Remedy { return remedies.RestartCNI(s, node) }

// KeptByCNI restarts the agent that keeps what was repaired by hand: it learns of
// the change, and sets the same after a reboot.
func KeptByCNI(s *facts.Snapshot, node string) check.Remedy {
	step := remedies.RestartCNI(s, node)
	step.Purpose = check.Last
	step.Text = fmt.Sprintf("Restart the network plugin's agent on %s: it keeps these entries, sets its own anew when it starts, and does so after a reboot too", node)
	return step
}
