package report

import (
	"slices"

	"github.com/plumbline-net/plumbline/framework/check"
)

// Pairs counts the pairs of vantage and target of all kinds: those that were
// asked, and those of them that were answered.
func (r *Report) Pairs() (answered, asked int) {
	for _, c := range r.Coverage {
		answered, asked = answered+c.Answered, asked+c.Asked
	}
	return answered, asked
}

// Tested counts the nodes that were tested.
func (r *Report) Tested() int {
	n := 0
	for _, node := range r.Nodes {
		if node.Tested() {
			n++
		}
	}
	return n
}

// Tested says whether at least one place on the node answered.
func (n Node) Tested() bool { return n.Status == "tested" }

// Detail gives the record of a column; nil where there is none.
func (r Row) Detail(column int) *Detail {
	i, ok := slices.BinarySearchFunc(r.Details, column, func(d Detail, c int) int { return d.Target - c })
	if !ok {
		return nil
	}
	return &r.Details[i]
}

// Fails says whether a check is one of those that make the run fail: a failure
// that was not accepted, or a warning where warnings were asked to fail.
func (r *Report) Fails(c Check) bool {
	if c.Accepted {
		return false
	}
	return c.Verdict == check.Fail || c.Verdict == check.Warn && r.Run.FailOn == "warn"
}

// Excepted says whether a failure or a warning was accepted.
func (c Check) Excepted() bool {
	return c.Accepted && (c.Verdict == check.Fail || c.Verdict == check.Warn)
}

// Excepted says whether all that a cause explains was accepted.
func (r *Report) Excepted(c Cause) bool {
	return len(c.Explains) > 0 && !slices.ContainsFunc(r.Checks, func(k Check) bool {
		return !k.Accepted && slices.Contains(k.Causes, c.Key)
	})
}

// Judged are the findings that stand for the check's own verdict; all of them
// where none does.
func (c Check) Judged() []check.Finding {
	var out []check.Finding
	for _, f := range c.Findings {
		if f.Verdict == c.Verdict {
			out = append(out, f)
		}
	}
	if len(out) == 0 {
		return c.Findings
	}
	return out
}

// NodesOf gives the names of the nodes in findings, sorted.
func NodesOf(findings []check.Finding) []string {
	var out []string
	for _, f := range findings {
		out = append(out, f.Nodes...)
	}
	slices.Sort(out)
	return slices.Compact(out)
}
