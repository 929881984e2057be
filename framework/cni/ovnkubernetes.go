package cni

import (
	"encoding/json"
	"net/netip"

	"github.com/plumbline-net/plumbline/framework/facts"
)

// ovnKubernetes (ovn-kubernetes.io; OpenShift's network): flows of OVN in Open
// vSwitch, Geneve between the nodes.
func ovnKubernetes() Plugin {
	return Plugin{
		Word: "ovn-kubernetes", Display: "OVN-Kubernetes", Namespace: "ovn-kubernetes",
		DaemonSets: []string{"ovnkube-node"},
		ConfTypes:  []string{"ovn-k8s-cni-overlay"},
		Devices: []Device{
			{Stem: "ovn-k8s-", Role: GatewayDev},
			{Stem: "genev_sys_", Role: Tunnel, UDP: 6081},
			{Stem: "br-ex", Role: Bridge},
		},
		Chains: []string{"OVN-KUBE-*"}, Tables: []string{"ovn-kubernetes"},
		Models:  []Model{OVS},
		Peers:   []Port{{Protocol: "udp", Number: 6081, What: "Geneve", Model: OVS}},
		Gateway: ByProgram, Policy: PolicyYes, ReplacesProxy: true,
		Words: Words{
			Pools:    "kubectl get nodes -o yaml | grep k8s.ovn.org/node-subnets",
			PodRange: "the cluster's pod range in its configuration",
			Policies: []string{"adminnetworkpolicies.policy.networking.k8s.io", "egressfirewalls.k8s.ovn.org"},
		},
		published: ovnAnnotations,
	}
}

// ovnAnnotations reads each node's part of the default network: {"default":["10.128.0.0/23"]}.
func ovnAnnotations(annotations map[string]string) facts.Published {
	var subnets map[string][]netip.Prefix
	if json.Unmarshal([]byte(annotations["k8s.ovn.org/node-subnets"]), &subnets) != nil {
		return facts.Published{}
	}
	return facts.Published{PodCIDRs: subnets["default"]}
}
