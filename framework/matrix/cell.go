// Package matrix judges what many places heard of many targets: it holds every
// cell of a flow against the answer that was promised, and puts those that fail
// into as few findings as their shape allows (a sender, a receiver, a node, a
// pair, one direction), without dropping a cell. What was not heard is Unknown.
// It is pure.
package matrix

import (
	"slices"

	"github.com/plumbline-net/plumbline/framework/check"
	"github.com/plumbline-net/plumbline/framework/facts"
)

// Spec is how one check reads its flows.
type Spec struct {
	// Flows that the check asks, and all of which it judges.
	Flows []facts.Flow
	// Rule judges one cell that was answered; nil is Answers.
	Rule func(Cell) Ruling
	// Spread splits a cell into several where one target stands for many (the
	// backends of a Service); nil leaves it whole.
	Spread func(Cell) []Cell
	// Holds is what right cells do, for "9 of 9 pairs answer"; empty is "answer".
	Holds string
	// Noun is what is counted; empty is "pairs".
	Noun string
	// JudgesLoss: the check has findings of its own about attempts that were lost.
	JudgesLoss bool
	// Also are findings that the check made itself.
	Also []check.Finding
	// Remedy gives the next steps for failing cells.
	Remedy func(Place) []check.Remedy
}

// Cell is one answer with everything known of it.
type Cell struct {
	Flow   facts.Flow
	From   facts.Vantage
	To     *facts.Target
	MTU    int // of the row, in bytes; 0 where it does not matter
	Answer facts.Cell
	Detail *facts.Detail // nil for a plain cell
	// Series is what a series of attempts gave; the zero value where there was none.
	Series facts.SeriesCell
	// Column is what the cell counts towards; it differs from To only after Spread.
	Column Column
}

// Column is a receiver.
type Column struct {
	ID    string
	Node  string // empty where it lives on no particular node
	Label string // as people call it
}

// Self says whether the probe went from a vantage to itself, which is loopback.
func (c Cell) Self() bool { return c.From.String() == c.To.ID }

// within says whether both ends are on one node.
func (c Cell) within() bool { return c.Column.Node != "" && c.Column.Node == c.From.Node }

// Last is the last attempt, the zero value where no record was kept.
func (c Cell) Last() facts.Attempt {
	if c.Detail == nil || len(c.Detail.Attempts) == 0 {
		return facts.Attempt{}
	}
	return c.Detail.Attempts[len(c.Detail.Attempts)-1]
}

// Telling is the attempt that says most about the outcome: the last one which
// had it, or an earlier one of the same outcome that carries an ICMP error.
func (c Cell) Telling() facts.Attempt {
	if c.Detail == nil {
		return facts.Attempt{}
	}
	found, ok := facts.Attempt{}, false
	for _, a := range slices.Backward(c.Detail.Attempts) {
		if a.Outcome == c.Answer.Outcome && (!ok || found.ICMP == nil && a.ICMP != nil) {
			found, ok = a, true
		}
	}
	if !ok {
		return c.Last()
	}
	return found
}

// series says whether the attempts are draws from several far ends, of which the
// record keeps every failure and only the first success (see framework/probe).
func (c Cell) series() bool {
	return c.Flow.To == facts.ToClusterIP || c.Flow.To == facts.ToDNSService
}

// pair is the cell's place in the matrix.
func (c Cell) pair() check.Pair {
	return check.Pair{From: c.From.String(), To: c.To.ID, Flow: c.Flow.Key()}
}

// Standing is how a cell stands against the promise. The zero value is Open.
type Standing uint8

// The standings.
const (
	Open  Standing = iota // could not be told
	Right                 // as promised
	Wrong                 // not as promised
	Aside                 // another check's matter
)

// Ruling is the judgement of one cell.
type Ruling struct {
	Standing Standing
	// Phrase is what a wrong cell does ("times out", "time out").
	Phrase Phrase
	// Why is the reason for Open and Aside.
	Why string
	// Mild: a wrong cell through which traffic finds its way all the same. A finding
	// of such cells alone is a Warning.
	Mild bool
}

// Phrase is a predicate in singular and plural.
type Phrase struct{ One, Many string }

// of is the form for n.
func (p Phrase) of(n int) string {
	if n == 1 {
		return p.One
	}
	return p.Many
}

// Failing is a Ruling for a cell that is wrong.
func Failing(one, many string) Ruling {
	return Ruling{Standing: Wrong, Phrase: Phrase{one, many}}
}

// Warning is a Ruling for a cell that is wrong, and through which traffic finds
// its way all the same.
func Warning(one, many string) Ruling {
	r := Failing(one, many)
	r.Mild = true
	return r
}

// Answers is the rule for flows in which the far end must answer.
func Answers(c Cell) Ruling {
	if c.Answer.Outcome == facts.OK {
		return Ruling{Standing: Right}
	}
	return Outcome(c.Answer.Outcome)
}

// Outcome is the ruling for an outcome that is not the right one.
func Outcome(o facts.Outcome) Ruling {
	switch o {
	case facts.OK:
		return Failing("connects", "connect")
	case facts.Refused:
		return Failing("is refused", "are refused")
	case facts.Timeout:
		return Failing("times out", "time out")
	case facts.Unreachable:
		return Failing("is unreachable", "are unreachable")
	case facts.Reset:
		return Failing("is cut off", "are cut off")
	case facts.TooBig:
		return Failing("is too big for the path", "are too big for the path")
	case facts.Garbled:
		return Failing("gets a wrong answer", "get a wrong answer")
	case facts.NotRun:
		return Ruling{Standing: Open, Why: "not run"}
	}
	return Ruling{Standing: Open, Why: "an outcome that this version does not know"}
}

// Met are the echo instances that answered, where a target names several.
func (c Cell) Met() []string {
	if c.Detail == nil {
		return nil
	}
	return c.Detail.Met
}
