package policy

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/plumbline-net/plumbline/framework/check"
	"github.com/plumbline-net/plumbline/framework/facts"
	"github.com/plumbline-net/plumbline/framework/figures"
	"github.com/plumbline-net/plumbline/framework/topology"
)

// connection is one of a stage: from a pod of the trial to a port of another, or to
// the cluster DNS.
type connection struct {
	flow    facts.Flow
	from    facts.Vantage
	to      facts.Target
	outcome facts.Outcome
	want    topology.Expectation
}

// enforcer is the node whose plugin has to decide: that of the guarded pod, at which
// a connection ends, or begins.
func (c connection) enforcer() string {
	if c.to.Class == facts.PodsGuarded {
		return c.to.Node
	}
	return c.from.Node
}

func (c connection) text() string {
	return fmt.Sprintf("%s → %s", topology.PolicyPeer(c.from.Class, c.from.Node), c.to.ID)
}

// picks says which connections of a stage a check is about.
type picks func(connection) bool

// judged is what became of the connections of a check.
type judged struct {
	right int
	// leaks passed though a policy denies them, held were stopped though one permits them.
	leaks, held []connection
	// unjudged fail without any policy, too, or were not tried.
	unjudged int
	// none passes of those that policies permit.
	permitted, passed int
}

// judgeStage compares a stage with what its policies say. A connection counts only
// where it worked without policies: otherwise silence is no proof of a policy, and
// no fault of it.
func judgeStage(t *facts.PolicyTrial, stage *facts.PolicyStage, of picks) judged {
	works := working(t)
	var j judged
	for _, c := range connections(stage) {
		if c.want == topology.Either || !of(c) {
			continue
		}
		switch passes := c.outcome == facts.OK; {
		case c.outcome == facts.NotRun, !passes && !works[key(c)]:
			j.unjudged++
			continue
		case passes && c.want == topology.Stops:
			j.leaks = append(j.leaks, c)
		case !passes && c.want == topology.Passes:
			j.held = append(j.held, c)
		default:
			j.right++
		}
		if c.want == topology.Passes {
			j.permitted++
			if c.outcome == facts.OK {
				j.passed++
			}
		}
	}
	return j
}

func connections(stage *facts.PolicyStage) []connection {
	var out []connection
	for _, m := range stage.Matrices {
		for _, row := range m.Rows {
			for i, t := range m.Targets {
				c := connection{flow: m.Flow, from: row.From, to: t, want: topology.PolicyExpects(stage.Name, row.From, m.Flow, t)}
				if i < len(row.Cells) {
					c.outcome = row.Cells[i].Outcome
				}
				out = append(out, c)
			}
		}
	}
	return out
}

func key(c connection) string { return c.flow.Key() + " " + c.from.String() + " " + c.to.ID }

// working are the connections that worked before or after the policies.
func working(t *facts.PolicyTrial) map[string]bool {
	out := map[string]bool{}
	for _, name := range []facts.StageName{facts.StageOpen, facts.StageRemoved} {
		stage := t.Stage(name)
		if stage == nil {
			continue
		}
		for _, c := range connections(stage) {
			if c.outcome == facts.OK {
				out[key(c)] = true
			}
		}
	}
	return out
}

// result is that of a check about connections; held says what held, in words behind
// "N of N connections".
func (j judged) result(s *facts.Snapshot, stage *facts.PolicyStage, held string) check.Result {
	all := j.right + len(j.leaks) + len(j.held)
	if all == 0 {
		return check.Unknownf("nothing could be judged: %s did not work without a policy either, or were not tried", figures.Count(j.unjudged, "connection"))
	}
	says := fmt.Sprintf("%d of %s %s", j.right, figures.Count(all, "connection"), held)
	if stage.Settled > 0 {
		says += fmt.Sprintf("; in force on all nodes within %s", seconds(stage.Settled))
	}
	if j.unjudged > 0 {
		says += fmt.Sprintf("; %d not judged here: they do not work without a policy either", j.unjudged)
	}
	var findings []check.Finding
	for _, part := range []struct {
		of   []connection
		verb string
	}{
		{j.leaks, "still pass, which a policy denies"},
		{j.held, "are stopped, which a policy permits"},
	} {
		if len(part.of) > 0 {
			findings = append(findings, wrong(s, stage, part.of, part.verb))
		}
	}
	return check.Conclude(says, findings)
}

// wrong is one finding for all connections that are wrong in the same way.
func wrong(s *facts.Snapshot, stage *facts.PolicyStage, list []connection, verb string) check.Finding {
	perNode := map[string]int{}
	for _, c := range list {
		perNode[c.enforcer()]++
	}
	var nodes, counts []string
	for n := range perNode {
		nodes = append(nodes, n)
	}
	slices.Sort(nodes)
	for _, n := range nodes {
		counts = append(counts, fmt.Sprintf("%s: %d", n, perNode[n]))
	}
	f := check.Finding{
		Subject: strings.Join(nodes, ", "), Nodes: nodes, Verdict: check.Fail,
		Says: fmt.Sprintf("%s of pods on %s %s, %s after the policies were changed (%s)", figures.Count(len(list), "connection"),
			figures.Count(len(nodes), "node"), verb, seconds(stage.Waited), strings.Join(counts, ", ")),
		Remedy: steps(s, nodes),
	}
	if len(nodes) == 1 {
		f.Says = fmt.Sprintf("%s of pods on %s %s, %s after the policies were changed", figures.Count(len(list), "connection"), nodes[0], verb, seconds(stage.Waited))
	}
	slices.SortFunc(list, func(a, b connection) int {
		return cmp.Or(cmp.Compare(a.enforcer(), b.enforcer()), cmp.Compare(a.text(), b.text()))
	})
	for _, c := range list[:min(len(list), mostShown)] {
		f.Evidence = append(f.Evidence, check.Evidence{
			Node: c.enforcer(), Source: fmt.Sprintf("%s (%s)", c.text(), c.flow.Family), Text: "the connection: " + c.outcome.String(),
		})
	}
	return f
}

// mostShown bounds the connections that a finding shows.
const mostShown = 6
