// Package check says what a check is: a value that can be listed, filtered,
// explained and judged without a cluster. It is pure.
package check

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/plumbline-net/plumbline/framework/facts"
)

// Level says how much a check's failure weighs.
type Level string

// The levels of the catalogue.
const (
	Core     Level = "core"     // must hold on every conformant cluster
	Extended Level = "extended" // a Warning unless it breaks traffic
	OptIn    Level = "opt-in"   // needs configuration
)

// Verdict is what was concluded. Unknown is the zero value: nothing asked,
// nothing heard, nothing judged is never a pass.
type Verdict uint8

// The verdicts, in the order of their weight within one check.
const (
	Unknown Verdict = iota
	Pass
	Warn
	Fail
	Skip // does not apply to this cluster, with a sentence
)

var verdictWords = [...]string{"unknown", "pass", "warn", "fail", "skip"}

// String is the word used in every format.
func (v Verdict) String() string {
	if int(v) < len(verdictWords) {
		return verdictWords[v]
	}
	return fmt.Sprintf("verdict(%d)", uint8(v))
}

// MarshalText writes the word.
func (v Verdict) MarshalText() ([]byte, error) { return []byte(v.String()), nil }

// UnmarshalText reads the word.
func (v *Verdict) UnmarshalText(text []byte) error {
	for i, w := range verdictWords {
		if w == string(text) {
			*v = Verdict(i)
			return nil
		}
	}
	return fmt.Errorf("%q is not a verdict (one of %v)", text, verdictWords)
}

// Need is something a check cannot do without; where it is missing the check is
// listed as not checked, with the reason.
type Need string

// The needs.
const (
	NeedAPI      Need = "api"       // reading the API server only
	NeedPods     Need = "probe-pod" // a probe pod on every node
	NeedHosts    Need = "host"      // the node agent (host network)
	NeedHostRead Need = "host-read" // the node agent with the host's files and firewall readable
	NeedService  Need = "service"   // the suite's own Service
	NeedConfig   Need = "config"    // an entry in the configuration file
	NeedPolicy   Need = "policy"    // pods and network policies of the suite's own
)

// Check is one promise.
type Check struct {
	ID      string // "kernel/ip-forward"
	Promise string // one sentence, stable from run to run
	Level   Level
	Needs   []Need
	Doc     string // the explanation page, Markdown
	// Ask gives the flows to observe; nil where none are needed. Pure.
	Ask func(Scope) []facts.Flow
	// Looks are the looks at the hosts that are needed.
	Looks []facts.Look
	// Services are the kinds of the suite's further Services that are needed (facts.KindLocal …).
	Services []string
	// Evaluate judges. Pure; it never sees a cluster.
	Evaluate func(*facts.Snapshot) Result
}

// Area is the part of the id before the slash.
func (c Check) Area() string {
	area, _, _ := strings.Cut(c.ID, "/")
	return area
}

// Result is the judgement of one check.
type Result struct {
	Verdict  Verdict
	Why      string // one sentence: why Unknown or Skip; otherwise a summary of what held ("36 of 36 pairs")
	Findings []Finding
}

// Finding says what, where, and what next.
type Finding struct {
	Subject string   `json:"subject"` // what it is about: "n3", "n1 → n3 (TCP, IPv4)", "coredns-abc"
	Nodes   []string `json:"nodes"`   // sorted; the nodes to look at first
	Verdict Verdict  `json:"verdict"` // Warn, Fail or Unknown
	Says    string   `json:"says"`    // one sentence with the observed value
	// Flow and Pairs tie it to cells of the matrix: "from>to" target ids, sorted.
	Flow     string     `json:"flow,omitempty"`
	Pairs    []Pair     `json:"pairs,omitempty"`
	Evidence []Evidence `json:"evidence,omitempty"`
	Remedy   []Remedy   `json:"remedy,omitempty"`
	// Plugin is the word (framework/cni) of the network plugin whose own rule it is
	// about; empty for anybody else's, and where it is about no rule.
	Plugin string `json:"-"`
	// Kind tells it from the other findings of its check, for the diagnosis; empty where nothing has to.
	Kind Kind `json:"-"`
}

// Kind is what a finding is about, where a check has several.
type Kind string

// ProxyAbsent: no kube-proxy ran on the node from the beginning of the run to its end.
const ProxyAbsent Kind = "no kube-proxy"

// Who keeps the suite's own pods from every node: a part of the control plane that does not act.
const (
	ControllerIdle Kind = "controller manager does not act"
	SchedulerIdle  Kind = "scheduler does not act"
)

// Pair is one cell of a matrix.
type Pair struct {
	From string `json:"from"` // "pod/n1"
	To   string `json:"to"`   // target id
	// Flow is the flow's key where a finding spans several flows; Finding.Flow is then empty.
	Flow string `json:"flow,omitempty"`
}

// FlowOf is the key of the flow that a pair of this finding belongs to.
func (f Finding) FlowOf(p Pair) string { return cmp.Or(p.Flow, f.Flow) }

// Evidence is one thing that was seen.
type Evidence struct {
	Node   string `json:"node,omitempty"`
	Source string `json:"source"` // where it was read: "sysctl net.ipv4.ip_forward (first look)", "/etc/sysctl.conf:12"
	Text   string `json:"text"`   // what it said
}

// Remedy is one step of the repair.
type Remedy struct {
	Text    string `json:"text"`              // what the step does
	Node    string `json:"node,omitempty"`    // where to run it; empty: where kubectl works
	Command string `json:"command,omitempty"` // ready to paste
	// Purpose says what the step is good for; empty is the repair itself.
	Purpose Purpose `json:"purpose,omitempty"`
}

// Purpose is what a step of a repair is good for.
type Purpose string

// The purposes, in the order in which a person needs them.
const (
	Find   Purpose = "find"   // tells more, and changes nothing
	Repair Purpose = ""       // ends the trouble now
	Last   Purpose = "last"   // keeps it from coming back (a reboot, a reload, the tool that wrote it)
	Verify Purpose = "verify" // shows that it is repaired
)

// Unknownf is a Result that says why nothing can be told.
func Unknownf(format string, args ...any) Result {
	return Result{Verdict: Unknown, Why: fmt.Sprintf(format, args...)}
}

// Skipf is a Result for a check that does not apply here.
func Skipf(format string, args ...any) Result {
	return Result{Verdict: Skip, Why: fmt.Sprintf(format, args...)}
}

// Conclude gives the verdict of a check from its findings: Fail weighs most,
// then Unknown, then Warn; no finding is a Pass, with what held. The steps of
// each finding are put in order.
func Conclude(held string, findings []Finding) Result {
	verdict := Pass
	for i, f := range findings {
		findings[i].Remedy = InOrder(f.Remedy)
		if f.Verdict.Weight() > verdict.Weight() {
			verdict = f.Verdict
		}
	}
	r := Result{Verdict: verdict, Why: held, Findings: findings}
	if verdict == Unknown {
		for _, f := range findings {
			if f.Verdict == Unknown {
				r.Why = f.Says
				break
			}
		}
	}
	return r
}

// Weight is how much a verdict weighs beside others: a failure most, then not
// knowing, then a warning; what held, or does not apply, nothing.
func (v Verdict) Weight() int {
	switch v {
	case Fail:
		return 3
	case Unknown:
		return 2
	case Warn:
		return 1
	default:
		return 0
	}
}
