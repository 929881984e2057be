package policy

import (
	_ "embed" // the explanation page

	"github.com/plumbline-net/plumbline/framework/check"
	"github.com/plumbline-net/plumbline/framework/facts"
)

//go:embed removed.md
var removedDoc string

// Removed is the check policy/removed.
func Removed() check.Check {
	return of("policy/removed", "Once the policies are deleted, everything passes again, on every node.", removedDoc, removed)
}

func removed(s *facts.Snapshot) check.Result {
	stage, none := stageOf(s, facts.StageRemoved)
	if none != nil {
		return *none
	}
	j := judgeStage(s.PolicyTrial, stage, func(connection) bool { return true })
	return j.result(s, stage, "pass again after the policies were deleted")
}
