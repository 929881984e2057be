// Package policy holds the promises about network policies: what a policy denies is
// stopped, what it permits passes, on every node, and soon. The suite makes policies
// for pods of its own alone.
package policy

import (
	"fmt"

	"github.com/plumbline-net/plumbline/framework/check"
	"github.com/plumbline-net/plumbline/framework/cni"
	"github.com/plumbline-net/plumbline/framework/facts"
	"github.com/plumbline-net/plumbline/framework/topology"
)

// All are the checks of this area, in the order of the catalogue.
func All() []check.Check {
	return []check.Check{
		Enforced(), IngressDeny(), EgressDeny(), AllowPods(), AllowNamespace(), AllowPort(), AllowIPBlock(), DNS(), Removed(),
	}
}

// of is a check of the trial.
func of(id, promise, doc string, evaluate func(*facts.Snapshot) check.Result) check.Check {
	return check.Check{
		ID: id, Promise: promise, Level: check.Extended, Needs: []check.Need{check.NeedPolicy}, Doc: doc, Evaluate: evaluate,
	}
}

// unenforced says that nothing here enforces policies: it is known of the plugin, or
// none of the connections that a policy denies was stopped on any node.
func unenforced(s *facts.Snapshot) string {
	t := s.PolicyTrial
	if t == nil {
		return ""
	}
	if t.Unenforced != "" {
		return t.Unenforced
	}
	stage := t.Stage(facts.StageDenied)
	if stage == nil && t.NotRun != "" {
		return passedBy(s)
	}
	if stage == nil || stage.NotRun != "" {
		return ""
	}
	if broken(t) != "" {
		return ""
	}
	if stopped, of := topology.PolicyStopped(facts.StageDenied, stage.Matrices); of > 0 && stopped == 0 {
		return fmt.Sprintf("%s does not enforce NetworkPolicy here: none of %d connections that one denies was stopped within %s",
			plugin(s), of, seconds(stage.Waited))
	}
	return ""
}

// broken says that connections of the trial fail without any policy.
func broken(t *facts.PolicyTrial) string {
	if open := t.Stage(facts.StageOpen); open != nil && open.NotRun == "" {
		return topology.PolicyBroken(open.Matrices)
	}
	return ""
}

func plugin(s *facts.Snapshot) string { return cni.Of(s).Name() }

func seconds(millis int) string { return fmt.Sprintf("%.1f s", float64(millis)/1000) }

// stageOf gives a stage, or the result that says why there is nothing to judge.
func stageOf(s *facts.Snapshot, name facts.StageName) (*facts.PolicyStage, *check.Result) {
	var r check.Result
	t := s.PolicyTrial
	stage := t.Stage(name)
	switch why := unenforced(s); {
	case why != "":
		r = check.Skipf("%s", why)
	case t == nil:
		r = check.Unknownf("no network policy was tried")
	case stage == nil:
		why := t.NotRun
		if why == "" {
			why = "the trial did not come to it"
		}
		r = check.Unknownf("no network policy was tried: %s", why)
	case stage.NotRun != "":
		r = check.Unknownf("the trial broke off: %s", stage.NotRun)
	default:
		return stage, nil
	}
	return nil, &r
}
