// Package path makes of a flow that was sent again, and of what the nodes on its
// way captured, the way that its packets took: hop by hop, in both directions,
// with the addresses as they were seen there, and where they vanished. It is pure.
//
// Clocks of two nodes are never compared: within a node its own clock orders,
// between nodes the way does.
package path

import (
	"net/netip"
)

// Path is the way of one flow.
type Path struct {
	// ID is that of the trace; For is the key of the cause it was sent for.
	ID  string `json:"id"`
	For string `json:"for,omitempty"`
	// Title is "pod/n1 → pod/n3, TCP port 40001".
	Title   string  `json:"title"`
	Request Lane    `json:"request"`
	Answer  Lane    `json:"answer"`
	Verdict Verdict `json:"verdict"`
	// Files are the captures beside the report.
	Files []string `json:"files,omitempty"`
}

// Direction is which of the two ways a packet goes.
type Direction string

// The directions. The zero value is neither, or not known.
const (
	Request Direction = "request"
	Answer  Direction = "answer"
)

// Lane is one direction.
type Lane struct {
	Direction Direction `json:"direction"`
	Hops      []Hop     `json:"hops,omitempty"`
	// Astray are interfaces on which packets of this direction were seen although
	// they do not belong there.
	Astray []Hop `json:"astray,omitempty"`
}

// State is what is known of a hop.
type State string

// The states. The zero value says that nobody watched.
const (
	NotWatched State = ""
	Seen       State = "seen"
	Missing    State = "missing"
)

// Hop is one interface on the way, or a host as the end of it.
type Hop struct {
	// Node is empty outside the cluster; Dev is empty where its name is not known.
	Node string `json:"node,omitempty"`
	Dev  string `json:"dev,omitempty"`
	Kind Kind   `json:"kind"`
	// Stage is the hop's part on the request's way, in both directions.
	Stage Stage `json:"stage"`
	// Out: the node sends by this interface.
	Out   bool  `json:"out,omitempty"`
	State State `json:"state,omitempty"`
	// AtMicros is when the first packet was seen, on this node's clock since its watch began.
	AtMicros int64 `json:"atMicros,omitempty"`
	Packets  int   `json:"packets,omitempty"`
	// As are the addresses as they were seen here, in the order of their first packet.
	As []Addresses `json:"as,omitempty"`
	// Why says why nobody watched.
	Why string `json:"why,omitempty"`

	// leg counts the nodes on the lane; optional: a packet need not pass here;
	// encapsulated and plain: it must be in a tunnel here, or must not be.
	leg                           int
	optional, encapsulated, plain bool
	packets                       []packet
}

// Kind says what kind of hop it is.
type Kind string

// The kinds of hop.
const (
	PodPort     Kind = "pod port" // the host's end of a pod's interface
	Bridge      Kind = "bridge"
	Tunnel      Kind = "tunnel"
	NIC         Kind = "nic"
	Loopback    Kind = "loopback"
	Host        Kind = "host"        // the host itself begins or ends the way
	Translation Kind = "translation" // the data plane of a Service picks a backend
	Outside     Kind = "outside"     // not a node of the cluster
	Other       Kind = "other"
)

// Addresses are a packet's as seen at one hop. Ports are 0 for ICMP.
type Addresses struct {
	Src netip.AddrPort `json:"src"`
	Dst netip.AddrPort `json:"dst"`
	// Tunnel is vxlan, geneve or ipip; OuterSrc and OuterDst are then its ends.
	Tunnel   string         `json:"tunnel,omitempty"`
	VNI      int            `json:"vni,omitempty"`
	OuterSrc netip.AddrPort `json:"outerSrc,omitzero"`
	OuterDst netip.AddrPort `json:"outerDst,omitzero"`
}

// Outcome is what became of the flow, as one of the closed words.
type Outcome string

// The outcomes. The zero value says that it cannot be told.
const (
	Unknown       Outcome = ""
	Whole         Outcome = "whole"         // every hop was seen, both ways
	Vanished      Outcome = "vanished"      // seen at one hop and not at the next
	Unanswered    Outcome = "unanswered"    // it reached the far end, which sent no answer
	Refused       Outcome = "refused"       // the answer is a reset or an ICMP error
	BlackHole     Outcome = "black hole"    // small packets pass, large ones do not
	Lossy         Outcome = "lossy"         // some packets pass, others do not
	Late          Outcome = "late"          // answered, but much later than it should be
	Unreverted    Outcome = "unreverted"    // the answer came with a backend's address instead of the Service's
	GaveUp        Outcome = "gave up"       // the client broke off the handshake
	Retransmitted Outcome = "retransmitted" // sent again and never acknowledged
)

// Verdict says where packets vanish, and why.
type Verdict struct {
	Outcome Outcome `json:"outcome,omitempty"`
	// Says is one sentence.
	Says string `json:"says"`
	// Direction is the way on which it went wrong.
	Direction Direction `json:"direction,omitempty"`
	// LastSeen is the last hop that the packet passed, FirstMissing the first that it did not.
	LastSeen     *Hop     `json:"lastSeen,omitempty"`
	FirstMissing *Hop     `json:"firstMissing,omitempty"`
	Because      []Reason `json:"because,omitempty"`
	// Place is where the packet vanished; Blames is where the reason lies, the
	// same place as a rule.
	Place  Place `json:"place,omitzero"`
	Blames Place `json:"blames,omitzero"`
	// Notes are further things that were seen, a sentence each.
	Notes []string `json:"notes,omitempty"`
}

// Reason is something that explains a verdict: what the kernel said, a counter
// that moved, an address that is not right.
type Reason struct {
	Node   string `json:"node,omitempty"`
	Source string `json:"source"` // "kernel", "rule", "counter", "capture", "configuration"
	Text   string `json:"text"`
	// Rule is the text of the rule itself, where it is one that counted packets.
	Rule string `json:"rule,omitempty"`

	// way is the direction for which it matters; empty for both.
	way Direction
}
