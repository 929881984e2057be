package judge

import (
	"github.com/plumbline-net/plumbline/framework/check"
	"github.com/plumbline-net/plumbline/framework/facts"
)

// Evaluate judges one check. A requirement that this run was never meant to
// meet is a Skip with a sentence; a check that panics is Unknown, with the
// panic's text, and the others go on.
func Evaluate(c check.Check, s *facts.Snapshot) (result check.Result) {
	defer func() {
		if p := recover(); p != nil {
			result = check.Unknownf("the check itself broke down: %v", p)
		}
	}()
	if why := Missing(c, s); why != "" {
		return check.Skipf("%s", why)
	}
	if c.Evaluate == nil {
		return check.Unknownf("the check cannot judge: it has no Evaluate")
	}
	return c.Evaluate(s)
}

// Missing says which requirement of a check this run left out by choice (the
// tier), or nothing. What was wanted and did not come about is no missing
// requirement; then the check itself is Unknown.
func Missing(c check.Check, s *facts.Snapshot) string {
	for _, need := range c.Needs {
		switch need {
		case check.NeedHosts, check.NeedHostRead:
			if s.Run.Unprivileged {
				return "it looks at the hosts, and this run was asked not to (--unprivileged)"
			}
		case check.NeedAPI, check.NeedPods, check.NeedService, check.NeedConfig, check.NeedPolicy:
		}
	}
	return ""
}
