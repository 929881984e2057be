package policy

import (
	_ "embed" // the explanation page

	"github.com/plumbline-net/plumbline/framework/check"
	"github.com/plumbline-net/plumbline/framework/facts"
)

//go:embed ingress_deny.md
var ingressDenyDoc string

// IngressDeny is the check policy/ingress-deny.
func IngressDeny() check.Check {
	return of("policy/ingress-deny", "A policy that permits nothing stops every connection to the pods that it selects, from every node, and none between other pods.", ingressDenyDoc, ingressDeny)
}

func ingressDeny(s *facts.Snapshot) check.Result {
	stage, none := stageOf(s, facts.StageDenied)
	if none != nil {
		return *none
	}
	j := judgeStage(s.PolicyTrial, stage, func(c connection) bool { return c.from.Class == facts.PodsOpen && c.flow.To == facts.ToPod })
	return j.result(s, stage, "are as a policy says that denies all ingress")
}
