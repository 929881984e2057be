package cni

// weave (github.com/rajch/weave, docs): one bridge over all nodes, with a range of
// its own from which every node takes addresses.
func weave() Plugin {
	return Plugin{
		Word: "weave", Display: "Weave", Namespace: "kube-system",
		DaemonSets: []string{"weave-net"},
		ConfTypes:  []string{"weave-net"},
		Devices: []Device{
			{Stem: "vxlan-6784", Role: Tunnel, UDP: 6784},
			{Stem: "weave", Role: Bridge},
			{Stem: "vethwe", Role: Proxy},
		},
		Chains: []string{"WEAVE*"},
		Models: []Model{OVS},
		Peers: []Port{
			{Protocol: "tcp", Number: 6783, What: "control", Model: OVS},
			{Protocol: "udp", Number: 6784, What: "VXLAN", Model: OVS},
		},
		Gateway: OfBridge, Policy: PolicyYes,
		Words: Words{
			PodRange: "IPALLOC_RANGE in the environment of its DaemonSet",
			MTU: func(a Agent, mtu int) Step {
				return Step{
					Text:    "Set Weave's MTU (WEAVE_MTU), and let its agents start anew; pods take it when they are made anew",
					Command: "kubectl -n " + a.Namespace + " set env daemonset/" + a.DaemonSet + " -c weave WEAVE_MTU=" + number(mtu),
				}
			},
			Sessions: func(a Agent, pod string) Step {
				return Step{Text: "See which connections to peers are established", Command: "kubectl -n " + a.Namespace + " exec " + pod + " -c weave -- /home/weave/weave --local status connections"}
			},
		},
	}
}
