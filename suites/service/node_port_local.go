package service

import (
	"cmp"
	_ "embed"
	"fmt"
	"net/netip"
	"slices"

	"github.com/plumbline-net/plumbline/framework/check"
	"github.com/plumbline-net/plumbline/framework/facts"
	"github.com/plumbline-net/plumbline/framework/matrix"
	"github.com/plumbline-net/plumbline/framework/recognise"
	"github.com/plumbline-net/plumbline/suites/remedies"
)

//go:embed node_port_local.md
var nodePortLocalDoc string

// NodePortLocal is the check service/node-port-local.
func NodePortLocal() check.Check {
	return check.Check{
		ID: "service/node-port-local", Promise: "With externalTrafficPolicy Local, nodes with a backend answer and keep the client's address, and nodes without one do not answer.",
		Level: check.Core, Needs: []check.Need{check.NeedPods, check.NeedService}, Doc: nodePortLocalDoc,
		Services: []string{facts.KindLocal}, Ask: askNodePortLocal, Evaluate: evaluateNodePortLocal,
	}
}

// askNodePortLocal leaves pods out: where the pod CIDR is known, kube-proxy
// treats what comes from pods by the policy Cluster (KEP-2086, and the chain
// KUBE-EXT-* of its iptables mode).
func askNodePortLocal(scope check.Scope) []facts.Flow {
	from := []facts.VantageKind{facts.FromHost}
	if scope.Runner {
		from = append(from, facts.FromRunner)
	}
	return flows(scope, facts.Main, facts.ToNodePortLocal, []facts.Via{facts.TCP, facts.UDP}, from...)
}

func evaluateNodePortLocal(s *facts.Snapshot) check.Result {
	scope := check.ScopeOf(s)
	if len(s.Selected()) == 1 && !scope.Runner {
		return check.Skipf("one node under test and no vantage outside: a node that asks itself is served by the policy Cluster")
	}
	l := local{s}
	return matrix.Judge(s, matrix.Spec{
		Flows: askNodePortLocal(scope), Rule: l.rule, Holds: "keep to the policy Local", Remedy: func(p matrix.Place) []check.Remedy { return nodePortLocalRemedy(s, p) },
	})
}

// local judges by the rules of the policy Local.
type local struct{ facts *facts.Snapshot }

func (l local) rule(c matrix.Cell) matrix.Ruling {
	switch {
	case c.Flow.From == facts.FromHost && c.From.Node == c.To.Node:
		return matrix.Ruling{Standing: matrix.Aside, Why: "a node that asks its own NodePort is served by the policy Cluster"}
	case c.To.Silent && c.Flow.From == facts.FromHost && recognise.ProxyMode(l.facts) == recognise.ReplacedMode:
		return matrix.Ruling{Standing: matrix.Aside, Why: "a data plane in the place of kube-proxy may serve the cluster's own nodes by the policy Cluster"}
	case c.To.Silent:
		return silent(c.Answer.Outcome)
	case c.Answer.Outcome != facts.OK || !c.Answer.Rewritten:
		return matrix.Answers(c)
	}
	seen := c.Last().Seen
	switch {
	case !seen.IsValid():
		return matrix.Ruling{Standing: matrix.Open, Why: "whose address the far end saw was not recorded"}
	case c.Flow.From == facts.FromRunner && !l.ofCluster(seen.Addr()):
		return matrix.Ruling{Standing: matrix.Aside, Why: "the client's address is rewritten before it reaches the cluster (NAT before the nodes)"}
	}
	return matrix.Failing("answers, but the backend sees a node's address instead of the client's", "answer, but the backend sees a node's address instead of the client's")
}

// silent judges a node without a backend: any way of not answering is right.
func silent(o facts.Outcome) matrix.Ruling {
	switch o {
	case facts.OK, facts.Garbled:
		return matrix.Failing("is answered by a node that has no backend", "are answered by a node that has no backend")
	case facts.Timeout, facts.Refused, facts.Unreachable, facts.Reset:
		return matrix.Ruling{Standing: matrix.Right}
	case facts.NotRun, facts.TooBig:
		return matrix.Outcome(o)
	}
	return matrix.Outcome(o)
}

// ofCluster says whether an address is a node's or lies among the pods'.
func (l local) ofCluster(a netip.Addr) bool {
	a = a.Unmap()
	holds := func(p netip.Prefix) bool { return p.Contains(a) }
	return slices.ContainsFunc(l.facts.Cluster.PodCIDRs, holds) || slices.ContainsFunc(l.facts.Nodes, func(n facts.Node) bool {
		return slices.Contains(n.Internal, a) || slices.ContainsFunc(n.PodCIDRs, holds)
	})
}

func nodePortLocalRemedy(s *facts.Snapshot, p matrix.Place) []check.Remedy {
	c := p.Examples[0]
	node := firstOf(p.Node(), c.To.Node)
	last := check.Remedy{
		Purpose: check.Verify,
		Text:    "Check from another machine: nodes with a backend must answer, others not", Command: fmt.Sprintf("nc -vz -w 3 %s %d", c.To.Addr, c.To.Port),
	}
	if c.To.Silent && c.Answer.Outcome == facts.OK {
		return append([]check.Remedy{{
			Purpose: check.Find,
			Text:    "The node forwards to another one: its data plane does not know of the policy, or holds stale rules", Node: node,
			Command: fmt.Sprintf("iptables-save -t nat | grep -E 'KUBE-(EXT|XLB|SVL)|%d'; nft list ruleset | grep -nE 'external|%d'", c.To.Port, c.To.Port),
		}}, append(dataPlane(s, node, fmt.Sprint(c.To.Port)), last)...)
	}
	if c.Answer.Outcome == facts.OK {
		return []check.Remedy{{
			Purpose: check.Find,
			Text:    "Which rule rewrites the client's address? kube-proxy with --masquerade-all does, and so does a MASQUERADE for all that is forwarded", Node: node,
			Command: "iptables -t nat -nvL POSTROUTING --line-numbers; nft list ruleset | grep -nE 'masquerade|snat'",
		}, remedies.KeepProxySetting(s, "masqueradeAll: false under "+cmp.Or(recognise.ProxyMode(s), "iptables")), remedies.Again("service/node-port-local"), last}
	}
	return append(nodePortRemedy(s, p), last)
}
