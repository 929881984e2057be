package policy

import (
	_ "embed" // the explanation page

	"github.com/plumbline-net/plumbline/framework/check"
	"github.com/plumbline-net/plumbline/framework/facts"
)

//go:embed allow_port.md
var allowPortDoc string

// AllowPort is the check policy/allow-port.
func AllowPort() check.Check {
	return of("policy/allow-port", "A rule that permits a port opens that port to everyone, on every node, and no other.", allowPortDoc, allowPort)
}

func allowPort(s *facts.Snapshot) check.Result {
	stage, none := stageOf(s, facts.StagePermitted)
	if none != nil {
		return *none
	}
	j := judgeStage(s.PolicyTrial, stage, func(c connection) bool {
		r := facts.RuleOf(c.to.Port)
		return c.to.Class == facts.PodsGuarded && (r == facts.RulePort || r == facts.RuleNone)
	})
	return j.result(s, stage, "are as a rule says that permits one port")
}
