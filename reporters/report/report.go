// Package report is the versioned result of a run: the content of report.json.
// Every other format is a pure rendering of it.
package report

import (
	"strings"
	"time"

	"github.com/plumbline-net/plumbline/framework/check"
	"github.com/plumbline-net/plumbline/framework/facts"
)

// APIVersion and Kind name the format.
const (
	APIVersion = "plumbline.dev/report/v1"
	Kind       = "Report"
)

// Verdict of the whole run.
type Verdict string

// The verdicts of a run.
const (
	Conformant    Verdict = "conformant"     // exit status 0
	NotConformant Verdict = "not conformant" // exit status 1: at least one check failed
	CannotTell    Verdict = "cannot tell"    // exit status 3: set-up died, core checks Unknown, interrupted
)

// Report is everything concluded from one Snapshot.
type Report struct {
	APIVersion string  `json:"apiVersion"`
	Kind       string  `json:"kind"`
	Verdict    Verdict `json:"verdict"`
	// Sentence is the verdict as one sentence for people.
	Sentence   string `json:"sentence"`
	ExitStatus int    `json:"exitStatus"`

	Run     Run     `json:"run"`
	Cluster Cluster `json:"cluster"`
	Nodes   []Node  `json:"nodes"`

	Counts   Counts      `json:"counts"`
	Coverage []Coverage  `json:"coverage"`
	Stats    facts.Stats `json:"stats"`

	Causes []Cause `json:"causes"`
	// Unexplained is what failed and no cause explains, with the shape that it has.
	Unexplained []Unexplained `json:"unexplained,omitempty"`
	// Traces are the flows that were sent again while the nodes on their way watched,
	// in the order in which they were sent.
	Traces   []Trace  `json:"traces,omitempty"`
	Checks   []Check  `json:"checks"`
	Matrices []Matrix `json:"matrices"`
	// DetailsLeft counts the cells whose record was left out, for a report holds at most MaxDetails.
	DetailsLeft int          `json:"detailsLeft,omitempty"`
	NotChecked  []NotChecked `json:"notChecked"`
}

// Run says which run this was.
type Run struct {
	ID        string    `json:"id"`
	Suite     string    `json:"suite"`
	Started   time.Time `json:"started"`
	Finished  time.Time `json:"finished"`
	Millis    int       `json:"millis"`
	InCluster bool      `json:"inCluster"`
	// FailOn is "warn" where warnings were asked to fail the run; otherwise "fail" or empty.
	FailOn string `json:"failOn,omitempty"`
	// Profile is the named selection of checks that was asked for: "smoke" or "acceptance".
	Profile    string `json:"profile,omitempty"`
	Incomplete string `json:"incomplete,omitempty"`
	// Problems are what went wrong in the run itself, not in the network.
	Problems []facts.Error `json:"problems,omitempty"`
}

// Cluster identifies what was examined.
type Cluster struct {
	Server    string         `json:"server,omitempty"`
	Context   string         `json:"context,omitempty"`
	UID       string         `json:"uid,omitempty"`
	Version   string         `json:"version,omitempty"`
	Families  []facts.Family `json:"families"`
	ProxyMode string         `json:"proxyMode,omitempty"`
	CNI       string         `json:"cni,omitempty"`
	PodCIDRs  []string       `json:"podCIDRs"`
	Services  []string       `json:"serviceCIDRs"`
	// Recognised says what the parts of the cluster were taken for, and by what.
	Recognised []facts.Recognised `json:"recognised,omitempty"`
}

// Parts are the recognised parts, one line each: "network plugin: NAME VERSION (by what)".
func (c Cluster) Parts() []string {
	var out []string
	for _, r := range c.Recognised {
		line := r.What + ": " + r.Value
		if r.Version != "" {
			line += " " + r.Version
		}
		if len(r.By) > 0 {
			line += " (" + strings.Join(r.By, "; ") + ")"
		}
		out = append(out, line)
	}
	return out
}

// Node is a node and what became of it.
type Node struct {
	Name      string   `json:"name"`
	Addresses []string `json:"addresses"`
	PodCIDRs  []string `json:"podCIDRs"`
	Role      string   `json:"role"` // "control-plane" or "worker"
	Zone      string   `json:"zone,omitempty"`
	Kernel    string   `json:"kernel,omitempty"`
	OS        string   `json:"os,omitempty"`
	Kubelet   string   `json:"kubelet,omitempty"`
	Runtime   string   `json:"runtime,omitempty"`
	// Status is "tested", "excluded" or "not testable"; Why names the rule or the reason.
	Status string `json:"status"`
	Why    string `json:"why,omitempty"`
	// Failing counts findings that fail and name this node.
	Failing int `json:"failing"`
}

