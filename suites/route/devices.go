package route

import (
	"slices"
	"strings"
)

// ownDevice says whether a device is one by which network plugins and service
// proxies lead packets for the cluster's ranges, by its name: kube-proxy (ipvs),
// NodeLocal DNS, kube-router, antrea, ovn-kubernetes, Calico's eBPF, Cilium.
func ownDevice(name string) bool {
	return slices.ContainsFunc([]string{
		"kube-ipvs", "kube-dummy-if", "kube-bridge", "nodelocaldns", "antrea-", "ovn-k8s-", "br-ex", "ovn0", "bpfin.cali", "bpfnatin",
		"cilium_", "lxc", "cali", "vxlan.calico", "flannel", "tun-", "weave", "eni",
	}, func(stem string) bool { return strings.HasPrefix(name, stem) })
}
