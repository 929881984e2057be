package cni

import "slices"

// canal is flannel's network with Calico's policies (docs.tigera.io, "Install
// Calico for policy and flannel for networking").
func canal() Plugin {
	network, policies := flannel(), calico()
	out := network
	out.Word, out.Display, out.Namespace = "canal", "Canal", "kube-system"
	out.DaemonSets, out.ConfTypes = []string{"canal", "rke2-canal"}, []string{"calico"}
	out.Devices = slices.Concat(network.Devices, policies.Devices)
	out.Chains, out.Tables = slices.Concat(network.Chains, policies.Chains), slices.Concat(network.Tables, policies.Tables)
	out.Parts = []string{network.Word, policies.Word}
	out.Policy, out.Gateway = PolicyYes, LinkLocal
	out.Logs = slices.Concat(network.Logs, policies.Logs)
	out.Words.Config = "kubectl -n kube-system get configmap canal-config -o yaml"
	out.Words.Pools = `kubectl -n kube-system get configmap canal-config -o jsonpath='{.data.net-conf\.json}'`
	out.Words.MTU, out.Words.Port = canalMTU, canalPort
	out.Words.Policies = policies.Words.Policies
	return out
}
