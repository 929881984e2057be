package component

import (
	_ "embed" // the explanation page
	"fmt"
	"slices"
	"strings"

	"github.com/plumbline-net/plumbline/framework/check"
	"github.com/plumbline-net/plumbline/framework/facts"
	"github.com/plumbline-net/plumbline/framework/recognise"
)

//go:embed kube_proxy_priority.md
var kubeProxyPriorityDoc string

// nodeCritical is the class that the kubelet never evicts and for which the
// scheduler makes room (Kubernetes: "Guaranteed scheduling for critical add-on pods").
const nodeCritical = "system-node-critical"

// KubeProxyPriority promises that kube-proxy is not the first to be evicted.
func KubeProxyPriority() check.Check {
	return check.Check{
		ID:       "component/kube-proxy-priority",
		Promise:  "The priority class of kube-proxy is system-node-critical.",
		Level:    check.Core,
		Needs:    []check.Need{check.NeedAPI},
		Doc:      kubeProxyPriorityDoc,
		Evaluate: kubeProxyPriority,
	}
}

func kubeProxyPriority(s *facts.Snapshot) check.Result {
	if p, none := noProxyPod(s); none {
		switch {
		case refusedPods(s):
			return unseenProxy(s)
		case p.Form == recognise.Replaced:
			return check.Skipf("no kube-proxy here: %s serves the Services in its place", cniName(s))
		case p.Form == recognise.Host:
			return check.Skipf("kube-proxy is a host process here: it has no priority class")
		case p.Form == recognise.Embedded:
			return check.Skipf("kube-proxy is a host process here, a part of %s's: it has no priority class", p.Distribution.Name)
		case p.Form == recognise.Missing:
			return check.Skipf("there is no kube-proxy here (see component/kube-proxy)")
		default:
			return unseenProxy(s)
		}
	}
	pods := newest(s.Cluster.KubeProxy, s.Cluster.KubeProxyLast)
	if len(pods) == 0 {
		return check.Unknownf("kube-proxy has no pod whose priority class could be read")
	}
	nodes := map[string][]string{} // by class
	evidence := map[string][]check.Evidence{}
	for _, p := range pods {
		if p.PriorityClass == nodeCritical {
			continue
		}
		if p.Node != "" {
			nodes[p.PriorityClass] = append(nodes[p.PriorityClass], p.Node)
		}
		evidence[p.PriorityClass] = append(evidence[p.PriorityClass], podEvidence(p))
	}
	wrong := 0
	var findings []check.Finding
	for class, seen := range evidence {
		on := slices.Compact(slices.Sorted(slices.Values(nodes[class])))
		wrong += len(seen)
		findings = append(findings, wrongClass(pods[0], class, on, seen))
	}
	slices.SortFunc(findings, func(a, b check.Finding) int { return strings.Compare(a.Says, b.Says) })
	return check.Conclude(fmt.Sprintf("%d of %d kube-proxy pods are %s",
		len(pods)-wrong, len(pods), nodeCritical), findings)
}

func wrongClass(one facts.Pod, class string, nodes []string, evidence []check.Evidence) check.Finding {
	says := fmt.Sprintf("kube-proxy has the priority class %s, not %s: under pressure it is evicted before pods that matter less", class, nodeCritical)
	if class == "" {
		says = fmt.Sprintf("kube-proxy has no priority class, it should be %s: under pressure it is evicted, or stays Pending on a new node", nodeCritical)
	}
	return check.Finding{
		Subject: "kube-proxy", Nodes: nodes, Verdict: check.Fail, Says: says, Evidence: evidence, Remedy: setClass(one),
	}
}

func setClass(p facts.Pod) []check.Remedy {
	name, namespace := "kube-proxy", p.Namespace
	if owner, ok := strings.CutPrefix(p.Owner, "DaemonSet/"); ok {
		name = owner
	}
	return []check.Remedy{
		{
			Text: "Set the class; the DaemonSet replaces its pods node by node, and the rules stay in place meanwhile",
			Command: fmt.Sprintf(`kubectl -n %s patch daemonset %s --type merge -p '{"spec":{"template":{"spec":{"priorityClassName":"%s"}}}}'`,
				namespace, name, nodeCritical),
		},
		{Purpose: check.Verify, Text: "Wait until it is done", Command: fmt.Sprintf("kubectl -n %s rollout status daemonset %s", namespace, name)},
		{
			Purpose: check.Verify,
			Text:    "Check the class: it must say " + nodeCritical,
			Command: fmt.Sprintf("kubectl -n %s get daemonset %s -o jsonpath='{.spec.template.spec.priorityClassName}'",
				namespace, name),
		},
	}
}
