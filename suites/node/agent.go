package node

import (
	_ "embed" // the explanation page
	"fmt"
	"slices"
	"strings"

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
	var words []word
	for _, n := range nodes {
		if w, bad := agentOf(s, n, "host agent", n.NodeAgent, s.Run.Namespace); bad && !s.Run.Unprivileged {
			words = append(words, w)
		}
		if w, bad := agentOf(s, n, "probe pod", n.PodAgent, s.Run.Namespace); bad {
			words = append(words, w)
		}
	}
	findings := alike(words)
	held := fmt.Sprintf("both probe pods run on %d of %d nodes", check.Clean(nodes, findings), len(nodes))
	if s.Run.Unprivileged {
		held = fmt.Sprintf("the probe pod runs on %d of %d nodes; the host agent was left out by choice", check.Clean(nodes, findings), len(nodes))
	}
	return check.Conclude(held, findings)
}

// word is what one agent's absence is put down to.
type word struct {
	node, what string
	check.Finding
}

func agentOf(s *facts.Snapshot, n facts.Node, what string, a facts.Agent, namespace string) (word, bool) {
	w := word{node: n.Name, what: what}
	switch {
	case a.Ready:
		return w, false
	case len(a.Trouble) == 0 && a.NotRun == "":
		w.Says = "it is not Ready, and nothing says why"
		return w, true
	case len(a.Trouble) == 0 && idleKind(a.Kept) != "":
		w.Finding = idle(s, a.Kept)
		return w, true
	case len(a.Trouble) == 0:
		w.Says = a.NotRun
		if strings.Contains(a.NotRun, kubeletPort) {
			w.Remedy = unreachable.remedy(s, n.Name, a.Pod, namespace)
		}
		return w, true
	}
	event, known := mostTelling(a.Trouble)
	if known.network {
		w.Verdict = check.Fail
	}
	w.Says = fmt.Sprintf("%s: %s", event.Reason, event.Message)
	if known.means != "" {
		w.Says = fmt.Sprintf("%s (%s)", known.means, w.Says)
	}
	for _, e := range a.Trouble {
		text := e.Message
		if e.Count > 1 {
			text = fmt.Sprintf("%s (%d times)", text, e.Count)
		}
		w.Evidence = append(w.Evidence, check.Evidence{Node: n.Name, Source: "event " + e.Reason, Text: text})
	}
	w.Remedy = known.remedy(s, n.Name, a.Pod, namespace)
	return w, true
}

// kubeletPort is where the API server asks the kubelet for an exec or a log.
const kubeletPort = ":10250"

// alike makes one finding of those that say the same: what keeps the pods from
// every node is one thing, not one for each. Evidence and remedy are the first one's.
func alike(words []word) []check.Finding {
	var out []check.Finding
	var whats [][]string
	for _, w := range words {
		i := slices.IndexFunc(out, func(f check.Finding) bool { return f.Says == w.Says && f.Verdict == w.Verdict })
		if i < 0 {
			i = len(out)
			out, whats = append(out, w.Finding), append(whats, nil)
		}
		if !slices.Contains(out[i].Nodes, w.node) {
			out[i].Nodes = append(out[i].Nodes, w.node)
		}
		if !slices.Contains(whats[i], w.what) {
			whats[i] = append(whats[i], w.what)
		}
	}
	for i := range out {
		where := strings.Join(out[i].Nodes, ", ")
		if len(out[i].Nodes) > 3 {
			where = fmt.Sprintf("%d nodes", len(out[i].Nodes))
		}
		out[i].Subject = fmt.Sprintf("%s (%s)", where, strings.Join(whats[i], " and "))
	}
	return out
}
