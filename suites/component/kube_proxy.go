package component

import (
	_ "embed" // the explanation page
	"fmt"
	"slices"

	"github.com/plumbline-net/plumbline/framework/check"
	"github.com/plumbline-net/plumbline/framework/facts"
	"github.com/plumbline-net/plumbline/framework/recognise"
	"github.com/plumbline-net/plumbline/framework/symptom"
	"github.com/plumbline-net/plumbline/suites/remedies"
)

//go:embed kube_proxy.md
var kubeProxyDoc string

// manyRestarts is when a kube-proxy that is Ready now still deserves a look:
// a node's reboots cost one each, a crash loop passes this within half an hour.
const manyRestarts = 10

// KubeProxy promises that every node has a kube-proxy that is Ready.
func KubeProxy() check.Check {
	return check.Check{
		ID:       "component/kube-proxy",
		Promise:  "A Ready kube-proxy runs on every node, healthy and everywhere the same, or a network plugin which replaces it.",
		Level:    check.Core,
		Needs:    []check.Need{check.NeedAPI},
		Looks:    []facts.Look{facts.First, facts.Last},
		Doc:      kubeProxyDoc,
		Evaluate: kubeProxy,
	}
}

func kubeProxy(s *facts.Snapshot) check.Result {
	if p, none := noProxyPod(s); none {
		switch p.Form {
		case recognise.Replaced:
			return check.Conclude(fmt.Sprintf("no kube-proxy here: %s serves the Services in its place", cniName(s)), nil)
		case recognise.Missing:
			return proxyMissing(s, p)
		case recognise.Host, recognise.Embedded:
			return proxyOnHosts(s, p)
		default:
			return unseenProxy(s)
		}
	}
	nodes := s.Selected()
	if len(nodes) == 0 {
		return check.Unknownf("no node was looked at")
	}
	var findings []check.Finding
	for _, n := range nodes {
		if f, bad := proxyOf(s, n.Name); bad {
			findings = append(findings, heardOf(n, f))
		}
	}
	findings = append(findings, symptom.Findings(ownWords(s, nodes))...)
	return check.Conclude(fmt.Sprintf("a Ready kube-proxy on %d of %d nodes",
		check.Clean(nodes, findings), len(nodes)), findings)
}

// proxyOf judges one node by its kube-proxy at the beginning of the run and at its
// end. The end counts; one that was replaced or restarted meanwhile is a Warning.
func proxyOf(s *facts.Snapshot, node string) (check.Finding, bool) {
	before, bad := proxyAt(s.Cluster.KubeProxy, node)
	if len(s.Cluster.KubeProxyLast) == 0 {
		return before, bad
	}
	now, still := proxyAt(s.Cluster.KubeProxyLast, node)
	switch {
	case still && now.Verdict == check.Fail && !bad:
		now.Says += "; it was Ready when the run began"
		now.Kind = ""
		return now, true
	case still:
		return now, true
	case bad && before.Verdict == check.Fail:
		before.Verdict = check.Warn
		before.Says = "no kube-proxy was Ready here when the run began, and one is at the end of the run: it has just been started or replaced"
		before.Remedy = slices.DeleteFunc(before.Remedy, func(r check.Remedy) bool { return r.Purpose != check.Verify })
		return before, true
	}
	return now, false
}

// heardOf takes a failure back where nobody hears of the node; node/ready says
// what is wrong there.
func heardOf(n facts.Node, f check.Finding) check.Finding {
	if reason := unheard(n); reason != "" && f.Verdict == check.Fail {
		return check.Finding{
			Subject: f.Subject, Nodes: f.Nodes, Verdict: check.Unknown, Evidence: f.Evidence,
			Says: fmt.Sprintf("whether kube-proxy works here is not known: nothing is heard of the node (%s)", reason),
		}
	}
	return f
}

// proxyAt judges one node at one time. A pod that is Ready counts, whatever others
// are left behind there, such as an evicted one.
func proxyAt(pods []facts.Pod, node string) (check.Finding, bool) {
	f := check.Finding{Subject: node, Nodes: []string{node}, Verdict: check.Fail}
	var broken []facts.Pod
	for _, p := range pods {
		switch {
		case p.Node != node:
		case p.Ready && p.Restarts < manyRestarts:
			return f, false
		case p.Ready:
			f.Verdict = check.Warn
			f.Says = fmt.Sprintf("kube-proxy is Ready, but was restarted %d times", p.Restarts)
			f.Evidence, f.Remedy = []check.Evidence{podEvidence(p)}, remedies.Revive(p, kubeProxyName)
			return f, true
		default:
			broken = append(broken, p)
		}
	}
	if len(broken) == 0 {
		f.Kind = check.ProxyAbsent
		f.Says = "no kube-proxy pod on this node: no Service works from here, the cluster DNS included"
		namespace, name := remedies.DaemonSet(pods, kubeProxyName)
		f.Remedy = remedies.Everywhere(namespace, name, node)
		return f, true
	}
	p := broken[len(broken)-1]
	f.Says = fmt.Sprintf("kube-proxy is not Ready here (%s): Services stay as they were when it stopped, or do not work at all", podState(p))
	for _, p := range broken {
		f.Evidence = append(f.Evidence, podEvidence(p))
	}
	f.Remedy = remedies.Revive(p, kubeProxyName)
	return f, true
}

func podState(p facts.Pod) string {
	state := p.Phase
	if p.Terminating {
		state += ", being deleted"
	}
	if p.Reason != "" {
		state += ", " + p.Reason
	}
	if p.Message != "" {
		state += ": " + p.Message
	}
	return state
}

func podEvidence(p facts.Pod) check.Evidence {
	return check.Evidence{
		Node: p.Node, Source: "pod " + p.Namespace + "/" + p.Name,
		Text: fmt.Sprintf("%s; restarts %d, priority class %q", podState(p), p.Restarts, p.PriorityClass),
	}
}

// kubeProxyName is the usual name of its DaemonSet.
const kubeProxyName = "kube-proxy"
