package facts

import "net/netip"

// DNSFound is the Service of the cluster DNS and what stands behind it.
type DNSFound struct {
	Namespace string `json:"namespace"`
	Name      string `json:"name"`
	// Selector is the Service's own, as kubectl takes it ("k8s-app=kube-dns").
	Selector string `json:"selector,omitempty"`
	// Workload is "deployment/coredns" or "daemonset/dns-default"; empty where it is not known.
	Workload string `json:"workload,omitempty"`
	// Config is the ConfigMap with the Corefile that the workload mounts; empty where it is not known.
	Config string   `json:"config,omitempty"`
	By     []string `json:"by,omitempty"`
	// Metrics is what the pods or the Service declare; nil in older facts, and where there is no pod.
	Metrics *DeclaredPort `json:"metrics,omitempty"`
}

// DeclaredPort is a port that a manifest names for a purpose.
type DeclaredPort struct {
	Port uint16 `json:"port"`          // 0: none is declared
	TLS  bool   `json:"tls,omitempty"` // the port speaks TLS
	By   string `json:"by,omitempty"`  // "container port metrics"
}

// DNSCache is the DaemonSet of a node-local DNS cache.
type DNSCache struct {
	Namespace string `json:"namespace"`
	Name      string `json:"name"`
	// Addrs are those at which it is told to listen.
	Addrs []netip.Addr `json:"addrs,omitempty"`
	Pods  []Pod        `json:"pods,omitempty"`
}
