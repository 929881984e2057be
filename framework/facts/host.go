package facts

import "net/netip"

// HostLook is one look at a host, by the node agent, which only reads.
type HostLook struct {
	Node string `json:"node"`
	Look Look   `json:"look"`
	// NotRun says why the host was not looked at; everything else is then empty.
	NotRun string `json:"notRun,omitempty"`
	// AsFirst are the parts that are as at the node's first look, and so left out of
	// facts.json. Reading puts them back: in a Snapshot it is always empty.
	AsFirst []string `json:"asFirst,omitempty"`
	// Packed are long lists (routes, neighbors, fdb, lookups; firewall in a large
	// cluster) as base64 of their compressed JSON. Reading puts them back, too.
	Packed map[string]string `json:"packed,omitempty"`

	Kernel string `json:"kernel,omitempty"` // uname -r
	// Sysctls: name with dots ("net.ipv4.ip_forward") to value. A missing name was not readable.
	Sysctls map[string]string `json:"sysctls,omitempty"`
	// SysctlFiles are the settings at boot, in the order in which `sysctl --system` reads them.
	SysctlFiles *SysctlFiles `json:"sysctlFiles,omitempty"`
	Interfaces  []Interface  `json:"interfaces,omitempty"`
	Routes      []Route      `json:"routes,omitempty"`
	Rules       []Rule       `json:"rules,omitempty"`
	// Firewall holds raw dumps, one per tool; they are parsed when judging.
	Firewall   []Dump `json:"firewall,omitempty"`
	ResolvConf *Text  `json:"resolvConf,omitempty"`

	Neighbors []Neighbor `json:"neighbors,omitempty"`
	FDB       []FDBEntry `json:"fdb,omitempty"`
	// Lookups answer what Inspect.Lookups asked.
	Lookups []Lookup `json:"lookups,omitempty"`
	// Counters only grow: "snmp.Udp.RcvbufErrors", "netstat.TcpExt.ListenOverflows",
	// "snmp6.Udp6InErrors", "conntrack.insert_failed" (sum over CPUs),
	// "softnet.dropped", "neigh.arp.table_fulls", "iface.eth0.rx_dropped". A missing
	// name was not readable. What matters is the growth between the looks.
	Counters map[string]int64 `json:"counters,omitempty"`
	// Qdiscs are the root queueing disciplines of devices that are not pods', by device
	// ("eth0": "fq_codel"), without those that queue nothing (noqueue).
	Qdiscs    map[string]string `json:"qdiscs,omitempty"`
	Sockets   *Sockets          `json:"sockets,omitempty"`
	Listening []Listening       `json:"listening,omitempty"`
	Processes []Process         `json:"processes,omitempty"`
	CNI       *CNIFiles         `json:"cni,omitempty"`
	Load      *Load             `json:"load,omitempty"`
	MachineID string            `json:"machineID,omitempty"` // /etc/machine-id
	// Found are the paths of framework/distribution that the host has, sorted.
	Found []string `json:"found,omitempty"`
	// Kubelet is what the kubelet is told that matters to pods' name resolution.
	Kubelet *Kubelet `json:"kubelet,omitempty"`
	// ProxyHealth and ProxyMode are what kube-proxy answers on the loopback address
	// (:10256/healthz and :10249/proxyMode), where it is there.
	ProxyHealth *Text `json:"proxyHealth,omitempty"`
	ProxyMode   *Text `json:"proxyMode,omitempty"`
	// IPVS is the kernel's table of virtual and real servers, /proc/net/ip_vs, parsed
	// when judging; nil where the kernel has none.
	IPVS   *Text   `json:"ipvs,omitempty"`
	Errors []Error `json:"errors,omitempty"`
}

// Kubelet is a part of the kubelet's configuration.
type Kubelet struct {
	// Files are those that were read, in the order in which the kubelet reads them.
	Files      []string     `json:"files,omitempty"`
	ClusterDNS []netip.Addr `json:"clusterDNS,omitempty"`
	Domain     string       `json:"clusterDomain,omitempty"`
	ResolvConf string       `json:"resolvConf,omitempty"`
	// NotRun says why nothing is known of it.
	NotRun string `json:"notRun,omitempty"`
}

// SysctlFiles is the boot-time configuration of sysctl (sysctl.d(5), sysctl(8) --system).
type SysctlFiles struct {
	Settings []SysctlSetting `json:"settings,omitempty"`
	// Files are all files read, in order.
	Files []string `json:"files,omitempty"`
}

// SysctlSetting is one assignment, with the place where it stands.
type SysctlSetting struct {
	File  string `json:"file"`
	Line  int    `json:"line"`
	Key   string `json:"key"` // with dots
	Value string `json:"value"`
}

