package facts

import "net/netip"

// Trace is one representative flow that was sent again while the nodes on its
// way watched their interfaces and counters.
type Trace struct {
	// ID is "1", "2" …; it stands in the names of the captures.
	ID string `json:"id"`
	// For is the key of the cause, or of the unexplained pattern, for which it was
	// sent; empty where a user asked for it.
	For  string  `json:"for,omitempty"`
	Flow Flow    `json:"flow"`
	From Vantage `json:"from"`
	To   Target  `json:"to"`
	// Attempts are what the sender itself met.
	Attempts []Attempt `json:"attempts,omitempty"`
	// Watches are what the nodes saw: the sender's, the receiver's, and those of the backends of a Service.
	Watches []Watch `json:"watches,omitempty"`
	NotRun  string  `json:"notRun,omitempty"`
}

// Watch is what one node saw of a flow, on all of its interfaces.
type Watch struct {
	Node string `json:"node"`
	// Packets are in the order of time, on this node's clock.
	Packets []Sighting `json:"packets,omitempty"`
	// Truncated: a bound (seconds, packets, bytes) was reached before the end.
	Truncated bool `json:"truncated,omitempty"`
	// Drops are packets of the flow that the kernel says it threw away, with its reason.
	Drops []KernelDrop `json:"drops,omitempty"`
	// NoDrops says why the kernel could not be asked for its reasons.
	NoDrops string `json:"noDrops,omitempty"`
	// Growth are the rule and kernel counters that moved meanwhile.
	Growth []Growth `json:"growth,omitempty"`
	// NoGrowth says which counters could not be read at both times: of those it is not known whether they moved.
	NoGrowth string `json:"noGrowth,omitempty"`
	// File is the name of the capture (pcapng) beside the report.
	File   string `json:"file,omitempty"`
	NotRun string `json:"notRun,omitempty"`
}

// Sighting is one packet on one interface.
type Sighting struct {
	AtMicros int64 `json:"atMicros"` // since the watch began
	// Dev and Kind are the interface ("veth1a2b", "veth"; "cni0", "bridge"; "vxlan0",
	// "vxlan"; "eth0", "device").
	Dev  string `json:"dev"`
	Kind string `json:"kind,omitempty"`
	// Out: the node sent it by this interface; otherwise it came in.
	Out bool `json:"out,omitempty"`
	// Tunnel is vxlan, geneve or ipip where the packet was inside one; OuterSrc and
	// OuterDst are then the tunnel's ends (no port for ipip).
	Tunnel   string         `json:"tunnel,omitempty"`
	VNI      int            `json:"vni,omitempty"`
	OuterSrc netip.AddrPort `json:"outerSrc,omitzero"`
	OuterDst netip.AddrPort `json:"outerDst,omitzero"`
	// Proto is tcp, udp or icmp; Src and Dst have no port for icmp.
	Proto string         `json:"proto"`
	Src   netip.AddrPort `json:"src"`
	Dst   netip.AddrPort `json:"dst"`
	// Flags are TCP's ("SYN", "SYN ACK", "RST" …); Seq and Ack its numbers.
	Flags string `json:"flags,omitempty"`
	Seq   uint32 `json:"seq,omitempty"`
	Ack   uint32 `json:"ack,omitempty"`
	// ICMP is "echo request", "echo reply", or an error in words with its code
	// ("host unreachable (3/10)"); Src and Dst are then the packet's own.
	ICMP string `json:"icmp,omitempty"`
	// ID tells packets of one flow apart on their way: the IPv4 identification, the
	// DNS id, or the ICMP sequence number.
	ID uint32 `json:"id,omitempty"`
	// Length is that of the (inner) IP packet in bytes.
	Length int `json:"length"`
}

// KernelDrop is what the kernel said when it threw packets of the flow away
// (tracepoint skb:kfree_skb, include/net/dropreason-core.h).
type KernelDrop struct {
	// Reason is the kernel's word without its prefix: NETFILTER_DROP, IP_RPFILTER, NO_SOCKET …
	Reason string `json:"reason"`
	// Function is where in the kernel it happened, for example nf_hook_slow.
	Function string         `json:"function,omitempty"`
	Proto    string         `json:"proto,omitempty"`
	Src      netip.AddrPort `json:"src"`
	Dst      netip.AddrPort `json:"dst"`
	Count    int            `json:"count"`
}

// Growth is a counter that moved.
type Growth struct {
	// What is the counter: "iptables-nft-save, table filter, chain FORWARD, rule 1",
	// "netstat.TcpExt.IPReversePathFilter", "iface.eth0.rx_dropped".
	What   string `json:"what"`
	Before int64  `json:"before"`
	After  int64  `json:"after"`
	// Text is the rule's own text.
	Text string `json:"text,omitempty"`
}
