package policy

import (
	_ "embed" // the explanation page

	"github.com/plumbline-net/plumbline/framework/check"
	"github.com/plumbline-net/plumbline/framework/facts"
)

//go:embed allow_pods.md
var allowPodsDoc string

// AllowPods is the check policy/allow-pods.
func AllowPods() check.Check {
	return of("policy/allow-pods", "A rule that permits pods by their label lets these connect from every node, and no others.", allowPodsDoc, allowPods)
}

func allowPods(s *facts.Snapshot) check.Result {
	stage, none := stageOf(s, facts.StagePermitted)
	if none != nil {
		return *none
	}
	j := judgeStage(s.PolicyTrial, stage, func(c connection) bool {
		r := facts.RuleOf(c.to.Port)
		return c.to.Class == facts.PodsGuarded && (r == facts.RulePods)
	})
	return j.result(s, stage, "are as a rule says that permits pods by their label")
}
