package policy

import (
	_ "embed" // the explanation page

	"github.com/plumbline-net/plumbline/framework/check"
	"github.com/plumbline-net/plumbline/framework/facts"
)

//go:embed dns.md
var dnsDoc string

// DNS is the check policy/dns.
func DNS() check.Check {
	return of("policy/dns", "Pods that may send to the cluster DNS alone get answers from it on every node, and reach nothing else.", dnsDoc, dns)
}

func dns(s *facts.Snapshot) check.Result {
	stage, none := stageOf(s, facts.StagePermitted)
	if none != nil {
		return *none
	}
	if len(s.Cluster.DNS) == 0 {
		return check.Skipf("there is no cluster DNS")
	}
	j := judgeStage(s.PolicyTrial, stage, func(c connection) bool {
		return c.from.Class == facts.PodsGuarded && (c.flow.To != facts.ToPod || c.to.Class == facts.PodsOpen)
	})
	if j.permitted == 0 {
		return check.Unknownf("nothing could be judged: the cluster DNS does not answer these pods without a policy either, or was not asked")
	}
	return j.result(s, stage, "are as a policy says that permits the cluster DNS alone")
}
