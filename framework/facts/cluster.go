package facts

import (
	"net/netip"
	"time"
)

// Cluster is what the API server told, in one list of each kind.
type Cluster struct {
	Server  string `json:"server,omitempty"`  // address of the API server
	Context string `json:"context,omitempty"` // kubeconfig context
	UID     string `json:"uid,omitempty"`     // UID of the namespace kube-system: the cluster's identity
	Version string `json:"version,omitempty"` // of the API server
	// Families the cluster has, taken from the nodes' and Services' addresses.
	Families    []Family       `json:"families,omitempty"`
	PodCIDRs    []netip.Prefix `json:"podCIDRs,omitempty"`
	ServiceCIDR []netip.Prefix `json:"serviceCIDRs,omitempty"`
	Domain      string         `json:"domain,omitempty"` // cluster.local
	// ProxyMode is "iptables", "nftables", "ipvs", "replaced" (by the CNI) or "" (unknown).
	ProxyMode string `json:"proxyMode,omitempty"`
	CNI       string `json:"cni,omitempty"` // flannel, calico, cilium … or "" (not recognised)

	API       []netip.AddrPort `json:"api,omitempty"` // default/kubernetes at its ClusterIPs
	DNS       []netip.AddrPort `json:"dns,omitempty"` // cluster DNS at its ClusterIPs
	DNSPods   []Pod            `json:"dnsPods,omitempty"`
	KubeProxy []Pod            `json:"kubeProxy,omitempty"`
	// KubeProxyLast are the same pods at the end of the run; none where nobody asked again.
	KubeProxyLast []Pod `json:"kubeProxyLast,omitempty"`
	// KubeProxyExpected: a kube-proxy DaemonSet exists, so every node needs a pod of it.
	KubeProxyExpected bool `json:"kubeProxyExpected,omitempty"`
	// Errors are lists that the API server refused; what they would have held is unknown.
	Errors []Error `json:"errors,omitempty"`
}

// Node is a node with its place in this run.
type Node struct {
	Name     string         `json:"name"`
	Internal []netip.Addr   `json:"internal,omitempty"` // InternalIPs
	PodCIDRs []netip.Prefix `json:"podCIDRs,omitempty"`
	// Conditions: type to status ("Ready": "True"), with the reason of those that are not as they should be.
	Conditions []Condition `json:"conditions,omitempty"`
	// Last are the conditions at the end of the run, all of them; none where nobody asked again.
	Last         []Condition `json:"lastConditions,omitempty"`
	Taints       []string    `json:"taints,omitempty"` // key=value:Effect
	Cordoned     bool        `json:"cordoned,omitempty"`
	ControlPlane bool        `json:"controlPlane,omitempty"`
	Zone         string      `json:"zone,omitempty"`
	Kernel       string      `json:"kernel,omitempty"`
	OS           string      `json:"os,omitempty"`
	Kubelet      string      `json:"kubelet,omitempty"`
	Runtime      string      `json:"runtime,omitempty"`
	// Excluded names the rule that left this node out; empty for a node under test.
	Excluded string `json:"excluded,omitempty"`
	// Agents are our two pods on this node.
	NodeAgent Agent `json:"nodeAgent,omitzero"`
	PodAgent  Agent `json:"podAgent,omitzero"`
}

// Condition is a node condition.
type Condition struct {
	Type    string `json:"type"`
	Status  string `json:"status"`
	Reason  string `json:"reason,omitempty"`
	Message string `json:"message,omitempty"`
}

// Agent is one of our pods.
type Agent struct {
	Pod   string       `json:"pod,omitempty"`
	Addrs []netip.Addr `json:"addrs,omitempty"`
	// Ports the echo server chose, published by it.
	Ports Ports `json:"ports,omitzero"`
	Ready bool  `json:"ready,omitempty"`
	// Trouble is the scheduler's, kubelet's, CNI's or admission's own words where it is not Ready.
	Trouble []Event `json:"trouble,omitempty"`
	// NotRun says why no agent was wanted here (tier, selection).
	NotRun     string `json:"notRun,omitempty"`
	ResolvConf *Text  `json:"resolvConf,omitempty"`
	MTU        int    `json:"mtu,omitempty"`
}

// Ports are chosen by the kernel (bind to port 0) and published by the agent.
type Ports struct {
	TCP  uint16 `json:"tcp,omitempty"`
	UDP  uint16 `json:"udp,omitempty"`
	HTTP uint16 `json:"http,omitempty"`
	// Closed is a port that was free and on which nothing listens.
	Closed uint16 `json:"closed,omitempty"`
}

// Event is a Kubernetes event or container state in its own words.
type Event struct {
	Reason  string `json:"reason"`
	Message string `json:"message"`
	Count   int    `json:"count,omitempty"`
}

// Pod is an existing pod that matters to the network.
type Pod struct {
	Namespace     string       `json:"namespace"`
	Name          string       `json:"name"`
	Node          string       `json:"node,omitempty"`
	Addrs         []netip.Addr `json:"addrs,omitempty"`
	Phase         string       `json:"phase,omitempty"`
	Ready         bool         `json:"ready"`
	Restarts      int          `json:"restarts,omitempty"`
	PriorityClass string       `json:"priorityClass,omitempty"`
	Reason        string       `json:"reason,omitempty"` // waiting or eviction reason
	Message       string       `json:"message,omitempty"`
	Started       time.Time    `json:"started,omitzero"`
	Owner         string       `json:"owner,omitempty"` // "DaemonSet/kube-proxy"
	// Terminating: it is being deleted, so another takes its place, or none.
	Terminating bool `json:"terminating,omitempty"`
}
