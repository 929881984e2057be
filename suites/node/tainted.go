package node

import (
	"fmt"
	"slices"
	"strings"

	"github.com/plumbline-net/plumbline/framework/check"
	"github.com/plumbline-net/plumbline/framework/facts"
	"github.com/plumbline-net/plumbline/suites/remedies"
)

// waiting are the last parts of the keys of taints that mean that a node's network is
// not ready: those of Kubernetes (well-known labels, annotations and taints,
// node.kubernetes.io/…), and those that network plugins set until their agent runs.
func waiting() []string {
	return []string{"agent-not-ready", "network-unavailable", "network-not-ready", "cni-not-ready", "not-ready", "unreachable"}
}

// keptOut are the nodes that a taint of a network that is not ready leaves out of the
// run. Nobody chose to leave them out, so that is a finding.
func keptOut(s *facts.Snapshot) []check.Finding {
	var out []check.Finding
	for _, n := range s.Nodes {
		for _, taint := range n.Taints {
			key, _, _ := strings.Cut(strings.Split(taint, ":")[0], "=")
			last := key[strings.LastIndex(key, "/")+1:]
			// The reason of an exclusion quotes the taint; the user's own choice does not.
			if n.Excluded == "" || !strings.Contains(n.Excluded, taint) || !slices.Contains(waiting(), last) {
				continue
			}
			out = append(out, taintFinding(s, n, taint))
			break
		}
	}
	return out
}

func taintFinding(s *facts.Snapshot, n facts.Node, taint string) check.Finding {
	agent, there := agentState(s, n.Name)
	f := check.Finding{
		Subject: n.Name, Nodes: []string{n.Name}, Verdict: check.Fail,
		Says:     fmt.Sprintf("the node's network is not ready: the taint %s keeps pods away, the suite's too, and %s", taint, agent),
		Evidence: []check.Evidence{{Node: n.Name, Source: "taint of the node", Text: taint}},
		Remedy: []check.Remedy{{
			Purpose: check.Find, Text: "See the pods of this node, and what keeps the network plugin's agent from being ready",
			Command: "kubectl get pods -A -o wide --field-selector spec.nodeName=" + n.Name + "; kubectl get daemonsets -A",
		}},
	}
	f.Remedy = append(f.Remedy, agentBack(s, n.Name, there)...)
	f.Remedy = append(f.Remedy, check.Remedy{
		Purpose: check.Verify, Text: "Check the taints: the agent removes it when it is ready", Command: "kubectl get node " + n.Name + " -o jsonpath='{.spec.taints}'",
	})
	return f
}

// agentBack are the steps that bring the network plugin's agent back to a node.
func agentBack(s *facts.Snapshot, node string, there bool) []check.Remedy {
	pods := newest(s)
	switch {
	case there:
		return []check.Remedy{remedies.RestartCNI(s, node)}
	case len(pods) == 0:
		return []check.Remedy{{Text: "Let the network plugin's DaemonSet place its agent on this node again: correct what its node selector, affinity or tolerations ask for"}}
	}
	namespace, name := remedies.DaemonSet(pods, s.Cluster.CNI)
	return remedies.Everywhere(namespace, name, node)
}

// newest are the plugin's pods as they were seen last.
func newest(s *facts.Snapshot) []facts.Pod {
	if s.Cluster.CNIPodsLast != nil {
		return s.Cluster.CNIPodsLast
	}
	return s.Cluster.CNIPods
}

// agentState says how the network plugin's agent is on a node, and whether it is there.
func agentState(s *facts.Snapshot, node string) (says string, there bool) {
	pods := newest(s)
	for _, p := range pods {
		if p.Node != node {
			continue
		}
		switch {
		case p.Ready:
			return fmt.Sprintf("the network plugin's agent %s is ready there by now", p.Name), true
		case p.Reason != "":
			return fmt.Sprintf("the network plugin's agent %s is not ready (%s)", p.Name, p.Reason), true
		}
		return fmt.Sprintf("the network plugin's agent %s is not ready", p.Name), true
	}
	if len(pods) == 0 {
		return "no pod of the network plugin's agent is known", false
	}
	return "the network plugin has no agent there", false
}
