package facts

import (
	"net/netip"
	"slices"
)

// Matrix is everything heard about one Flow: a row per vantage, a cell per target.
type Matrix struct {
	Flow    Flow     `json:"flow"`
	Targets []Target `json:"targets"`
	Rows    []Row    `json:"rows"`
	// NotRun says why the flow was not observed at all (no targets, no such vantage).
	NotRun string `json:"notRun,omitempty"`
}

// Target is one thing that is probed.
type Target struct {
	// ID is stable within a run: "pod/n1", "host/n1", "nodePort/n1", "dns/coredns-x", "service".
	ID string `json:"id"`
	// Node is where it lives; empty for a ClusterIP.
	Node string     `json:"node,omitempty"`
	Addr netip.Addr `json:"addr"`
	// Port is 0 for ICMP.
	Port uint16 `json:"port,omitempty"`
	// Peers are the echo instances one of which must answer ("pod/n1"); for a
	// Service all of them must be met. Empty where the far end is not ours.
	Peers []string `json:"peers,omitempty"`
	// AnyPeer: one of Peers is enough (a NodePort, whose backends the ClusterIP probes meet).
	AnyPeer bool `json:"anyPeer,omitempty"`
	// Name is what a TLS or DNS probe asks for.
	Name string `json:"name,omitempty"`
}

// Vantage is one place probes start from.
type Vantage struct {
	Kind VantageKind `json:"kind"`
	Node string      `json:"node,omitempty"` // empty for the runner
}

// String is "pod/n1", "host/n1" or "runner".
func (v Vantage) String() string {
	if v.Kind == FromRunner {
		return string(FromRunner)
	}
	return string(v.Kind) + "/" + v.Node
}

// Row is what one vantage answered for one flow.
type Row struct {
	From Vantage `json:"from"`
	// NotRun says why this vantage gave no answer; Cells is then empty.
	NotRun string `json:"notRun,omitempty"`
	// MTU is the MTU in bytes of the interface towards the targets (PMTU and Over only).
	MTU int `json:"mtu,omitempty"`
	// SettleMillis is how long the slowest target needed to answer for the first time
	// (ClusterIP and NodePort only).
	SettleMillis int `json:"settleMillis,omitempty"`
	// Millis is how long the row took.
	Millis int   `json:"millis,omitempty"`
	Cells  Cells `json:"cells,omitempty"`
	// Details holds whole records, sorted by target, for the cells that are not plain.
	Details []Detail `json:"details,omitempty"`
}

// Detail is the whole record of one cell.
type Detail struct {
	// Target is the index into Matrix.Targets.
	Target   int       `json:"target"`
	Attempts []Attempt `json:"attempts,omitempty"`
	// Met are the echo instances that answered, sorted, where a Target names several.
	Met []string `json:"met,omitempty"`
	// PathMTU is the largest IP packet in bytes that arrived with DF set; 0 if none did.
	PathMTU int `json:"pathMTU,omitempty"`
}

// Attempt is one try, as both ends tell it.
type Attempt struct {
	Outcome Outcome `json:"outcome"`
	// AtMillis is the time since the batch began.
	AtMillis int `json:"atMillis"`
	// Micros is the round trip, or the time until the failure was known.
	Micros int `json:"micros,omitempty"`
	// Errno is the kernel's word for a failure, for example ECONNREFUSED.
	Errno string `json:"errno,omitempty"`
	// ICMP is the error message that caused the failure, where the kernel passed it on.
	ICMP *ICMPError `json:"icmp,omitempty"`
	// Local is the address the socket had; Seen is whom the far end saw.
	Local netip.AddrPort `json:"local,omitzero"`
	Seen  netip.AddrPort `json:"seen,omitzero"`
	// Peer is the echo instance that answered.
	Peer string `json:"peer,omitempty"`
	// Size is the length of the IP packet in bytes (PMTU and Over only).
	Size int `json:"size,omitempty"`
	// RCode and Answers are of a DNS reply.
	RCode   string   `json:"rcode,omitempty"`
	Answers []string `json:"answers,omitempty"`
	// Note is a short reason where no other field can carry it (TLS error, wrong nonce).
	Note string `json:"note,omitempty"`
}

// ICMPError is an ICMP or ICMPv6 error as the kernel's error queue gave it (ip(7), IP_RECVERR).
type ICMPError struct {
	Type uint8      `json:"type"`
	Code uint8      `json:"code"`
	From netip.Addr `json:"from,omitzero"`
	MTU  int        `json:"mtu,omitempty"`
}

// Detail gives the whole record of a target, or nil where the cell is plain.
func (r Row) Detail(target int) *Detail {
	i, ok := slices.BinarySearchFunc(r.Details, target, func(d Detail, t int) int { return d.Target - t })
	if !ok {
		return nil
	}
	return &r.Details[i]
}
