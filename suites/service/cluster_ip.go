package service

import (
	_ "embed"
	"slices"
	"strings"

	"github.com/plumbline-net/plumbline/framework/check"
	"github.com/plumbline-net/plumbline/framework/facts"
	"github.com/plumbline-net/plumbline/framework/matrix"
	"github.com/plumbline-net/plumbline/suites/remedies"
)

//go:embed cluster_ip.md
var clusterIPDoc string

// ClusterIP is the check service/cluster-ip.
func ClusterIP() check.Check {
	return check.Check{
		ID: "service/cluster-ip", Promise: "From every pod and every host, each backend of a Service is reached through its ClusterIP, by TCP and UDP.",
		Level: check.Core, Needs: []check.Need{check.NeedPods, check.NeedService}, Doc: clusterIPDoc,
		Ask: askClusterIP,
		Evaluate: func(s *facts.Snapshot) check.Result {
			return matrix.Judge(s, matrix.Spec{
				Flows: askClusterIP(check.ScopeOf(s)), Rule: backendRule, Spread: backends,
				Noun: "pairs of sender and backend", Holds: "meet through the ClusterIP", Remedy: func(p matrix.Place) []check.Remedy {
					return append(clusterIPRemedy(s, p), remedies.Again("service/cluster-ip"))
				},
			})
		},
	}
}

func askClusterIP(scope check.Scope) []facts.Flow {
	return flows(scope, facts.Main, facts.ToClusterIP, []facts.Via{facts.TCP, facts.UDP}, facts.FromPod, facts.FromHost)
}

// backends makes a cell for each backend that has to be met through the one
// address, so that a dead backend and a dead sender look different.
func backends(c matrix.Cell) []matrix.Cell {
	if len(c.To.Peers) == 0 || c.To.AnyPeer {
		return []matrix.Cell{c}
	}
	var out []matrix.Cell
	for _, peer := range c.To.Peers {
		part := c
		_, node, _ := strings.Cut(peer, "/")
		part.Column = matrix.Column{ID: peer, Node: node, Label: node}
		out = append(out, part)
	}
	return out
}

// backendRule: an answer which met them all is plain; otherwise the record says whom it met.
func backendRule(c matrix.Cell) matrix.Ruling {
	if c.Answer.Outcome == facts.OK && !c.Answer.Partial {
		return matrix.Ruling{Standing: matrix.Right}
	}
	if c.Detail != nil && slices.Contains(c.Detail.Met, c.Column.ID) {
		return matrix.Ruling{Standing: matrix.Right}
	}
	if c.Answer.Outcome == facts.OK || c.Detail != nil && len(c.Detail.Met) > 0 {
		return matrix.Failing("never meets, though other backends answer", "never meet, though other backends answer")
	}
	return matrix.Outcome(c.Answer.Outcome)
}

func clusterIPRemedy(s *facts.Snapshot, p matrix.Place) []check.Remedy {
	c := p.Examples[0]
	sender := p.Shape == matrix.Source || p.Shape == matrix.Sources
	if p.Shape == matrix.Target || p.Shape == matrix.Targets || len(c.Met()) > 0 && !sender {
		node := firstOf(c.Column.Node)
		return []check.Remedy{
			{
				Purpose: check.Find,
				Text:    "The backend on this node is not reached: does it answer at its own address? (see reach/pod-to-pod)",
				Command: "kubectl get pods -A -o wide --field-selector spec.nodeName=" + node,
			},
			{
				Purpose: check.Find,
				Text:    "Does the data plane of a sender name a stale endpoint for it?", Node: c.From.Node,
				Command: "iptables-save -t nat | grep -F " + c.To.Addr.String() + "; iptables-save -t nat | grep KUBE-SEP",
			},
			remedies.RestartProxy(s, c.From.Node),
			remedies.RestartCNI(s, firstOf(node, c.From.Node)),
		}
	}
	return dataPlane(s, firstOf(p.Node(), c.From.Node), c.To.Addr.String())
}
