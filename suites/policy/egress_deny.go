package policy

import (
	_ "embed" // the explanation page

	"github.com/plumbline-net/plumbline/framework/check"
	"github.com/plumbline-net/plumbline/framework/facts"
)

//go:embed egress_deny.md
var egressDenyDoc string

// EgressDeny is the check policy/egress-deny.
func EgressDeny() check.Check {
	return of("policy/egress-deny", "A policy that permits nothing stops every connection from the pods that it selects, to every node.", egressDenyDoc, egressDeny)
}

func egressDeny(s *facts.Snapshot) check.Result {
	stage, none := stageOf(s, facts.StageDenied)
	if none != nil {
		return *none
	}
	j := judgeStage(s.PolicyTrial, stage, func(c connection) bool { return c.from.Class == facts.PodsGuarded && c.to.Class == facts.PodsOpen })
	return j.result(s, stage, "are as a policy says that denies all egress")
}
