package cni

import "fmt"

// kubeRouter (github.com/cloudnativelabs/kube-router, docs): pods on kube-bridge,
// routes that the nodes tell each other by BGP; to nodes in another subnet by IPIP
// tunnels (tun-*). Some distributions run its policies beside another plugin.
func kubeRouter() Plugin {
	return Plugin{
		Word: "kube-router", Display: "kube-router", Namespace: "kube-system",
		DaemonSets: []string{"kube-router"},
		Devices: []Device{
			{Stem: "kube-bridge", Role: Bridge},
			{Stem: "kube-dummy-if", Role: Proxy},
			{Stem: "kube-tunnel-", Role: Tunnel},
			{Stem: "tun-", Role: Tunnel},
		},
		Chains: []string{"KUBE-ROUTER-*", "KUBE-NWPLCY-*", "KUBE-POD-FW-*"},
		Models: []Model{NodeDirect, NodeTunnel},
		Peers: []Port{
			{Protocol: "tcp", Number: 179, What: "BGP", Model: NodeDirect},
			{Protocol: "ipip", What: "IP in IP", Model: NodeTunnel},
		},
		Gateway: OfBridge, Policy: PolicyYes, ReplacesProxy: true, Beside: true,
		Words: Words{
			Config:   "kubectl -n kube-system get daemonset kube-router -o yaml; kubectl -n kube-system get configmap kube-router-cfg -o yaml",
			Range:    "cat /etc/cni/net.d/10-kuberouter.conflist; ip -br address show dev kube-bridge",
			PodRange: "the nodes' pod CIDRs (its ipset kube-router-pod-subnets)",
			Hairpin:  "\"hairpinMode\": true in cni-conf.json of its ConfigMap kube-router-cfg",
			MTU: func(a Agent, mtu int) Step {
				return Step{
					Text: fmt.Sprintf("Set \"mtu\": %d in cni-conf.json of kube-router's ConfigMap (without it, it takes that of the node's interface), "+
						"and let its agents start anew; pods take it when they are made anew", mtu),
					Command: fmt.Sprintf("kubectl -n %s edit configmap kube-router-cfg && %s", a.Namespace, a.Restart()),
				}
			},
			Sessions: func(a Agent, pod string) Step {
				return Step{
					Text:    "See which BGP sessions are up: \"Establ\" must stand at every peer",
					Command: fmt.Sprintf("kubectl -n %s exec %s -- gobgp neighbor", a.Namespace, pod),
				}
			},
		},
	}
}
