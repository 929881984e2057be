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
	// Leases are those of the controller manager and the scheduler, read while an agent did not start.
	Leases []Lease `json:"leases,omitempty"`
	// Families the cluster has, taken from the nodes' and Services' addresses.
	Families    []Family       `json:"families,omitempty"`
	PodCIDRs    []netip.Prefix `json:"podCIDRs,omitempty"`
	ServiceCIDR []netip.Prefix `json:"serviceCIDRs,omitempty"`
	Domain      string         `json:"domain,omitempty"` // cluster.local
	// ProxyMode is "iptables", "nftables", "ipvs", "replaced" (by the CNI) or "" (unknown).
	ProxyMode string `json:"proxyMode,omitempty"`
	CNI       string `json:"cni,omitempty"` // a word of framework/cni, or "" (not recognised)

	API       []netip.AddrPort `json:"api,omitempty"` // default/kubernetes at its ClusterIPs
	DNS       []netip.AddrPort `json:"dns,omitempty"` // cluster DNS at its ClusterIPs
	DNSPods   []Pod            `json:"dnsPods,omitempty"`
	KubeProxy []Pod            `json:"kubeProxy,omitempty"`
	// KubeProxyLast are the same pods at the end of the run; none where nobody asked again.
	KubeProxyLast []Pod `json:"kubeProxyLast,omitempty"`
	// KubeProxyExpected: a kube-proxy DaemonSet exists, so every node needs a pod of it.
	KubeProxyExpected bool `json:"kubeProxyExpected,omitempty"`
	// DNSDeployment is the workload behind the cluster DNS; nil where none was found.
	DNSDeployment *Workload `json:"dnsDeployment,omitempty"`
	// CNIPods are the pods of the CNI's agent at the beginning, CNIPodsLast at the end.
	CNIPods     []Pod `json:"cniPods,omitempty"`
	CNIPodsLast []Pod `json:"cniPodsLast,omitempty"`
	// CNIExpected: the DaemonSet of the CNI's agent exists, so every node needs a pod of it.
	CNIExpected bool `json:"cniExpected,omitempty"`
	// CNILogs are the last lines of each CNI agent's log.
	CNILogs []PodLog `json:"cniLogs,omitempty"`
	// Services are default/kubernetes, the cluster DNS, the suite's own and those that
	// the configuration names, sorted, with their endpoints.
	Services []ClusterService `json:"services,omitempty"`
	// Events are those about eviction, preemption and failed scheduling in the namespaces of the components.
	Events []ClusterEvent `json:"events,omitempty"`
	// Policies restrict the traffic of pods; nil where nobody asked for them.
	Policies *Policies `json:"policies,omitempty"`
	// Distribution is the word of framework/distribution; "" is not recognised.
	Distribution string `json:"distribution,omitempty"`
	// APIGroups are those by which a distribution is recognised, sorted.
	APIGroups []string `json:"apiGroups,omitempty"`
	// Recognised says what the cluster was taken for, and by what.
	Recognised []Recognised `json:"recognised,omitempty"`
	// DNSFound says which Service is the cluster DNS; nil in older facts, where it is kube-system's.
	DNSFound *DNSFound `json:"dnsFound,omitempty"`
	// DNSCaches are the DaemonSets of node-local DNS caches.
	DNSCaches []DNSCache `json:"dnsCaches,omitempty"`
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
	MachineID    string      `json:"machineID,omitempty"`  // status.nodeInfo
	SystemUUID   string      `json:"systemUUID,omitempty"` // status.nodeInfo (SMBIOS product UUID)
	ProviderID   string      `json:"providerID,omitempty"` // spec.providerID ("kind://docker/kind/kind-worker")
	// Published is what the CNI tells the other nodes about this one; nil where it tells nothing.
	Published *Published `json:"published,omitempty"`
	// System and Arch are those of the node's kubelet ("linux", "amd64").
	System string `json:"system,omitempty"`
	Arch   string `json:"arch,omitempty"`
	// Marks are label keys by which a distribution is recognised, sorted.
	Marks []string `json:"marks,omitempty"`
	// RuntimeAgents are our probe pods of the RuntimeClasses asked for.
	RuntimeAgents []RuntimeAgent `json:"runtimeAgents,omitempty"`
	// PolicyAgents are our pods for the trial of network policies.
	PolicyAgents []RuntimeAgent `json:"policyAgents,omitempty"`
	// Excluded names the rule that left this node out; empty for a node under test.
	Excluded string `json:"excluded,omitempty"`
	// Agents are our two pods on this node.
	NodeAgent Agent `json:"nodeAgent,omitzero"`
	PodAgent  Agent `json:"podAgent,omitzero"`
}

// Recognised is one part of the cluster, what it was taken for, and by what.
type Recognised struct {
	What    string   `json:"what"`  // "distribution", "network plugin", "kube-proxy", "cluster DNS"
	Value   string   `json:"value"` // as people write it; "not recognised" where nothing tells
	Version string   `json:"version,omitempty"`
	By      []string `json:"by,omitempty"` // "DaemonSet NAMESPACE/NAME"
}

