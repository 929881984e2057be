package node

import (
	_ "embed" // the explanation page
	"fmt"

	"github.com/plumbline-net/plumbline/framework/check"
	"github.com/plumbline-net/plumbline/framework/facts"
	"github.com/plumbline-net/plumbline/suites/remedies"
)

//go:embed changed.md
var changedDoc string

// Changed promises that the run saw one and the same network from its
// beginning to its end.
func Changed() check.Check {
	return check.Check{
		ID:      "node/changed",
		Promise: "What the first look found on a node is still so at the last look.",
		Level:   check.Core,
		Needs:   []check.Need{check.NeedHosts},
		Looks:   []facts.Look{facts.First, facts.Last},
		Doc:     changedDoc,
		Ask: func(scope check.Scope) []facts.Flow {
			var out []facts.Flow
			for _, pair := range healable(scope) {
				out = append(out, pair.first, pair.main)
			}
			return out
		},
		Evaluate: changed,
	}
}

func changed(s *facts.Snapshot) check.Result {
	nodes := s.Selected()
	if len(nodes) == 0 {
		return check.Unknownf("no node is under test%s", leftOut(s))
	}
	var findings []check.Finding
	for _, n := range nodes {
		first, last := s.Host(n.Name, facts.First), s.Host(n.Name, facts.Last)
		if why := notBoth(first, last); why != "" {
			findings = append(findings, check.Finding{Subject: n.Name, Nodes: []string{n.Name}, Verdict: check.Unknown, Says: why})
			continue
		}
		c := comparison{snapshot: s, node: n, first: first, last: last}
		c.sysctls()
		c.rules()
		c.routes()
		c.interfaces()
		c.dataPlane()
		findings = append(findings, c.findings...)
	}
	findings = append(findings, healedFlows(s)...)
	return check.Conclude(fmt.Sprintf("%d of %d nodes are at the last look as they were at the first",
		check.Clean(nodes, findings), len(nodes)), findings)
}

func notBoth(first, last *facts.HostLook) string {
	switch {
	case first == nil:
		return "there was no first look at the host"
	case first.NotRun != "":
		return "no first look at the host: " + first.NotRun
	case last == nil:
		return "there was no last look at the host"
	case last.NotRun != "":
		return "no last look at the host: " + last.NotRun
	}
	return ""
}

// comparison is one node's two looks, and what differs.
type comparison struct {
	snapshot    *facts.Snapshot
	node        facts.Node
	first, last *facts.HostLook
	findings    []check.Finding
}

// differs notes a difference with both values; empty stands for "not there".
func (c *comparison) differs(v check.Verdict, what, first, last, means string, remedy ...check.Remedy) {
	remedy = append([]check.Remedy{c.whoDidIt()}, remedy...)
	if v == check.Fail {
		remedy = append(remedy, remedies.Again("node/changed"))
	}
	c.findings = append(c.findings, check.Finding{
		Subject: fmt.Sprintf("%s: %s", c.node.Name, what), Nodes: []string{c.node.Name}, Verdict: v,
		Says: fmt.Sprintf("%s: first %s, at the last look %s%s", what, orNone(first), orNone(last), means),
		Evidence: []check.Evidence{
			{Node: c.node.Name, Source: what + " (first look)", Text: orNone(first)},
			{Node: c.node.Name, Source: what + " (last look)", Text: orNone(last)},
		},
		Remedy: check.InOrder(remedy),
	})
}

// whoDidIt asks the node's log for the time of the run.
func (c *comparison) whoDidIt() check.Remedy {
	const format = "2006-01-02 15:04:05"
	run := c.snapshot.Run
	return check.Remedy{
		Purpose: check.Find,
		Text:    "Find who changed it: the node's log of the time of this run", Node: c.node.Name,
		Command: fmt.Sprintf("journalctl --no-pager --utc --since '%s' --until '%s'", run.Started.UTC().Format(format), run.Finished.UTC().Format(format)),
	}
}

func orNone(s string) string {
	if s == "" {
		return "not there"
	}
	return s
}
