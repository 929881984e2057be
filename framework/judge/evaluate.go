package judge

import (
	"fmt"

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
// tier, the selection), or nothing. What was wanted and did not come about is
// no missing requirement; then the check itself is Unknown.
func Missing(c check.Check, s *facts.Snapshot) string {
	for _, need := range c.Needs {
		if why := missing(need, s); why != "" {
			return why
		}
	}
	return ""
}

func missing(need check.Need, s *facts.Snapshot) string {
	switch need {
	case check.NeedPods:
		return unwanted("probe pod", s, func(n facts.Node) facts.Agent { return n.PodAgent })
	case check.NeedHosts, check.NeedHostRead:
		return unwanted("node agent", s, func(n facts.Node) facts.Agent { return n.NodeAgent })
	case check.NeedAPI, check.NeedService:
		return ""
	}
	return ""
}

// unwanted is the reason which every node under test gives for having no agent.
func unwanted(what string, s *facts.Snapshot, agent func(facts.Node) facts.Agent) string {
	why := ""
	for _, n := range s.Selected() {
		reason := agent(n).NotRun
		if reason == "" {
			return ""
		}
		why = reason
	}
	if why == "" {
		return ""
	}
	return fmt.Sprintf("it needs a %s on every node, and this run has none: %s", what, why)
}
