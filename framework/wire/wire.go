// Package wire is the language between the runner and an agent: one Plan goes
// down on stdin of an exec, Lines come back on stdout. It is pure data.
package wire

import (
	"net/netip"

	"github.com/plumbline-net/plumbline/framework/facts"
)

// Version guards against an agent image of another release: an agent refuses a
// plan with another version, and says so.
const Version = 3

// Plan is the work of one batch: everything one vantage does in one round.
type Plan struct {
	Version int           `json:"version"`
	Run     string        `json:"run"`
	From    facts.Vantage `json:"from"`
	// Seed makes the order of probes (jitter) reproducible.
	Seed uint64 `json:"seed"`
	// DeadlineMillis bounds the batch as a whole; what is not done by then is NotRun.
	DeadlineMillis int `json:"deadlineMillis"`
	// Probes: the flows to observe. Empty for a batch that only looks.
	Flows []PlannedFlow `json:"flows,omitempty"`
	// Inspect asks for a look at the host (node agents only), after the probes.
	Inspect *Inspect `json:"inspect,omitempty"`
	// Identity asks the agent for its ports, addresses and resolv.conf.
	Identity bool `json:"identity,omitempty"`
	// Watch asks for watching flows on all interfaces (node agents only). It is a batch
	// of its own: a Line with Watching says that it has begun, and the watch ends when
	// its time is over or stdin, which stays open behind the plan, is closed.
	Watch *Watch `json:"watch,omitempty"`
	// SettleMillis: how long to wait, per target, until a ClusterIP or NodePort made
	// by this run answers for the first time, before it is judged. The data plane of
	// a node needs a moment to learn of a new Service; that is not loss.
	SettleMillis int    `json:"settleMillis,omitempty"`
	Timing       Timing `json:"timing"`
	// More: another plan may follow on the same stdin once this one is answered, so that
	// one exec call serves many rounds. The end of stdin ends them.
	More bool `json:"more,omitempty"`
}

// PlannedFlow is one flow with the targets it has become.
type PlannedFlow struct {
	Flow    facts.Flow     `json:"flow"`
	Targets []facts.Target `json:"targets"`
}

// Inspect says what to look at on the host.
type Inspect struct {
	Look facts.Look `json:"look"`
	// HostRoot is where the host's / is mounted read-only in the agent ("/host").
	HostRoot string `json:"hostRoot,omitempty"`
	// Lookups are questions to the kernel's routing; the answers come back in HostLook.Lookups.
	Lookups []facts.Lookup `json:"lookups,omitempty"`
	// Listening asks whether pods of this node listen; the answers come back in HostLook.Listening.
	Listening []facts.Listening `json:"listening,omitempty"`
	// Compute asks for the short fixed computation.
	Compute bool `json:"compute,omitempty"`
}

// Watch says what to look for, and its bounds.
type Watch struct {
	// Addrs are the addresses of both ends and of everything the flow may be rewritten
	// to: a packet is of the flow where its (inner) source and destination are both among them.
	Addrs []netip.Addr `json:"addrs"`
	// Ports, where there are any: one of the two ports must be among them (tcp, udp).
	Ports []uint16 `json:"ports,omitempty"`
	// Protos are tcp, udp, icmp; ICMP errors that quote such a packet belong to it.
	Protos []string `json:"protos"`
	// TunnelPorts are UDP ports that carry VXLAN (8472, 4789) or Geneve (6081).
	TunnelPorts []uint16 `json:"tunnelPorts,omitempty"`
	// Millis, Packets and Bytes bound the watch.
	Millis  int `json:"millis"`
	Packets int `json:"packets"`
	Bytes   int `json:"bytes"`
	// Capture asks for the packets themselves, as pcapng.
	Capture bool `json:"capture,omitempty"`
	// HostRoot is where the host's / is mounted in the agent.
	HostRoot string `json:"hostRoot,omitempty"`
}

// Timing names every time-out of a probe, in milliseconds.
type Timing struct {
	// ConnectMillis bounds a TCP connect with its echo; a SYN is sent again after 1 s,
	// so less than that would cry wolf on one lost packet.
	ConnectMillis int `json:"connectMillis"`
	// ReplyMillis bounds the wait for a UDP, ICMP or DNS answer.
	ReplyMillis int `json:"replyMillis"`
	// Attempts is how often a failed probe is made in all.
	Attempts int `json:"attempts"`
	// Parallel is how many probes may be under way at once.
	Parallel int `json:"parallel"`
}

// DefaultTiming suits a cluster on one site.
func DefaultTiming() Timing {
	return Timing{ConnectMillis: 2500, ReplyMillis: 1200, Attempts: 3, Parallel: 64}
}

// Line is one line of an agent's answer: exactly one field is set. Done is the
// last line; an answer without it was cut short.
type Line struct {
	Identity *Identity       `json:"identity,omitempty"`
	Row      *FlowRow        `json:"row,omitempty"`
	Host     *facts.HostLook `json:"host,omitempty"`
	Done     *Done           `json:"done,omitempty"`
	// Watching says that a watch has begun; Watch is what it saw; Capture is the next
	// part of the pcapng file.
	Watching bool         `json:"watching,omitempty"`
	Watch    *facts.Watch `json:"watch,omitempty"`
	Capture  []byte       `json:"capture,omitempty"`
	// Error ends the answer: the agent could not do the batch at all.
	Error string `json:"error,omitempty"`
}

// FlowRow is a row of one flow's matrix.
type FlowRow struct {
	Flow facts.Flow `json:"flow"`
	Row  facts.Row  `json:"row"`
}

// Identity is what an agent says of itself. The echo server prints it as the
// first line of its log too, which is how the ports are published.
type Identity struct {
	Peer  string      `json:"peer"` // "pod/n1"
	Ports facts.Ports `json:"ports"`
	MTU   int         `json:"mtu,omitempty"` // of the interface with the pod's address
	MAC   string      `json:"mac,omitempty"` // of the same interface
	// Startup is what the first moments were like; only in the answer to a batch, for
	// it is not known when the identity is published.
	Startup    *facts.Startup `json:"startup,omitempty"`
	ResolvConf *facts.Text    `json:"resolvConf,omitempty"`
}

// Done closes an answer.
type Done struct {
	Attempts int `json:"attempts"` // probes sent
	Millis   int `json:"millis"`
}
