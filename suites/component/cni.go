package component

import (
	_ "embed" // the explanation page
	"fmt"
	"slices"
	"strings"

	"github.com/plumbline-net/plumbline/framework/check"
	"github.com/plumbline-net/plumbline/framework/cni"
	"github.com/plumbline-net/plumbline/framework/facts"
	"github.com/plumbline-net/plumbline/framework/figures"
	"github.com/plumbline-net/plumbline/framework/symptom"
	"github.com/plumbline-net/plumbline/suites/remedies"
)

//go:embed cni.md
var cniDoc string

// beyond begins the reason of a log that was left out by choice: of a large cluster a
// part of the logs is read, and how many stands in the result.
const beyond = "only "

// CNI promises that the network plugin's agent works on every node.
func CNI() check.Check {
	return check.Check{
		ID:       "component/cni",
		Promise:  "The network plugin's agent is Ready on every node, is not restarted during the run, and logs no known failure.",
		Level:    check.Core,
		Needs:    []check.Need{check.NeedAPI},
		Looks:    []facts.Look{facts.Last},
		Doc:      cniDoc,
		Evaluate: agents,
	}
}

func agents(s *facts.Snapshot) check.Result {
	if why, bad := refused(s, "network plugin"); bad {
		return check.Unknownf("%s", why)
	}
	if !s.Cluster.CNIExpected && len(s.Cluster.CNIPods) == 0 {
		if why, bad := refused(s, "DaemonSets"); bad {
			return check.Unknownf("%s", why)
		}
		return check.Skipf("the network plugin was not recognised by a DaemonSet of its own, so there is no agent to look at")
	}
	nodes := s.Selected()
	if len(nodes) == 0 {
		return check.Unknownf("no node was looked at")
	}
	var found []symptom.Symptom
	for _, n := range nodes {
		found = append(found, agentOf(s, n)...)
	}
	read, more := readLogs(s)
	findings := symptom.Findings(append(found, more...))
	held := fmt.Sprintf("the agent of %s is Ready, and tells of no failure, on %d of %d nodes; %s read",
		cniName(s), check.Clean(nodes, findings), len(nodes), figures.Count(read, "log"))
	return check.Conclude(held, findings)
}

// readLogs judges the logs of the nodes under test, and counts those that were read.
func readLogs(s *facts.Snapshot) (read int, out []symptom.Symptom) {
	for _, log := range s.Cluster.CNILogs {
		n := s.Node(log.Node)
		switch {
		case n == nil || n.Excluded != "" || strings.HasPrefix(log.NotRun, beyond):
		case log.NotRun != "":
			out = append(out, symptom.Unknown(log.Node, "what the network plugin's agent logged is not known: "+log.NotRun))
		default:
			read++
			out = append(out, logged(s, log)...)
		}
	}
	if read == 0 && len(out) == 0 {
		for _, n := range s.Selected() {
			out = append(out, symptom.Unknown(n.Name, "what the network plugin's agent logged is not known: no log was read"))
		}
	}
	return read, out
}

// agentOf judges the agent of one node as it was seen last, and what became of it meanwhile.
func agentOf(s *facts.Snapshot, n facts.Node) []symptom.Symptom {
	first, now := onNode(s.Cluster.CNIPods, n.Name), onNode(newest(s.Cluster.CNIPods, s.Cluster.CNIPodsLast), n.Name)
	i := slices.IndexFunc(now, func(p facts.Pod) bool { return p.Ready })
	if i < 0 {
		leaving := slices.ContainsFunc(onNode(s.Cluster.CNIPodsLast, n.Name), func(p facts.Pod) bool { return p.Terminating })
		return []symptom.Symptom{notReady(s, n, now, leaving)}
	}
	p := now[i]
	out := classOf(p)
	before := slices.IndexFunc(first, func(o facts.Pod) bool { return o.Name == p.Name })
	x := symptom.Symptom{Node: n.Name, Evidence: []check.Evidence{podEvidence(p)}, Remedy: remedies.Revive(p, agentName(s))}
	switch {
	case before >= 0 && p.Restarts > first[before].Restarts:
		x.Verdict, x.Kind = check.Fail, "restarted"
		x.Says = fmt.Sprintf("%s was restarted while the probes ran (restarts %d → %d)", p.Name, first[before].Restarts, p.Restarts)
	case before < 0:
		x.Verdict, x.Kind = check.Warn, "replaced"
		x.Says = fmt.Sprintf("%s took the place of another pod while the probes ran", p.Name)
	case !first[before].Ready:
		x.Verdict, x.Kind = check.Warn, "late"
		x.Says = fmt.Sprintf("%s was not Ready when the run began (%s), and is at its end", p.Name, podState(first[before]))
	case p.Restarts >= manyRestarts:
		x.Verdict, x.Kind = check.Warn, "often"
		x.Says = fmt.Sprintf("%s is Ready, but was restarted %d times", p.Name, p.Restarts)
	default:
		return out
	}
	return append(out, x)
}

