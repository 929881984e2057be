package cni

import "strconv"

// The plugins of clouds: pods have addresses of the cloud's own network, so that
// no node has routes to another node's pods.

// awsVPC (github.com/aws/amazon-vpc-cni-k8s): rules and tables per pod, secondary interfaces.
func awsVPC() Plugin {
	return Plugin{
		Word: "aws-vpc", Display: "Amazon VPC CNI", Namespace: "kube-system",
		DaemonSets: []string{"aws-node"},
		ConfTypes:  []string{"aws-cni"},
		Devices:    []Device{{Stem: "eni", Role: PodEnd}, {Stem: "vlan.eth.", Role: Proxy}},
		Chains:     []string{"AWS-*"},
		Models:     []Model{VPC},
		Gateway:    LinkLocal, Policy: PolicyCompanion,
		Words: Words{
			PodRange: "AWS_VPC_K8S_CNI_EXCLUDE_SNAT_CIDRS in the environment of its DaemonSet",
			MTU: func(a Agent, mtu int) Step {
				return Step{
					Text:    "Set the MTU of pods (AWS_VPC_ENI_MTU), and let its agents start anew; pods take it when they are made anew",
					Command: "kubectl -n " + a.Namespace + " set env daemonset/" + a.DaemonSet + " AWS_VPC_ENI_MTU=" + number(mtu),
				}
			},
		},
	}
}

// azure (github.com/Azure/azure-container-networking).
func azure() Plugin {
	return Plugin{
		Word: "azure", Display: "Azure CNI", Namespace: "kube-system",
		DaemonSets: []string{"azure-cns", "azure-cni"},
		ConfTypes:  []string{"azure-vnet", "azure-cns"},
		Devices:    []Device{{Stem: "azv", Role: PodEnd}, {Stem: "azure0", Role: Bridge}},
		Chains:     []string{"AZURE-*"},
		Models:     []Model{VPC},
		Gateway:    LinkLocal, Policy: PolicyCompanion,
	}
}

// gke is Google's network without Dataplane V2 (which is Cilium's agent, anetd).
func gke() Plugin {
	return Plugin{
		Word: "gke", Display: "GKE's network", Namespace: "kube-system",
		DaemonSets: []string{"netd"},
		Devices:    []Device{{Stem: "gke", Role: PodEnd}},
		Chains:     []string{"GKE-*"},
		Models:     []Model{VPC},
		Gateway:    OwnAddress, Policy: PolicyCompanion,
	}
}

func number(n int) string { return strconv.Itoa(n) }
