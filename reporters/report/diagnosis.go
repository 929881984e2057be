package report

import "github.com/plumbline-net/plumbline/framework/check"

// Cause is what stands behind findings.
type Cause struct {
	ID string `json:"id"` // "no-forwarding"
	// Key is ID with its nodes, unique in a report: "no-forwarding/n3".
	Key      string           `json:"key"`
	Nodes    []string         `json:"nodes"`
	Says     string           `json:"says"`
	Evidence []check.Evidence `json:"evidence"`
	Remedy   []check.Remedy   `json:"remedy"`
	Explains []Explained      `json:"explains"`
	// Verdict is what the heaviest finding that it explains says: fail, unknown or warn.
	Verdict check.Verdict `json:"verdict"`
	// Certainty is how well it is founded, and Grounds the reason for that as one
	// sentence: "the rule's counter grew by 24 packets while the suite probed".
	Certainty Certainty `json:"certainty,omitempty"`
	Grounds   string    `json:"grounds,omitempty"`
	// Against are sentences about what speaks against it, or what it leaves open:
	// pairs that it should break and that answered, a flow that vanished elsewhere,
	// red pairs of its nodes that it does not explain. It is weakened by the first two.
	Against []string `json:"against,omitempty"`
	// Trace is the place where packets vanish, where a flow was sent again to see it.
	Trace *TraceNote `json:"trace,omitempty"`
}

// Certainty says how well a cause is founded, as the words that people read.
type Certainty string

// The certainties, the best first.
const (
	Proved     Certainty = "proved by counter or capture"
	Configured Certainty = "follows from configuration"
	Fits       Certainty = "fits the pattern"
	FitsPartly Certainty = "fits the pattern only in part"
)

// Unexplained is a failure that no cause explains, with what its red pairs have in
// common: what to look at where nothing better is known.
type Unexplained struct {
	// Checks are those whose findings have this shape, sorted; Findings counts them.
	Checks   []string `json:"checks"`
	Findings int      `json:"findings"`
	Nodes    []string `json:"nodes"`
	// Says is what the first of them says.
	Says string `json:"says"`
	// Pairs counts the red pairs of the matrix, and Pattern says what they have in
	// common: "every pair into n3, across nodes only; UDP only". Empty without pairs.
	Pairs   int    `json:"pairs,omitempty"`
	Pattern string `json:"pattern,omitempty"`
	// Trace is the id of the flow that was sent again for it; empty where none was.
	Trace string `json:"trace,omitempty"`
}

// Explained is how many findings of a check a cause stands behind.
type Explained struct {
	Check    string `json:"check"`
	Findings int    `json:"findings"`
	Of       int    `json:"of"`
	Pairs    int    `json:"pairs,omitempty"` // cells of the matrix
}