func notReady(s *facts.Snapshot, n facts.Node, pods []facts.Pod, leaving bool) symptom.Symptom {
	if reason := unheard(n); reason != "" {
		return symptom.Unknown(n.Name, fmt.Sprintf("whether the agent of %s works here is not known: nothing is heard of the node (%s)", cniName(s), reason))
	}
	out := symptom.Symptom{Node: n.Name, Verdict: check.Fail, Kind: "missing"}
	if len(pods) == 0 {
		out.Says = fmt.Sprintf("no agent of %s on this node: its pods get no network, and routes to and from it are not kept", cniName(s))
		namespace, name := remedies.DaemonSet(s.Cluster.CNIPods, agentName(s))
		out.Remedy = remedies.Everywhere(namespace, name, n.Name)
		if leaving {
			out.Verdict, out.Kind = check.Warn, "leaving"
			out.Says = fmt.Sprintf("the agent of %s on this node is being deleted, and none had taken its place when the run ended", cniName(s))
		}
		return out
	}
	p := pods[len(pods)-1]
	out.Kind = "not ready " + p.Reason
	out.Says = fmt.Sprintf("the agent of %s is not Ready here (%s): new pods get no network, and routes are not kept", cniName(s), podState(p))
	for _, p := range pods {
		out.Evidence = append(out.Evidence, podEvidence(p))
	}
	out.Remedy = remedies.Revive(p, agentName(s))
	return out
}

// classOf warns of an agent that is evicted like any other pod.
func classOf(p facts.Pod) []symptom.Symptom {
	if p.PriorityClass == nodeCritical || p.PriorityClass == clusterCritical {
		return nil
	}
	kind, name := "DaemonSet", "$(kubectl -n "+p.Namespace+" get pod "+p.Name+" -o jsonpath='{.metadata.ownerReferences[0].name}')"
	if owner, ok := ownerName(p, kind); ok {
		name = owner
	}
	return []symptom.Symptom{{
		Node: p.Node, Verdict: check.Warn, Kind: "class " + p.PriorityClass,
		Says:     fmt.Sprintf("the network plugin's agent has the priority class %q, not %s: under pressure it is evicted like any other pod", p.PriorityClass, nodeCritical),
		Evidence: []check.Evidence{podEvidence(p)},
		Remedy: []check.Remedy{
			{Text: "Set the class; the DaemonSet replaces its pods node by node", Command: fmt.Sprintf(`kubectl -n %s patch daemonset %s --type merge -p '{"spec":{"template":{"spec":{"priorityClassName":"%s"}}}}'`, p.Namespace, name, nodeCritical)},
			{Purpose: check.Verify, Text: "Check the class: it must say " + nodeCritical, Command: fmt.Sprintf("kubectl -n %s get daemonset %s -o jsonpath='{.spec.template.spec.priorityClassName}'", p.Namespace, name)},
		},
	}}
}

// agentName is the usual name of the agent's DaemonSet, for where no pod tells it.
func agentName(s *facts.Snapshot) string {
	if name := cni.Of(s).AgentName(); name != "" {
		return name
	}
	return "$(kubectl get daemonsets -A -o name | grep -E 'cni|net' | head -1 | cut -d/ -f2)"
}
