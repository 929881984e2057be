package policy

import (
	_ "embed" // the explanation page

	"github.com/plumbline-net/plumbline/framework/check"
	"github.com/plumbline-net/plumbline/framework/facts"
)

//go:embed allow_ipblock.md
var allowIPBlockDoc string

// AllowIPBlock is the check policy/allow-ipblock.
func AllowIPBlock() check.Check {
	return of("policy/allow-ipblock", "A rule that permits addresses lets these connect from every node, and no others.", allowIPBlockDoc, allowIPBlock)
}

func allowIPBlock(s *facts.Snapshot) check.Result {
	stage, none := stageOf(s, facts.StagePermitted)
	if none != nil {
		return *none
	}
	j := judgeStage(s.PolicyTrial, stage, func(c connection) bool {
		return c.to.Class == facts.PodsGuarded && facts.RuleOf(c.to.Port) == facts.RuleIPBlock
	})
	if j.permitted > 0 && j.passed == 0 && len(j.leaks) == 0 {
		// Kubernetes: Network Policies, ipBlock: "These should be cluster-external IPs".
		return check.Skipf("%s applies ipBlock to addresses outside the cluster only: it lets no pod in by its address, as Kubernetes leaves open", plugin(s))
	}
	return j.result(s, stage, "are as a rule says that permits addresses")
}
