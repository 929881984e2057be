package facts

import "net/netip"

// Neighbor is one entry of the ARP or ND table, bridge entries excluded.
type Neighbor struct {
	Addr netip.Addr `json:"addr"`
	Dev  string     `json:"dev"`
	MAC  string     `json:"mac,omitempty"`
	// State is the word of ip-neighbour(8) in lower case: permanent, reachable, stale, failed …
	State string `json:"state"`
	// Flags are further words, for example "proxy", "extern_learn".
	Flags []string `json:"flags,omitempty"`
}

// FDBEntry is one entry of a bridge's or a VXLAN device's forwarding database (bridge-fdb(8)).
type FDBEntry struct {
	MAC string `json:"mac"`
	Dev string `json:"dev"`
	// Dst is where a VXLAN device sends frames for MAC; invalid for a bridge port.
	Dst   netip.Addr `json:"dst,omitzero"`
	State string     `json:"state,omitempty"`
}

// Lookup is the kernel's own answer to which way a packet would go (RTM_GETROUTE).
type Lookup struct {
	// Dst, Src and Iif are the question; Iif is set for a packet that is forwarded.
	Dst netip.Addr `json:"dst"`
	Src netip.Addr `json:"src,omitzero"`
	Iif string     `json:"iif,omitempty"`
	// For says what Dst is: "host/n2", "pod/n2", "api", "dns".
	For string `json:"for"`
	// Dev, Gateway, PrefSrc, Table and Type are the answer.
	Dev     string     `json:"dev,omitempty"`
	Gateway netip.Addr `json:"gateway,omitzero"`
	PrefSrc netip.Addr `json:"prefSrc,omitzero"`
	Table   int        `json:"table,omitempty"`
	Type    string     `json:"type,omitempty"`
	// Errno is the kernel's refusal, for example ENETUNREACH, EHOSTUNREACH, EINVAL.
	Errno string `json:"errno,omitempty"`
}

// Sockets is what there is of sockets on a node.
type Sockets struct {
	// States counts the TCP sockets of the host's own network by state
	// ("ESTABLISHED", "TIME_WAIT" …, as ss(8) and /proc/net/tcp name them).
	States map[string]int `json:"states,omitempty"`
	// Queues are sockets that do not keep up: a listener whose accept queue is full
	// (RecvQ > SendQ), and any other with more than QueueLimit bytes waiting.
	Queues []SocketQueue `json:"queues,omitempty"`
	// UDP are all bound UDP sockets of the host's own network.
	UDP []BoundSocket `json:"udp,omitempty"`
	// Destinations are the ten remote address:port with the most TCP sockets of the host's own network.
	Destinations []Destination `json:"destinations,omitempty"`
}

// QueueLimit is how many bytes may wait in a socket before it is listed.
const QueueLimit = 100

// SocketQueue is one socket with what waits in it.
type SocketQueue struct {
	Proto string         `json:"proto"` // tcp or udp
	State string         `json:"state,omitempty"`
	Local netip.AddrPort `json:"local"`
	Peer  netip.AddrPort `json:"peer,omitzero"`
	// RecvQ and SendQ are bytes; of a listener: connections waiting, and the backlog.
	RecvQ int `json:"recvQ"`
	SendQ int `json:"sendQ"`
	// Drops are datagrams that this socket lost (udp only, since the socket was opened).
	Drops   int    `json:"drops,omitempty"`
	Process string `json:"process,omitempty"`
	PID     int    `json:"pid,omitempty"`
	// OwnerUnknown: the kernel did not let the agent see who has the socket open;
	// an empty Process then says nothing.
	OwnerUnknown bool `json:"ownerUnknown,omitempty"`
	// Netns is "host", or an address of the pod whose network the socket is in.
	Netns string `json:"netns,omitempty"`
}

// BoundSocket is a socket that holds a local port.
type BoundSocket struct {
	Local   netip.AddrPort `json:"local"`
	Process string         `json:"process,omitempty"` // empty: the kernel itself (a tunnel)
	PID     int            `json:"pid,omitempty"`
	// OwnerUnknown: the kernel did not let the agent see who has the socket open;
	// an empty Process then says nothing.
	OwnerUnknown bool `json:"ownerUnknown,omitempty"`
}

// Destination counts the sockets towards one far end.
type Destination struct {
	Peer        netip.AddrPort `json:"peer"`
	TimeWait    int            `json:"timeWait,omitempty"`
	Established int            `json:"established,omitempty"`
	Other       int            `json:"other,omitempty"`
}

// Listening is what the sockets of a pod say about a port (asked for by Inspect.Listening).
type Listening struct {
	Addr netip.Addr `json:"addr"` // of the pod
	Port uint16     `json:"port"`
	// Proto is tcp or udp.
	Proto string `json:"proto"`
	// Bound are the local addresses with a socket on that port, sorted; empty: nothing listens.
	Bound   []netip.Addr `json:"bound,omitempty"`
	Process string       `json:"process,omitempty"`
	NotRun  string       `json:"notRun,omitempty"` // the pod's network was not found, or not readable
}

// Process is a process of the host, by name.
type Process struct {
	Name string `json:"name"` // /proc/PID/comm
	PID  int    `json:"pid"`  // the lowest
	// Count is how many have this name.
	Count int `json:"count"`
}

// CNIFiles is the content of the folder in which the container runtime looks for
// CNI configurations.
type CNIFiles struct {
	Dir string `json:"dir"`
	// Files are sorted by name. Only .conf, .conflist and .json are read: others
	// (kubeconfigs) may hold secrets, and are named only.
	Files []Text `json:"files,omitempty"`
}

// Load is how busy a host is.
type Load struct {
	CPUs   int     `json:"cpus"`
	Load1  float64 `json:"load1"`
	Load5  float64 `json:"load5"`
	Load15 float64 `json:"load15"`
	// Stall is the pressure stall information, "cpu.some.avg10" to per cent (Documentation/accounting/psi.rst).
	Stall map[string]float64 `json:"stall,omitempty"`
	// MemTotal and MemAvailable are bytes.
	MemTotal     int64        `json:"memTotal,omitempty"`
	MemAvailable int64        `json:"memAvailable,omitempty"`
	Filesystems  []Filesystem `json:"filesystems,omitempty"`
	// ComputeMicros is the best of a few runs of a short fixed computation on one core.
	ComputeMicros int `json:"computeMicros,omitempty"`
}

// Filesystem is the use of the file system that holds a path. Sizes are bytes.
type Filesystem struct {
	Path       string `json:"path"`
	Size       int64  `json:"size"`
	Available  int64  `json:"available"`
	Inodes     int64  `json:"inodes,omitempty"` // 0: the file system counts none
	InodesFree int64  `json:"inodesFree,omitempty"`
}
