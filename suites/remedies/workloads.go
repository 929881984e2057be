package remedies

import (
	"fmt"
	"strings"

	"github.com/plumbline-net/plumbline/framework/check"
	"github.com/plumbline-net/plumbline/framework/facts"
)

// DaemonSet is the owner of the first pod that has one of that kind; the name is
// otherwise where nothing tells it.
func DaemonSet(pods []facts.Pod, otherwise string) (namespace, name string) {
	namespace, name = "kube-system", otherwise
	for _, p := range pods {
		if owner, ok := strings.CutPrefix(p.Owner, "DaemonSet/"); ok {
			return p.Namespace, owner
		}
		namespace = p.Namespace
	}
	return namespace, name
}

// Everywhere are the steps where a DaemonSet has no pod on a node: what keeps it
// away is its node selector, its affinity, or a taint of the node (Kubernetes
// documentation, "DaemonSet", "How Daemon Pods are scheduled").
func Everywhere(namespace, name, node string) []check.Remedy {
	return []check.Remedy{
		{
			Purpose: check.Find, Text: "See what keeps the DaemonSet's pod away: a taint or label of the node against its selector, affinity and tolerations; or a quota",
			Command: fmt.Sprintf("kubectl -n %s describe daemonset %s | tail -20; kubectl -n %s get daemonset %s -o jsonpath='{.spec.template.spec.nodeSelector}{.spec.template.spec.affinity}{.spec.template.spec.tolerations}'; "+
				"kubectl get node %s -o jsonpath='{.spec.taints}{.metadata.labels}'", namespace, name, namespace, name, node),
		},
		{
			Text: "Let it run on every Linux node again: no affinity, no selector but the system, every taint tolerated",
			Command: fmt.Sprintf(`kubectl -n %s patch daemonset %s --type json -p '[{"op":"add","path":"/spec/template/spec/nodeSelector","value":{"kubernetes.io/os":"linux"}},`+
				`{"op":"add","path":"/spec/template/spec/affinity","value":{}},{"op":"add","path":"/spec/template/spec/tolerations","value":[{"operator":"Exists"}]}]'`, namespace, name),
		},
		{
			Purpose: check.Last, Text: "Where something applies its manifest again (GitOps, an installer, an add-on manager: its field managers are told here), correct it there too",
			Command: fmt.Sprintf("kubectl -n %s get daemonset %s --show-managed-fields -o jsonpath='{.metadata.managedFields[*].manager}'", namespace, name),
		},
		{
			Purpose: check.Verify, Text: "Check that a pod of it is on the node, Running and Ready",
			Command: fmt.Sprintf("kubectl -n %s get pods -o wide --field-selector spec.nodeName=%s | grep %s", namespace, node, name),
		},
	}
}

// Revive are the steps for a pod of a DaemonSet that does not run, or not well.
func Revive(p facts.Pod, otherwise string) []check.Remedy {
	namespace, set := DaemonSet([]facts.Pod{p}, otherwise)
	again := check.Remedy{
		Text:    "Let the pod be recreated",
		Command: fmt.Sprintf("kubectl -n %s delete pod %s", p.Namespace, p.Name),
	}
	back := check.Remedy{
		Text:    "If it broke with a change of the DaemonSet or of its image, go back to the version before",
		Command: fmt.Sprintf("kubectl -n %s rollout undo daemonset %s", namespace, set),
	}
	steps := []check.Remedy{again, back}
	if strings.Contains(p.Reason, "Image") || strings.Contains(p.Reason, "Config") {
		steps = []check.Remedy{back, again} // the same image and configuration would not come up either
	}
	return append([]check.Remedy{
		{Purpose: check.Find, Text: "Read why it does not run", Command: fmt.Sprintf("kubectl -n %s describe pod %s", p.Namespace, p.Name)},
		{
			Purpose: check.Find, Text: "Read its last words",
			Command: fmt.Sprintf("kubectl -n %s logs %s --all-containers --tail=40 --previous || kubectl -n %s logs %s --all-containers --tail=40", p.Namespace, p.Name, p.Namespace, p.Name),
		},
	}, append(steps, check.Remedy{
		Purpose: check.Verify, Text: "Check the pod on this node: it must be Running with all containers READY, and RESTARTS must not grow",
		Command: fmt.Sprintf("kubectl -n %s get pods -o wide --field-selector spec.nodeName=%s | grep %s", p.Namespace, p.Node, set),
	})...)
}
