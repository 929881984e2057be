package judge

import (
	"github.com/plumbline-net/plumbline/framework/check"
	"github.com/plumbline-net/plumbline/framework/diagnose"
)

// withhold turns failing findings that a cause kept the suite from looking into
// unknown ones: the pods that probed were stopped on purpose, and what lies behind
// is not known to be broken. The steps of such a finding would repair nothing.
func (c *trial) withhold(d diagnose.Diagnosis) {
	says := map[string]string{}
	for _, cause := range d.Causes {
		says[cause.Key] = cause.ID
	}
	changed := map[string]string{}
	for at, key := range d.Withheld {
		f := &c.results[at.Check].Findings[at.Index] // the trial's own copy
		f.Verdict, f.Remedy = check.Unknown, nil
		changed[at.Check] = says[key]
	}
	for id, cause := range changed {
		r := c.results[id]
		held := r.Why
		r = check.Conclude(held, r.Findings)
		if r.Verdict == check.Unknown {
			r.Why = "the probes were stopped on their way on purpose (" + cause + "): " + held
		}
		c.results[id] = sortFindings(r)
	}
}
