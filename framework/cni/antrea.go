package cni

// antrea (antrea.io/docs): flows in Open vSwitch, Geneve between the nodes unless
// it is configured otherwise.
func antrea() Plugin {
	return Plugin{
		Word: "antrea", Display: "Antrea", Namespace: "kube-system",
		DaemonSets: []string{"antrea-agent"},
		ConfTypes:  []string{"antrea"},
		Devices: []Device{
			{Stem: "antrea-tun", Role: Tunnel},
			{Stem: "antrea-gw", Role: GatewayDev},
			{Stem: "antrea-", Role: Proxy},
		},
		Chains: []string{"ANTREA-*"}, Tables: []string{"antrea*"},
		Models: []Model{OVS},
		Peers: []Port{
			{Protocol: "udp", Number: 6081, What: "Geneve", Model: OVS},
			{Protocol: "tcp", Number: 10351, What: "memberlist", Model: OVS},
		},
		Gateway: ByProgram, Policy: PolicyYes, ReplacesProxy: true,
		Words: Words{
			Config:   "kubectl -n kube-system get configmap antrea-config -o yaml",
			PodRange: "the nodes' pod CIDRs",
			Programs: func(a Agent, pod string) Step {
				return Step{Text: "See its flows", Command: "kubectl -n " + a.Namespace + " exec " + pod + " -c antrea-agent -- antctl get ovsflows"}
			},
			Policies: []string{"networkpolicies.crd.antrea.io", "clusternetworkpolicies.crd.antrea.io"},
		},
	}
}
