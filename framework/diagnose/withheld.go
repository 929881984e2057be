package diagnose

import (
	"github.com/plumbline-net/plumbline/framework/check"
	"github.com/plumbline-net/plumbline/reporters/report"
)

// withhold notes the failing findings that a claim explains as a whole: the suite
// was kept from looking there, so that they are not known to be broken. A finding
// of which the claim explains a part only still fails.
func (in *input) withhold(c *report.Cause, cl claim, into map[Place]string) {
	failing := false
	for _, j := range in.judged {
		for i, f := range j.Result.Findings {
			if f.Verdict != check.Fail {
				continue
			}
			pairs, explained := in.covers(cl, j.ID, f)
			for _, p := range pairs {
				in.kept[p] = true
			}
			switch {
			case explained && len(pairs) == len(f.Pairs):
				into[Place{j.ID, i}] = c.Key
			case explained:
				failing = true
			}
		}
	}
	if c.Verdict == check.Fail && !failing {
		c.Verdict = check.Unknown
	}
}

// onlyWithheld says whether a claim rests on nothing but the shape of pairs at which
// the suite was kept from looking: those have no shape to read.
func (in *input) onlyWithheld(cl claim) bool {
	if !cl.open || cl.proved || cl.withholds || len(in.kept) == 0 {
		return false
	}
	mine := 0
	for _, j := range in.judged {
		for _, f := range j.Result.Findings {
			if f.Verdict != check.Fail {
				continue
			}
			pairs, _ := in.covers(cl, j.ID, f)
			for _, p := range pairs {
				if !in.kept[p] {
					return false
				}
				mine++
			}
		}
	}
	return mine > 0
}
