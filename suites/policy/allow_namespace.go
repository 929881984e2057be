package policy

import (
	_ "embed" // the explanation page

	"github.com/plumbline-net/plumbline/framework/check"
	"github.com/plumbline-net/plumbline/framework/facts"
)

//go:embed allow_namespace.md
var allowNamespaceDoc string

// AllowNamespace is the check policy/allow-namespace.
func AllowNamespace() check.Check {
	return of("policy/allow-namespace", "A rule that permits pods by their namespace lets these connect from every node, and one for another namespace lets none.", allowNamespaceDoc, allowNamespace)
}

func allowNamespace(s *facts.Snapshot) check.Result {
	stage, none := stageOf(s, facts.StagePermitted)
	if none != nil {
		return *none
	}
	j := judgeStage(s.PolicyTrial, stage, func(c connection) bool {
		r := facts.RuleOf(c.to.Port)
		return c.to.Class == facts.PodsGuarded && (r == facts.RuleNamespace || r == facts.RuleForeign)
	})
	return j.result(s, stage, "are as rules say that permit pods by their namespace")
}
