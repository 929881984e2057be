package cni

// kindnet (kind.sigs.k8s.io, github.com/kubernetes-sigs/kind/images/kindnetd): ptp
// links, and a route for each other node by its address.
func kindnet() Plugin {
	return Plugin{
		Word: "kindnet", Display: "kindnet", Namespace: "kube-system",
		DaemonSets: []string{"kindnet"},
		Chains:     []string{"KIND-*"}, Tables: []string{"kindnet*", "kube-network-policies"},
		Models:  []Model{NodeDirect},
		Gateway: OwnAddress, Policy: PolicyYes,
		Words: Words{
			Range:    "cat /etc/cni/net.d/10-kindnet.conflist",
			PodRange: "POD_SUBNET in the environment of its DaemonSet",
			MTU: func(a Agent, mtu int) Step {
				return Step{
					Text:    "kindnet takes the MTU of the node's interface: correct that, and restart its agents; pods take it when they are made anew",
					Command: a.Restart(),
				}
			},
		},
	}
}