// Interface is a network interface as netlink shows it.
type Interface struct {
	Name   string         `json:"name"`
	Index  int            `json:"index"`
	Kind   string         `json:"kind,omitempty"` // bridge, vxlan, veth, device …
	MTU    int            `json:"mtu"`            // bytes
	MAC    string         `json:"mac,omitempty"`
	Up     bool           `json:"up"`
	Master string         `json:"master,omitempty"`
	Addrs  []netip.Prefix `json:"addrs,omitempty"`
	// Dynamic are those of Addrs that expire: given by DHCP or router advertisements (IFA_F_PERMANENT is not set).
	Dynamic []netip.Prefix `json:"dynamic,omitempty"`
	// Tentative are those of Addrs that do not answer yet: duplicate address detection is
	// under way, or found another holder (IFA_F_TENTATIVE, IFA_F_DADFAILED).
	Tentative []netip.Prefix `json:"tentative,omitempty"`
	// Parent is the device below (VLAN, macvlan, tunnels), where it is in this network namespace.
	Parent string `json:"parent,omitempty"`
	// Local and Remote are the ends of an IPIP, SIT, GRE or Geneve tunnel.
	Local  netip.Addr `json:"local,omitzero"`
	Remote netip.Addr `json:"remote,omitzero"`
	// HairpinOff: a bridge port that does not send a frame back where it came from.
	HairpinOff bool   `json:"hairpinOff,omitempty"`
	Vxlan      *Vxlan `json:"vxlan,omitempty"`
}

// Vxlan is the tunnel's configuration.
type Vxlan struct {
	VNI    int        `json:"vni"`
	Port   int        `json:"port"`
	Local  netip.Addr `json:"local,omitzero"`
	Device string     `json:"device,omitempty"`
	// External: VNI and destination come with each packet from a program or route
	// (ip-link(8): external), so it has no entries for peers.
	External bool `json:"external,omitempty"`
}

// Route is one route of any table.
type Route struct {
	Dst     netip.Prefix `json:"dst,omitzero"` // invalid is the default route
	Gateway netip.Addr   `json:"gateway,omitzero"`
	Dev     string       `json:"dev,omitempty"`
	Src     netip.Addr   `json:"src,omitzero"`
	Type    string       `json:"type"` // unicast, blackhole, unreachable, local …
	Table   int          `json:"table"`
	Metric  int          `json:"metric,omitempty"`
	// Proto is who made it, as a number of rt_protos (kernel 2, boot 3, static 4, 80 …); 0 in older facts.
	Proto int `json:"proto,omitempty"`
	// MTU is that of packets by this route, where it says one (ip-route(8)).
	MTU    int    `json:"mtu,omitempty"`
	Family Family `json:"family"`
}

// Rule is a policy routing rule (ip-rule(8)).
type Rule struct {
	Priority int          `json:"priority"`
	Src      netip.Prefix `json:"src,omitzero"`
	Dst      netip.Prefix `json:"dst,omitzero"`
	IifName  string       `json:"iif,omitempty"`
	OifName  string       `json:"oif,omitempty"`
	Mark     uint32       `json:"mark,omitempty"`
	Mask     uint32       `json:"mask,omitempty"` // of Mark; 0 is all bits
	Not      bool         `json:"not,omitempty"`  // the rule holds for what does not match
	// SuppressPrefix is suppress_prefixlength plus one; 0 is none.
	SuppressPrefix int    `json:"suppressPrefix,omitempty"`
	Table          int    `json:"table"`
	Action         string `json:"action,omitempty"`
	Family         Family `json:"family"`
}

// Dump is the raw output of one firewall tool.
type Dump struct {
	// Tool is "iptables-nft-save", "iptables-legacy-save", "ip6tables-nft-save",
	// "ip6tables-legacy-save" or "nft" (nft --json list ruleset).
	Tool   string `json:"tool"`
	Text   string `json:"text,omitempty"`
	NotRun string `json:"notRun,omitempty"`
}

// Text is a file as it was read.
type Text struct {
	Path   string `json:"path"`
	Text   string `json:"text,omitempty"`
	NotRun string `json:"notRun,omitempty"`
}

// Error is one part of a look that failed, while the rest went on.
type Error struct {
	What string `json:"what"`
	Says string `json:"says"`
}

// Interface finds an interface by name.
func (h HostLook) Interface(name string) (Interface, bool) {
	for _, i := range h.Interfaces {
		if i.Name == name {
			return i, true
		}
	}
	return Interface{}, false
}
