package reach

import (
	"cmp"
	_ "embed"
	"fmt"

	"github.com/plumbline-net/plumbline/framework/check"
	"github.com/plumbline-net/plumbline/framework/cni"
	"github.com/plumbline-net/plumbline/framework/dataplane"
	"github.com/plumbline-net/plumbline/framework/facts"
	"github.com/plumbline-net/plumbline/framework/matrix"
	"github.com/plumbline-net/plumbline/suites/remedies"
)

//go:embed source_ip.md
var sourceIPDoc string

// SourceIP is the check reach/source-ip.
func SourceIP() check.Check {
	return check.Check{
		ID: "reach/source-ip", Promise: "Pod to pod traffic arrives with the sender's own pod address.",
		Level: check.Core, Needs: []check.Need{check.NeedPods}, Doc: sourceIPDoc, Ask: askSourceIP,
		Evaluate: func(s *facts.Snapshot) check.Result {
			return matrix.Judge(s, matrix.Spec{
				Flows: askSourceIP(check.ScopeOf(s)), Rule: sourceRule, Holds: "keep the sender's address",
				Remedy: func(p matrix.Place) []check.Remedy { return sourceRemedy(s, p) },
			})
		},
	}
}

func askSourceIP(scope check.Scope) []facts.Flow {
	return cross(scope, facts.FromPod, facts.ToPod, facts.TCP)
}

func sourceRule(c matrix.Cell) matrix.Ruling {
	switch {
	case c.Answer.Outcome != facts.OK:
		return matrix.Ruling{Standing: matrix.Aside, Why: "they do not connect (see reach/pod-to-pod)"}
	case c.Answer.Rewritten:
		return matrix.Failing("arrives with another source address", "arrive with another source address")
	default:
		return matrix.Ruling{Standing: matrix.Right}
	}
}

func sourceRemedy(s *facts.Snapshot, p matrix.Place) []check.Remedy {
	c := p.Examples[0]
	node := cmp.Or(p.Node(), c.From.Node)
	out := []check.Remedy{
		{
			Purpose: check.Find, Text: "Find the rule that rewrites the source of pod traffic; a masquerade must exempt the cluster's pod range", Node: node,
			Command: fmt.Sprintf("%s -t nat -nvL POSTROUTING --line-numbers; nft list ruleset | grep -nE 'masquerade|snat'", iptables(c)),
		},
		{
			Purpose: check.Find, Text: "Compare with the network plugin's own pod range" + remedies.In(cni.Of(s).Words.PodRange),
			Command: remedies.ShowConfig(s) + "; kubectl get configmap -A -o name | grep ip-masq-agent; " +
				"kubectl get nodes -o custom-columns=NAME:.metadata.name,PODCIDRS:.spec.podCIDRs",
		},
	}
	for _, cidr := range s.Cluster.PodCIDRs {
		if dataplane.Of(cidr.Addr()) == c.Flow.Family {
			out = append(out, check.Remedy{
				Text: "Exempt what goes from pod to pod, before that rule", Node: node,
				Command: fmt.Sprintf("%s -t nat -I POSTROUTING -s %s -d %s -j RETURN", iptables(c), cidr, cidr),
			})
		}
	}
	return append(out, remedies.RestartCNI(s, node),
		remedies.WhereWritten(node, "Take the rule out of what wrote it, or it is back after the next boot or reload", "MASQUERADE|SNAT|masquerade|snat"),
		remedies.Again("reach/source-ip"))
}