// Published is what a CNI wrote about a node where the others read it
// (annotations of the node; framework/cni knows which).
type Published struct {
	// By is the plugin's word; empty in older facts.
	By      string       `json:"by,omitempty"`
	Backend string       `json:"backend,omitempty"` // vxlan, host-gw …
	Addrs   []netip.Addr `json:"addrs,omitempty"`   // where the others send to (public-ip)
	// MAC and MAC6 are those of the tunnel's device (backend-data).
	MAC  string `json:"mac,omitempty"`
	MAC6 string `json:"mac6,omitempty"`
	VNI  int    `json:"vni,omitempty"`
	// Tunnels are the addresses of the tunnel's device, inside the tunnel.
	Tunnels []netip.Addr `json:"tunnels,omitempty"`
	// PodCIDRs are the ranges that the CNI itself gave to the node.
	PodCIDRs []netip.Prefix `json:"podCIDRs,omitempty"`
}

// RuntimeAgent is a further pod of ours: of a RuntimeClass, or of a class of the trial of policies.
type RuntimeAgent struct {
	Class string `json:"class"`
	Agent Agent  `json:"agent"`
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
	// Kept says who keeps the pod away, where it is not the node.
	Kept Kept `json:"kept,omitempty"`
	// NotRun says why no agent was wanted here (tier, selection).
	NotRun     string `json:"notRun,omitempty"`
	ResolvConf *Text  `json:"resolvConf,omitempty"`
	MTU        int    `json:"mtu,omitempty"`
	// MAC is that of the interface with the pod's address, as the pod itself sees it.
	MAC string `json:"mac,omitempty"`
	// Startup is what the pod met in its first moments; nil where it did not try.
	Startup *Startup `json:"startup,omitempty"`
}

// Startup is the first lookup and the first connection to a Service of a pod that
// was just born, repeated until they succeed or ten seconds are over.
type Startup struct {
	DNS     FirstSuccess `json:"dns"`     // kubernetes.default.svc through the pod's resolv.conf
	Service FirstSuccess `json:"service"` // TCP connect to the Service default/kubernetes
}

// FirstSuccess is how long something took to work for the first time.
type FirstSuccess struct {
	// Millis since the process began; 0 where it never worked.
	Millis int `json:"millis,omitempty"`
	// Tries made in all; the last one worked where Millis is set.
	Tries int `json:"tries"`
	// Error is what the first failed try said.
	Error  string `json:"error,omitempty"`
	NotRun string `json:"notRun,omitempty"`
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
	Images        []string     `json:"images,omitempty"`
	Reason        string       `json:"reason,omitempty"` // waiting or eviction reason
	Message       string       `json:"message,omitempty"`
	Started       time.Time    `json:"started,omitzero"`
	Owner         string       `json:"owner,omitempty"` // "DaemonSet/kube-proxy"
	// Terminating: it is being deleted, so another takes its place, or none.
	Terminating bool `json:"terminating,omitempty"`
}

// Workload is a Deployment, or a DaemonSet, with its counts.
type Workload struct {
	// Kind is "DaemonSet"; empty for a Deployment.
	Kind      string `json:"kind,omitempty"`
	Namespace string `json:"namespace"`
	Name      string `json:"name"`
	Desired   int    `json:"desired"`
	Ready     int    `json:"ready"`
	Available int    `json:"available"`
	Updated   int    `json:"updated"`
}

// PodLog is the end of a container's log.
type PodLog struct {
	Pod   string   `json:"pod"`
	Node  string   `json:"node,omitempty"`
	Lines []string `json:"lines,omitempty"`
	// NotRun says why it was not read.
	NotRun string `json:"notRun,omitempty"`
}

// ClusterService is a Service with its endpoints.
type ClusterService struct {
	Namespace string        `json:"namespace"`
	Name      string        `json:"name"`
	Type      string        `json:"type,omitempty"`
	Headless  bool          `json:"headless,omitempty"`
	Addrs     []netip.Addr  `json:"addrs,omitempty"` // ClusterIPs
	Ports     []ServicePort `json:"ports,omitempty"`
	// ExternalLocal and InternalLocal: the traffic policy is Local.
	ExternalLocal bool       `json:"externalLocal,omitempty"`
	InternalLocal bool       `json:"internalLocal,omitempty"`
	Endpoints     []Endpoint `json:"endpoints,omitempty"`
	// Own: it is the suite's own.
	Own bool `json:"own,omitempty"`
}

// ServicePort is one port of a Service.
type ServicePort struct {
	Name     string `json:"name,omitempty"`
	Proto    string `json:"proto"` // TCP, UDP, SCTP
	Port     uint16 `json:"port"`
	NodePort uint16 `json:"nodePort,omitempty"`
}

// Endpoint is one address and port behind a Service.
type Endpoint struct {
	PortName string     `json:"portName,omitempty"`
	Proto    string     `json:"proto"`
	Addr     netip.Addr `json:"addr"`
	Port     uint16     `json:"port"`
	Ready    bool       `json:"ready"`
	Node     string     `json:"node,omitempty"`
	Pod      string     `json:"pod,omitempty"`
}

// ClusterEvent is a Kubernetes event about an object.
type ClusterEvent struct {
	Namespace string    `json:"namespace,omitempty"`
	Object    string    `json:"object"` // "Pod/kube-proxy-abc"
	Node      string    `json:"node,omitempty"`
	Reason    string    `json:"reason"`
	Message   string    `json:"message,omitempty"`
	Count     int       `json:"count,omitempty"`
	Last      time.Time `json:"last,omitzero"`
}
