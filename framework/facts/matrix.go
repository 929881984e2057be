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
	// Name is what a TLS or DNS probe asks for, the path of an HTTP probe, or the host of a Connect.
	Name string `json:"name,omitempty"`
	// Type is the type of a DNS question ("SRV"); A where it is empty.
	Type string `json:"type,omitempty"`
	// Want are the answers that a DNS question must get, sorted, all of them and no
	// other; empty where any answer will do. RCode is the answer's code, NOERROR where empty.
	Want  []string `json:"want,omitempty"`
	RCode string   `json:"rcode,omitempty"`
	// Silent: no answer is the right one (a negative control), so it is asked once.
	Silent bool `json:"silent,omitempty"`
	// Self: only the vantage itself may answer (hairpin).
	Self bool `json:"self,omitempty"`
	// Class is the RuntimeClass of a probe pod, or the class of a pod of the trial of policies.
	Class string `json:"class,omitempty"`
}

// Vantage is one place probes start from.
type Vantage struct {
	Kind VantageKind `json:"kind"`
	Node string      `json:"node,omitempty"` // empty for the runner
	// Class is the RuntimeClass of a FromRuntime vantage, or the class of a pod of the
	// trial of policies.
	Class string `json:"class,omitempty"`
}

// String is "pod/n1", "host/n1", "runtime/kata/n1" or "runner".
func (v Vantage) String() string {
	if v.Kind == FromRuntime || v.Class != "" {
		return string(v.Kind) + "/" + v.Class + "/" + v.Node
	}
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
	// Series holds the figures of a Series, Race or Connect, a cell per target.
	Series SeriesCells `json:"series,omitempty"`
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
	// Hops is the way towards a target of Connect that did not answer, as far as it could be walked.
	Hops []Hop `json:"hops,omitempty"`
}

// Hop is one router on the way, as mtr(8) shows it. Times are in microseconds.
type Hop struct {
	TTL  int        `json:"ttl"`
	Addr netip.Addr `json:"addr,omitzero"` // invalid: nobody answered
	Sent int        `json:"sent"`
	Lost int        `json:"lost"`
	Last int        `json:"last,omitempty"`
	// Average, Best, Worst and Deviation (standard deviation) are of the answers.
	Average   int `json:"average,omitempty"`
	Best      int `json:"best,omitempty"`
	Worst     int `json:"worst,omitempty"`
	Deviation int `json:"deviation,omitempty"`
	// Says is what the router answered where it was not "time exceeded".
	Says string `json:"says,omitempty"`
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
	// Size is the length of the IP packet in bytes (PMTU and Over), or how many bytes
	// of a Bulk came back.
	Size int `json:"size,omitempty"`
	// Connected: a Bulk's or Connect's TCP handshake was completed.
	Connected bool `json:"connected,omitempty"`
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
