package remedies

import (
	"fmt"
	"strings"

	"github.com/plumbline-net/plumbline/framework/check"
	"github.com/plumbline-net/plumbline/framework/facts"
	"github.com/plumbline-net/plumbline/framework/recognise"
)

// RestartProxy restarts what serves the Services on one node: kube-proxy's pod, the
// service of the host that is or contains it, or the network plugin's agent where
// that does it.
func RestartProxy(s *facts.Snapshot, node string) check.Remedy {
	p := recognise.ServiceProxy(s)
	if p.Form == recognise.Replaced {
		return RestartCNI(s, node)
	}
	out := check.Remedy{Text: fmt.Sprintf("Restart kube-proxy on %s: it writes all of its rules anew when it starts", node)}
	switch p.Form {
	case recognise.Host:
		out.Node, out.Command = node, "systemctl restart kube-proxy"
	case recognise.Embedded:
		out.Text = fmt.Sprintf("Restart %s on %s: kube-proxy is a part of its process, and writes all of its rules anew; pods go on running", p.Distribution.Name, node)
		out.Node, out.Command = node, "systemctl try-restart "+strings.Join(p.Distribution.Units, " ")
	case recognise.StaticPods:
		out.Node = node
		out.Text += "; the kubelet starts a static pod again when its container ends"
		out.Command = "crictl stop $(crictl ps -q --name kube-proxy)"
	case recognise.Missing:
		return check.Remedy{
			Purpose: check.Find, Text: "No kube-proxy was found on any node, so there is none to restart: see component/kube-proxy",
			Command: "kubectl get daemonsets,pods -A -o wide | grep -i proxy",
		}
	default:
		out.Command = fmt.Sprintf("kubectl -n %s delete pod -l k8s-app=kube-proxy --field-selector spec.nodeName=%s", proxyNamespace(s), node)
		if pod, ok := proxyPod(s, node); ok && pod.Namespace != "kube-system" {
			out.Command = fmt.Sprintf("kubectl -n %s delete pod %s", pod.Namespace, pod.Name)
		}
	}
	return out
}

// RestartProxies lets every node run what its configuration says.
func RestartProxies(s *facts.Snapshot, node string) []check.Remedy {
	if p := recognise.ServiceProxy(s); p.Form != recognise.InPods {
		return []check.Remedy{RestartProxy(s, node)}
	}
	namespace, name := DaemonSet(s.Cluster.KubeProxy, "kube-proxy")
	return []check.Remedy{
		{Text: "Let every node run what the DaemonSet and its configuration say", Command: fmt.Sprintf("kubectl -n %s rollout restart daemonset %s", namespace, name)},
		{Purpose: check.Verify, Text: "Check that it is done: it must say \"successfully rolled out\"", Command: fmt.Sprintf("kubectl -n %s rollout status daemonset %s", namespace, name)},
	}
}

// ProxyState shows how what serves the Services on one node fares, with its log.
func ProxyState(s *facts.Snapshot, node string) check.Remedy {
	p := recognise.ServiceProxy(s)
	out := check.Remedy{Purpose: check.Find, Text: "Is kube-proxy running on this node, and does its log tell of a failure?"}
	switch p.Form {
	case recognise.Host:
		out.Node, out.Command = node, "systemctl status --no-pager kube-proxy; journalctl -u kube-proxy --no-pager -n 40"
	case recognise.Embedded:
		units := strings.Join(p.Distribution.Units, " -u ")
		out.Node, out.Command = node, fmt.Sprintf("journalctl -u %s --no-pager -n 200 | grep -iE 'proxier|kube-proxy'", units)
	case recognise.Replaced:
		out.Text = "Is the network plugin's agent running on this node? It serves the Services in kube-proxy's place"
		out.Command = "kubectl get pods -A -o wide --field-selector spec.nodeName=" + node
	default:
		out.Command = fmt.Sprintf("kubectl -n %s get pods -l k8s-app=kube-proxy -o wide --field-selector spec.nodeName=%s; kubectl -n %[1]s logs --tail=30 -l k8s-app=kube-proxy --prefix",
			proxyNamespace(s), node)
		if pod, ok := proxyPod(s, node); ok && (pod.Namespace != "kube-system" || p.Form == recognise.StaticPods) {
			out.Command = fmt.Sprintf("kubectl -n %s get pod %s -o wide; kubectl -n %[1]s logs --tail=50 %[2]s", pod.Namespace, pod.Name)
		}
	}
	return out
}

// KeepProxySetting says where a setting of kube-proxy is written.
func KeepProxySetting(s *facts.Snapshot, what string) check.Remedy {
	p := recognise.ServiceProxy(s)
	switch p.Form {
	case recognise.Host:
		return check.Remedy{
			Purpose: check.Last, Text: "kube-proxy sets it when it starts: write " + what + " in the file that --config of its service names, on each node, and restart it",
			Command: "systemctl cat kube-proxy | grep -- --config; systemctl restart kube-proxy",
		}
	case recognise.Embedded:
		return check.Remedy{
			Purpose: check.Last, Text: fmt.Sprintf("kube-proxy sets it when it starts: give %s to kube-proxy in %s of each node, and restart %s", what, p.Distribution.KubeletConfig, p.Distribution.Name),
			Command: "grep -n kube-proxy " + p.Distribution.KubeletConfig,
		}
	case recognise.Replaced, recognise.Missing:
		return check.Remedy{
			Purpose: check.Find, Text: "No kube-proxy runs here. See whether the network plugin that serves the Services sets " + what,
			Command: ShowConfig(s),
		}
	case recognise.StaticPods:
		return check.Remedy{
			Purpose: check.Last, Text: "kube-proxy sets it when it starts: write " + what + " in the manifest of its static pod, or where the distribution makes it from, on each node",
			Command: "grep -rn kube-proxy /etc/kubernetes/manifests " + p.Distribution.KubeletConfig,
		}
	default:
		namespace, name := DaemonSet(s.Cluster.KubeProxy, "kube-proxy")
		return check.Remedy{
			Purpose: check.Last, Text: "kube-proxy sets it when it starts: write " + what + " in its configuration (config.conf), and start it anew",
			Command: fmt.Sprintf("kubectl -n %s edit configmap kube-proxy && kubectl -n %[1]s rollout restart daemonset %s", namespace, name),
		}
	}
}

func proxyPod(s *facts.Snapshot, node string) (facts.Pod, bool) {
	for _, pods := range [][]facts.Pod{s.Cluster.KubeProxyLast, s.Cluster.KubeProxy} {
		for _, p := range pods {
			if p.Node == node && !p.Terminating {
				return p, true
			}
		}
	}
	return facts.Pod{}, false
}

func proxyNamespace(s *facts.Snapshot) string {
	namespace, _ := DaemonSet(s.Cluster.KubeProxy, "kube-proxy")
	return namespace
}
