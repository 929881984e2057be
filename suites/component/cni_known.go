package component

// failure is a line which a network plugin's agent writes when it cannot do its
// work, told by a part of it.
type failure struct {
	cni  string // as Cluster.CNI; empty: any
	part string // of the line, in lower case
	// until is a part of a line that is written once the work is done; lines before it are of the past.
	until string
	// lasting: it is not tried again, so the line tells of the present whatever its age.
	lasting bool
	// route: the work is a route to another node's pods, so where all of them are there it was done.
	route bool
	means string
	look  string // a command, on the node, that shows what is in the way
}

// failures are the known lines, from the plugins' sources.
func failures() []failure {
	const flannelUp = "running backend"
	return []failure{
		{
			cni: "flannel", part: "failed to add vxlanroute", lasting: true, route: true, look: "ip -d address; ip route show table all",
			means: "it could not set the route to another node's pods; something else has the address or a route inside that range",
		},
		{
			cni: "flannel", part: "error adding route to", lasting: true, route: true, look: "ip route show table all",
			means: "it could not set the route to another node's pods",
		},
		{
			// Ten tries, each after twice the time of the one before: it takes a minute until it says what it tried.
			cni: "flannel", part: "] #4: ", route: true, look: "ip -d address; ip route show table all",
			means: "the kernel refuses what it tries to set again and again, such as a route to another node's pods",
		},
		{cni: "flannel", part: "addarp failed", look: "ip neighbour show dev flannel.1", means: "it could not set a neighbour entry of the tunnel"},
		{cni: "flannel", part: "addfdb failed", look: "bridge fdb show dev flannel.1", means: "it could not set a forwarding entry of the tunnel"},
		{cni: "flannel", part: "pod cidr not assigned", until: flannelUp, look: "ip -br address", means: "the node has no pod CIDR: the controller manager does not allocate, or the range is used up"},
		{cni: "flannel", part: "failed to find interface", until: "using interface with name", look: "ip -br address", means: "no interface is as its configuration asks"},
		{cni: "flannel", part: "failed to find any valid interface", until: "using interface with name", look: "ip -br address", means: "no interface is as its configuration asks"},
		{cni: "flannel", part: "error registering network", until: flannelUp, look: "ip -d link show", means: "it could not make its tunnel, or write its lease"},
		{cni: "flannel", part: "failed to ensure iptables", until: "bootstrap done", look: "iptables -S FORWARD", means: "it could not write its firewall rules"},
		{cni: "flannel", part: "failed to bootstrap iptables", until: "bootstrap done", look: "iptables -S FORWARD", means: "it could not write its firewall rules"},
		{cni: "flannel", part: "failed to setup iptables", until: "bootstrap done", look: "iptables -S FORWARD", means: "it could not write its firewall rules"},
		{cni: "calico", part: "unable to auto-detect", until: "using autodetected", look: "ip -br address", means: "it found no address of the node to use"},
		{cni: "calico", part: "conflicts with", lasting: true, look: "ip -br address", means: "two nodes claim one address"},
		{cni: "calico", part: "is already using the ipv4 address", lasting: true, look: "ip -br address", means: "two nodes claim one address"},
		{cni: "calico", part: "bird is not ready", look: "ss -tnp state established '( dport = :179 or sport = :179 )'", means: "it has no BGP session with another node"},
		{cni: "cilium", part: "level=fatal", look: "ip -br link", means: "the agent gave up"},
		{cni: "cilium", part: "unable to contact k8s api-server", until: "connected to apiserver", look: "curl -sk https://127.0.0.1:6443/livez", means: "it does not reach the API server"},
		{part: "no space left on device", look: "df -h; df -i", means: "the disk, or a table of the kernel, is full"},
		{part: "too many open files", look: "sysctl fs.file-nr fs.inotify", means: "a limit of open files is reached"},
		{part: "certificate has expired", look: "date", means: "a certificate has expired, or the clock is wrong"},
	}
}
