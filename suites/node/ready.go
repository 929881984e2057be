package node

import (
	_ "embed" // the explanation page
	"fmt"
	"strings"

	"github.com/plumbline-net/plumbline/framework/check"
	"github.com/plumbline-net/plumbline/framework/distribution"
	"github.com/plumbline-net/plumbline/framework/facts"
	"github.com/plumbline-net/plumbline/suites/remedies"
)

//go:embed ready.md
var readyDoc string

// Ready promises that every node takes part in the cluster.
func Ready() check.Check {
	return check.Check{
		ID:       "node/ready",
		Promise:  "Every node is Ready, its network is available, and it is short of neither memory, disk nor process ids.",
		Level:    check.Core,
		Needs:    []check.Need{check.NeedAPI},
		Doc:      readyDoc,
		Evaluate: ready,
	}
}

// wanted are the conditions judged, with the status each should have
// (Kubernetes documentation, "Node Status").
var wanted = []struct{ kind, status string }{
	{"Ready", "True"},
	{"NetworkUnavailable", "False"},
	{"MemoryPressure", "False"},
	{"DiskPressure", "False"},
	{"PIDPressure", "False"},
}

func ready(s *facts.Snapshot) check.Result {
	nodes := s.Selected()
	if len(nodes) == 0 {
		return check.Unknownf("no node is under test%s", leftOut(s))
	}
	findings := keptOut(s)
	for _, n := range nodes {
		if f, bad := conditionsOf(s, n); bad {
			findings = append(findings, f)
		}
	}
	return check.Conclude(fmt.Sprintf("%d of %d nodes are Ready and short of nothing%s",
		check.Clean(nodes, findings), len(nodes), leftOut(s)), findings)
}

// leftOut names every excluded node with the rule that left it out.
func leftOut(s *facts.Snapshot) string {
	var out []string
	for _, n := range s.Nodes {
		if n.Excluded != "" {
			out = append(out, fmt.Sprintf("%s (%s)", n.Name, n.Excluded))
		}
	}
	if len(out) == 0 {
		return ""
	}
	return "; left out: " + strings.Join(out, ", ")
}

// conditionsOf judges what the node's conditions were when the run began, and what
// they are at its end: the end counts, and what got well meanwhile is a Warning.
func conditionsOf(s *facts.Snapshot, n facts.Node) (check.Finding, bool) {
	before, bad := conditionsAt(s, n.Name, n.Conditions)
	if len(n.Last) == 0 {
		return before, bad
	}
	now, still := conditionsAt(s, n.Name, n.Last)
	switch {
	case still && !bad:
		now.Says += " at the end of the run; it was well when the run began"
		return now, true
	case still:
		return now, true
	case bad:
		before.Verdict = check.Warn
		before.Says += " when the run began; it is well at the end of the run"
		return before, true
	}
	return now, false
}

func conditionsAt(s *facts.Snapshot, node string, conditions []facts.Condition) (check.Finding, bool) {
	f := check.Finding{Subject: node, Nodes: []string{node}, Verdict: check.Fail}
	seen := map[string]facts.Condition{}
	for _, c := range conditions {
		seen[c.Type] = c
	}
	if seen["Ready"].Status == "" {
		f.Verdict, f.Says = check.Unknown, "the node has no condition Ready, so nothing can be said of it"
		return f, true
	}
	var wrong []string
	for _, w := range wanted {
		c, ok := seen[w.kind]
		// NetworkUnavailable is set by some cloud providers and plugins only. A node
		// that is not heard of any more has Unknown everywhere; Ready says it once.
		if !ok || c.Status == w.status || c.Status == "Unknown" && len(wrong) > 0 {
			continue
		}
		wrong = append(wrong, fmt.Sprintf("%s is %s%s", c.Type, c.Status, inBrackets(c.Reason)))
		f.Evidence = append(f.Evidence, check.Evidence{Node: node, Source: "node condition " + c.Type, Text: conditionText(c)})
		f.Remedy = append(f.Remedy, conditionRemedy(s, node, c)...)
	}
	if len(wrong) == 0 {
		return f, false
	}
	f.Says = strings.Join(wrong, ", ")
	f.Remedy = append(f.Remedy, check.Remedy{Purpose: check.Verify, Text: "Check the node's conditions: Ready must be True, and all others False", Command: "kubectl get node " + node + " -o jsonpath='{range .status.conditions[*]}{.type}={.status}{\"\\n\"}{end}'"})
	return f, true
}

func inBrackets(reason string) string {
	if reason == "" {
		return ""
	}
	return " (" + reason + ")"
}

func conditionText(c facts.Condition) string {
	text := c.Status
	if c.Reason != "" {
		text += ", " + c.Reason
	}
	if c.Message != "" {
		text += ": " + c.Message
	}
	return text
}

func conditionRemedy(s *facts.Snapshot, node string, c facts.Condition) []check.Remedy {
	switch c.Type {
	case "Ready":
		kubelet := distribution.KubeletOf(s)
		return []check.Remedy{
			{Purpose: check.Find, Text: "Read what the kubelet says, and whether the container runtime runs", Node: node, Command: "journalctl " + kubelet.Log() + " --no-pager --since -10min | tail -40; systemctl is-active " + kubelet.Units() + " containerd crio"},
			{Text: "Start the kubelet, or restart it", Node: node, Command: kubelet.Restart()},
			{Purpose: check.Last, Text: "Let it start at every boot", Node: node, Command: "systemctl enable " + kubelet.Units()},
		}
	case "NetworkUnavailable":
		return []check.Remedy{
			{Purpose: check.Find, Text: "Look at the network plugin's agent on this node: it clears the condition when it is ready", Command: "kubectl get pods -A -o wide --field-selector spec.nodeName=" + node},
			remedies.RestartCNI(s, node),
		}
	case "MemoryPressure":
		return []check.Remedy{
			{Purpose: check.Find, Text: "See which processes hold the memory", Node: node, Command: "ps aux --sort=-rss | head"},
			{Purpose: check.Find, Text: "See which containers hold it (MEM)", Node: node, Command: "crictl stats | sort -rhk4 | head -20"},
			{Text: "Limit, stop or move what holds it, as its owner decides; the kubelet evicts pods until there is memory again"},
		}
	case "DiskPressure":
		return []check.Remedy{
			{Purpose: check.Find, Text: "See which file system is full", Node: node, Command: "df -h; df -i"},
			{Text: "Remove images that no pod uses", Node: node, Command: "crictl rmi --prune"},
			{Text: "Shorten the logs", Node: node, Command: "journalctl --vacuum-size=200M"},
		}
	case "PIDPressure":
		return []check.Remedy{
			{Purpose: check.Find, Text: "See who has the most processes", Node: node, Command: "ps -eLo comm= | sort | uniq -c | sort -rn | head"},
			{Text: "Limit, stop or move what has so many, as its owner decides"},
		}
	default:
		return nil
	}
}
