package diagnose

import (
	"slices"
	"strings"
	"sync"

	"github.com/plumbline-net/plumbline/framework/check"
	"github.com/plumbline-net/plumbline/framework/facts"
)

// stated is a cause that the findings about a host or a component state by
// themselves, as failures or as warnings. It takes what the mechanisms left, and
// of the traffic only cells that nothing before it stands behind.
type stated struct {
	id string
	// checks are those whose findings state it, in the order in which they are told.
	checks []string
	// holds picks the findings of checks that speak of this cause; nil takes all.
	holds func(in *input, f check.Finding) bool
	// also are checks whose findings about these nodes and no other follow from it.
	also []string
	// shows gives where in the traffic a node's trouble would show; nil where it
	// shows nowhere, or where that is not known.
	shows  func(in *input, node, peer string) cellTest
	leaves outcomeTest
	// tells gives a better sentence than the findings' own; nil keeps those.
	tells func(nodes []string, own []located) string
	// steps gives, for the first node ("" where there is none), better ones than
	// the findings' own; nil keeps those.
	steps func(node string, own []located, advised []check.Remedy) []check.Remedy
	// grounds is why it is as sure as it is; a counter that moved stands above it.
	grounds string
	// parts are those of a packet's way where it loses packets.
	parts []string
}

// cause makes it one of the list.
func (s stated) cause() cause { return cause{s.id, s.claims} }

// claims are one for all nodes of which the same findings speak.
func (s stated) claims(in *input) []claim {
	var out []claim
	open := sync.OnceValue(in.openCells)
	for _, together := range alike(in.leftBy(s.checks, func(f check.Finding) bool { return s.holds == nil || s.holds(in, f) })) {
		out = append(out, s.claim(in, together, open))
	}
	return out
}

func (s stated) claim(in *input, t same, open func() map[cellID]bool) claim {
	nodes := slices.DeleteFunc(slices.Clone(t.nodes), func(n string) bool { return n == "" })
	c := claimOf(nodes, t.findings)
	c.grounds, c.parts = s.grounds, s.parts
	if s.tells != nil {
		c.says = s.tells(nodes, t.findings)
	}
	if s.steps != nil {
		c.remedy = s.steps(strings.Join(nodes[:min(1, len(nodes))], ""), t.findings, c.remedy)
	}
	c.remedy = onePerCommand(c.remedy)
	if s.shows != nil {
		var tests []cellTest
		for _, n := range t.nodes {
			tests = append(tests, s.shows(in, n, ""))
		}
		c.cell, c.leaves = among(open(), eitherOf(tests)), s.leaves
	}
	c.finding = func(id string, f check.Finding) bool {
		return isOneOf(t.findings, id, f) || slices.Contains(s.also, id) && f.Verdict != check.Unknown && sameNodes(f, nodes)
	}
	return c
}

// onePerCommand leaves out steps that would run on a node what another one runs there.
func onePerCommand(steps []check.Remedy) []check.Remedy {
	var out []check.Remedy
	for _, r := range steps {
		if r.Command == "" || !slices.ContainsFunc(out, func(o check.Remedy) bool { return o.Node == r.Node && o.Command == r.Command }) {
			out = append(out, r)
		}
	}
	return out
}

// ofFirst keeps the steps of the findings that a test picks, where it picks any:
// what the others advise would repair a consequence.
func ofFirst(picks func(located) bool) func(string, []located, []check.Remedy) []check.Remedy {
	return func(_ string, own []located, advised []check.Remedy) []check.Remedy {
		first := slices.DeleteFunc(slices.Clone(own), func(f located) bool { return !picks(f) })
		if _, steps := evidenceOf(first); len(steps) > 0 {
			return steps
		}
		return advised
	}
}

// leftBy are the failing and warning findings of checks that nothing has
// explained so far, by the nodes that they name; "" for those that name none.
func (in *input) leftBy(checks []string, holds func(check.Finding) bool) map[string][]located {
	out := map[string][]located{}
	for _, want := range checks {
		for _, j := range in.judged {
			if j.ID != want {
				continue
			}
			for i, f := range j.Result.Findings {
				if f.Verdict != check.Fail && f.Verdict != check.Warn || in.explained[findingID{j.ID, i}] || !holds(f) {
					continue
				}
				for _, n := range f.Nodes {
					out[n] = append(out[n], located{j.ID, f})
				}
				if len(f.Nodes) == 0 {
					out[""] = append(out[""], located{j.ID, f})
				}
			}
		}
	}
	return out
}

// openCells are the cells of failing and warning findings that no cause so far
// stands behind.
func (in *input) openCells() map[cellID]bool {
	out := map[cellID]bool{}
	for _, j := range in.judged {
		for i, f := range j.Result.Findings {
			if f.Verdict != check.Fail && f.Verdict != check.Warn || in.explained[findingID{j.ID, i}] {
				continue
			}
			for _, p := range f.Pairs {
				out[cellOf(f, p)] = true
			}
		}
	}
	return out
}

// among narrows a test to some cells; nil stays nil.
func among(cells map[cellID]bool, test cellTest) cellTest {
	if test == nil {
		return nil
	}
	return func(f facts.Flow, from facts.Vantage, to facts.Target) bool {
		return cells[cellID{f.Key(), from.String(), to.ID}] && test(f, from, to)
	}
}

// isOneOf says whether a finding is one of those that a claim is made of.
func isOneOf(own []located, id string, f check.Finding) bool {
	return slices.ContainsFunc(own, func(o located) bool { return o.check == id && o.Subject == f.Subject && o.Says == f.Says })
}
