package cni

// kubeOVN (kubeovn.github.io): flows of OVN in Open vSwitch, Geneve between the nodes.
func kubeOVN() Plugin {
	return Plugin{
		Word: "kube-ovn", Display: "Kube-OVN", Namespace: "kube-system",
		DaemonSets: []string{"kube-ovn-cni"},
		ConfTypes:  []string{"kube-ovn"},
		Devices:    []Device{{Stem: "ovn0", Role: GatewayDev}, {Stem: "mirror0", Role: Proxy, Exact: true}},
		Chains:     []string{"OVN-*"},
		Models:     []Model{OVS},
		Peers:      []Port{{Protocol: "udp", Number: 6081, What: "Geneve", Model: OVS}},
		Gateway:    ByProgram, Policy: PolicyYes, ReplacesProxy: true,
		Words: Words{
			Pools:    "kubectl get subnets.kubeovn.io",
			PodRange: "its subnets (natOutgoing)",
		},
	}
}
