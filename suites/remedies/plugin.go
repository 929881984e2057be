package remedies

import (
	"net/netip"
	"strings"

	"github.com/plumbline-net/plumbline/framework/cni"
	"github.com/plumbline-net/plumbline/framework/facts"
	"github.com/plumbline-net/plumbline/framework/recognise"
)

// agentOf is the DaemonSet of the network plugin; ok is false where it has none.
func agentOf(s *facts.Snapshot) (cni.Plugin, cni.Agent, bool) {
	p := cni.Of(s)
	namespace, set := p.Agent(s)
	return p, cni.Agent{Namespace: namespace, DaemonSet: set}, set != ""
}

// PluginMTU is the step by which the network plugin gets the MTU of pods.
func PluginMTU(s *facts.Snapshot, mtu int) (cni.Step, bool) {
	p, a, ok := agentOf(s)
	if !ok || p.Words.MTU == nil {
		return cni.Step{}, false
	}
	return p.Words.MTU(a, mtu), true
}

// PluginPort is the step that moves the network plugin's tunnel to another UDP port.
func PluginPort(s *facts.Snapshot, port int) (cni.Step, bool) {
	p, a, ok := agentOf(s)
	if !ok || p.Words.Port == nil {
		return cni.Step{}, false
	}
	return p.Words.Port(a, port), true
}

// PluginAddress is the step by which the network plugin uses an address of a node.
func PluginAddress(s *facts.Snapshot, node string, address netip.Addr) (cni.Step, bool) {
	p, a, ok := agentOf(s)
	if !ok || p.Words.Address == nil {
		return cni.Step{}, false
	}
	return p.Words.Address(a, node, address), true
}

// In names the setting in brackets, where the plugin has one.
func In(setting string) string {
	if setting == "" {
		return ""
	}
	return " (" + setting + ")"
}

// ShowConfig is the command that shows the network plugin's configuration.
func ShowConfig(s *facts.Snapshot) string {
	if command := cni.Of(s).Words.Config; command != "" {
		return command
	}
	return "kubectl get configmaps,daemonsets -A"
}

// ShowCNI is the command that shows the network plugin's agent on a node.
func ShowCNI(s *facts.Snapshot, node string) string {
	if _, a, ok := agentOf(s); ok {
		return "kubectl -n " + a.Namespace + " get pods -o wide --field-selector spec.nodeName=" + node
	}
	return "kubectl get pods -A -o wide --field-selector spec.nodeName=" + node
}

// ShowProxy is the command that shows the pods which serve the Services.
func ShowProxy(s *facts.Snapshot) string {
	p := recognise.ServiceProxy(s)
	if _, a, ok := agentOf(s); ok && p.Form == recognise.Replaced {
		return "kubectl -n " + a.Namespace + " get pods -o wide | grep " + a.DaemonSet
	}
	switch p.Form {
	case recognise.Host:
		return "systemctl status --no-pager kube-proxy"
	case recognise.Embedded:
		return "systemctl status --no-pager " + strings.Join(p.Distribution.Units, " ")
	case recognise.Replaced, recognise.Missing:
		return "kubectl get daemonsets -A"
	case recognise.Unknown, recognise.InPods, recognise.StaticPods:
	}
	return "kubectl -n " + proxyNamespace(s) + " get pods -o wide | grep kube-proxy"
}

// ShowPolicies is the command that shows the network policies that hold in a
// namespace, those of the network plugin's own kinds too.
func ShowPolicies(s *facts.Snapshot, namespace string) string {
	out := "kubectl -n " + namespace + " get networkpolicies"
	if kinds := cni.Of(s).Words.Policies; len(kinds) > 0 {
		out += "; kubectl get " + strings.Join(kinds, ",") + " -A"
	}
	return out
}
