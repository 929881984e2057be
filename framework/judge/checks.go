package judge

import (
	"github.com/plumbline-net/plumbline/framework/check"
	"github.com/plumbline-net/plumbline/framework/facts"
	"github.com/plumbline-net/plumbline/reporters/report"
)

// failOnWarn is the value of --fail-on that makes a warning weigh like a failure.
const failOnWarn = "warn"

func (c *trial) checks(causes []report.Cause) []report.Check {
	out := []report.Check{}
	for _, k := range c.selected {
		result := c.results[k.ID]
		millis, retried := c.series(k)
		out = append(out, report.Check{
			ID: k.ID, Area: k.Area(), Promise: k.Promise, Level: k.Level,
			Verdict: result.Verdict, Why: result.Why, Findings: result.Findings,
			Accepted: c.ignored[k.ID] && result.Verdict.Weight() > 0,
			Millis:   millis, Retried: retried && result.Verdict == check.Pass,
			Causes: causesOf(causes, k.ID),
		})
	}
	return out
}

func causesOf(causes []report.Cause, id string) []string {
	var keys []string
	for _, cause := range causes {
		for _, e := range cause.Explains {
			if e.Check == id {
				keys = append(keys, cause.Key)
			}
		}
	}
	return keys
}

// series gives, over all flows of a check, how long the longest row took in
// milliseconds, and whether an answer needed more than one attempt.
func (c *trial) series(k check.Check) (millis int, retried bool) {
	if k.Ask == nil {
		return 0, false
	}
	for _, f := range k.Ask(c.scope) {
		m := c.facts.Matrix(f)
		if m == nil {
			continue
		}
		for _, row := range m.Rows {
			millis = max(millis, row.Millis)
			for _, cell := range row.Cells {
				retried = retried || cell.Retried && cell.Outcome != facts.NotRun
			}
		}
	}
	return millis, retried
}

func (c *trial) counts(checks []report.Check) report.Counts {
	var n report.Counts
	for _, k := range checks {
		switch k.Verdict {
		case check.Pass:
			n.Pass++
		case check.Fail:
			n.Fail++
		case check.Warn:
			n.Warn++
		case check.Unknown:
			n.Unknown++
		case check.Skip:
			n.Skip++
		}
		if k.Accepted && k.Verdict != check.Unknown {
			n.Accepted++
		}
	}
	return n
}
