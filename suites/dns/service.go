package dns

import (
	_ "embed"
	"fmt"

	"github.com/plumbline-net/plumbline/framework/check"
	"github.com/plumbline-net/plumbline/framework/facts"
	"github.com/plumbline-net/plumbline/framework/matrix"
	"github.com/plumbline-net/plumbline/suites/remedies"
)

//go:embed service.md
var serviceDoc string

// Service is the check dns/service.
func Service() check.Check {
	return check.Check{
		ID: "dns/service", Promise: "The DNS Service address answers from every pod and every host, by UDP and TCP, before anything of the suite exists and after.",
		Level: check.Core, Needs: []check.Need{check.NeedPods}, Doc: serviceDoc, Ask: askService, Evaluate: evaluateService,
	}
}

// askService asks the hosts twice, because our own Service can make a data plane
// write its rules anew, and so heal what the first look has to see.
func askService(scope check.Scope) []facts.Flow {
	if !scope.HasDNS {
		return nil
	}
	scope = scope.OfDNS()
	return append(flows(scope, facts.First, facts.ToDNSService, facts.FromHost),
		flows(scope, facts.Main, facts.ToDNSService, facts.FromPod, facts.FromHost)...)
}

func evaluateService(s *facts.Snapshot) check.Result {
	if r, none := without(s); none {
		return r
	}
	if len(s.Cluster.DNS) == 0 {
		return check.Unknownf("the cluster DNS has replicas, but none of its Services is known")
	}
	return matrix.Judge(s, matrix.Spec{
		Flows: askService(check.ScopeOf(s)), Rule: serviceRule, Noun: "places", Remedy: func(p matrix.Place) []check.Remedy { return serviceRemedy(s, p) },
	})
}

// tolerated is how many of a place's queries may be lost by chance: of two
// replicas one that is dead costs about every second query.
const tolerated = 1

// serviceRule: the replicas behind the address cannot be told apart, so a share
// of lost queries is what one dead replica looks like from here.
func serviceRule(c matrix.Cell) matrix.Ruling {
	if c.Answer.Outcome != facts.OK || c.Detail == nil {
		return matrix.Answers(c)
	}
	lost := 0
	for _, a := range c.Detail.Attempts {
		if a.Outcome != facts.OK && a.Outcome != facts.NotRun {
			lost++
		}
	}
	if lost > tolerated {
		return matrix.Failing("loses a share of its queries", "lose a share of their queries")
	}
	return matrix.Ruling{Standing: matrix.Right}
}

func serviceRemedy(s *facts.Snapshot, p matrix.Place) []check.Remedy {
	c := p.Examples[0]
	node := p.Node()
	if c.Answer.Outcome == facts.OK || node == "" {
		return []check.Remedy{{
			Purpose: check.Find,
			Text:    "One of the replicas is likely dead, or not reached: dns/replica names it. Compare the endpoints with the pods",
			Command: remedies.DNS(s).Endpoints() + "; " + remedies.DNS(s).Pods(),
		}, {
			Purpose: check.Find,
			Text:    "Read what the replicas say",
			Command: remedies.DNS(s).Logs(30),
		}, restartReplicas(s, "Let the replicas be recreated, one by one"), remedies.Again("dns/service", "dns/replica")}
	}
	return []check.Remedy{remedies.ProxyState(s, node), {
		Purpose: check.Find,
		Text:    "Has the node's data plane an entry for the address?", Node: node,
		Command: fmt.Sprintf("iptables-save -t nat | grep -F %s; nft list ruleset | grep -F %s; ipvsadm -Ln | grep -F -A4 %s", c.To.Addr, c.To.Addr, c.To.Addr),
	}, remedies.RestartProxy(s, node), shownAnswers(node, fmt.Sprintf("dig +tries=1 +time=2 @%s %s", c.To.Addr, c.To.Name))}
}