// Counts of checks by verdict, and of accepted exceptions among the failures and warnings.
type Counts struct {
	Pass     int `json:"pass"`
	Fail     int `json:"fail"`
	Warn     int `json:"warn"`
	Unknown  int `json:"unknown"`
	Skip     int `json:"skip"`
	Accepted int `json:"accepted"`
}

// Coverage is how many of the pairs asked were answered, per kind of flow.
type Coverage struct {
	Kind     string `json:"kind"` // "pod → pod"
	Asked    int    `json:"asked"`
	Answered int    `json:"answered"`
}

// Check is one check with its judgement.
type Check struct {
	ID       string          `json:"id"`
	Area     string          `json:"area"`
	Promise  string          `json:"promise"`
	Level    check.Level     `json:"level"`
	Verdict  check.Verdict   `json:"verdict"`
	Accepted bool            `json:"accepted,omitempty"` // listed in --ignore-checks
	Why      string          `json:"why"`
	Millis   int             `json:"millis"`            // how long its flows took, longest row
	Retried  bool            `json:"retried,omitempty"` // passed, but not at the first attempt everywhere
	Causes   []string        `json:"causes,omitempty"`  // keys of the causes that explain it
	Findings []check.Finding `json:"findings"`
}

// Matrix is a flow's outcome for the heat map.
type Matrix struct {
	Flow    string   `json:"flow"`    // facts.Flow.Key
	Title   string   `json:"title"`   // "Pod → pod, TCP, IPv4"
	Columns []string `json:"columns"` // target ids
	Rows    []Row    `json:"rows"`
}

// Row is one vantage's cells.
type Row struct {
	From string `json:"from"`
	// NotRun says why there are no cells.
	NotRun string `json:"notRun,omitempty"`
	// Words has one letter a cell: . ok, ~ ok after a retry, R refused, T timeout,
	// U unreachable, X reset, B tooBig, G garbled (or an answer where none is right), ? notRun; with flags: n source rewritten, p partial.
	// Where the flow's right answer is another (closed, over) the right answer is '.'.
	Words string `json:"words"`
	// Micros are round trips in microseconds, quantised to 7 %.
	Micros []int `json:"micros,omitempty"`
	// Details are records of cells whose letter is not '.', sorted by target.
	Details []Detail `json:"details,omitempty"`
}

// What a report holds of records at most; facts.json has all of them.
const (
	MaxDetails  = 2000 // in a report
	MaxAttempts = 20   // in a record
)

// Detail is what was tried for one cell.
type Detail struct {
	Target   int       `json:"target"` // index into the matrix's columns
	Attempts []Attempt `json:"attempts,omitempty"`
	// Left counts attempts that were left out, between the first half of those here and the second.
	Left int `json:"left,omitempty"`
	// Met are the echo instances that answered, sorted, where a target has several.
	Met []string `json:"met,omitempty"`
	// PathMTU is the largest IP packet in bytes that arrived with DF set; 0 where none did or none was sent.
	PathMTU int `json:"pathMTU,omitempty"`
}

// Attempt is one try, in words as far as they need no context.
type Attempt struct {
	Outcome facts.Outcome `json:"outcome"`
	// Micros is the round trip, or the time until the failure was known.
	Micros int    `json:"micros,omitempty"`
	Errno  string `json:"errno,omitempty"` // ECONNREFUSED
	ICMP   string `json:"icmp,omitempty"`  // "ICMP host prohibited (3/10) from 10.0.0.13"
	// Local is the address the socket had; Seen is whom the far end saw; Peer is the echo instance that answered.
	Local string `json:"local,omitempty"`
	Seen  string `json:"seen,omitempty"`
	Peer  string `json:"peer,omitempty"`
	Size  int    `json:"size,omitempty"` // of the IP packet in bytes
	Note  string `json:"note,omitempty"` // what no other field can carry
}

// NotChecked is something that was not looked at.
type NotChecked struct {
	What string `json:"what"` // check id, node, vantage
	Why  string `json:"why"`
}
