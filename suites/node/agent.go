package node

import (
	_ "embed" // the explanation page
	"fmt"

	"github.com/plumbline-net/plumbline/framework/check"
	"github.com/plumbline-net/plumbline/framework/facts"
)

//go:embed agent.md
var agentDoc string

// Agent promises that the suite's own pods came up, as any other pod would.
func Agent() check.Check {
	return check.Check{
		ID:      "node/agent",
		Promise: "Both probe pods run on every selected node.",
		Level:   check.Core,
		Needs:   []check.Need{check.NeedPods},
		// A look is what brings the node agent; a run without host access still judges the other.
		Looks:    []facts.Look{facts.First},
		Doc:      agentDoc,
		Evaluate: agent,
	}
}

func agent(s *facts.Snapshot) check.Result {
	nodes := s.Selected()
	if len(nodes) == 0 {
		return check.Unknownf("no node is under test%s", leftOut(s))
	}
	var findings []check.Finding
	for _, n := range nodes {
		if f, bad := agentOf(n, "host agent", n.NodeAgent); bad && !s.Run.Unprivileged {
			findings = append(findings, f)
		}
		if f, bad := agentOf(n, "probe pod", n.PodAgent); bad {
			findings = append(findings, f)
		}
	}
	held := fmt.Sprintf("both probe pods run on %d of %d nodes", check.Clean(nodes, findings), len(nodes))
	if s.Run.Unprivileged {
		held = fmt.Sprintf("the probe pod runs on %d of %d nodes; the host agent was left out by choice", check.Clean(nodes, findings), len(nodes))
	}
	return check.Conclude(held, findings)
}

func agentOf(n facts.Node, what string, a facts.Agent) (check.Finding, bool) {
	f := check.Finding{Subject: fmt.Sprintf("%s (%s)", n.Name, what), Nodes: []string{n.Name}}
	switch {
	case a.Ready:
		return f, false
	case len(a.Trouble) == 0 && a.NotRun == "":
		f.Verdict, f.Says = check.Unknown, "it is not Ready, and nothing says why"
		return f, true
	case len(a.Trouble) == 0:
		f.Verdict, f.Says = check.Unknown, a.NotRun
		return f, true
	}
	word, known := mostTelling(a.Trouble)
	f.Verdict = check.Fail
	f.Says = fmt.Sprintf("%s: %s", word.Reason, word.Message)
	if known.means != "" {
		f.Says = fmt.Sprintf("%s (%s)", known.means, f.Says)
	}
	for _, e := range a.Trouble {
		text := e.Message
		if e.Count > 1 {
			text = fmt.Sprintf("%s (%d times)", text, e.Count)
		}
		f.Evidence = append(f.Evidence, check.Evidence{Node: n.Name, Source: "event " + e.Reason, Text: text})
	}
	f.Remedy = known.remedy(n.Name, a.Pod)
	return f, true
}
