package dns

import (
	"cmp"
	_ "embed"
	"fmt"
	"net/netip"

	"github.com/plumbline-net/plumbline/framework/check"
	"github.com/plumbline-net/plumbline/framework/facts"
	"github.com/plumbline-net/plumbline/framework/matrix"
	"github.com/plumbline-net/plumbline/suites/remedies"
)

//go:embed replica.md
var replicaDoc string

// Replica is the check dns/replica.
func Replica() check.Check {
	return check.Check{
		ID: "dns/replica", Promise: "Every replica of the cluster DNS answers at its own pod address, by UDP and TCP, from every pod and every host.",
		Level: check.Core, Needs: []check.Need{check.NeedPods}, Doc: replicaDoc, Ask: askReplica, Evaluate: evaluateReplica,
	}
}

func askReplica(scope check.Scope) []facts.Flow {
	if !scope.HasDNS {
		return nil
	}
	return flows(scope, facts.Main, facts.ToDNSReplica, facts.FromPod, facts.FromHost)
}

func evaluateReplica(s *facts.Snapshot) check.Result {
	if r, none := without(s); none {
		return r
	}
	if len(s.Cluster.DNSPods) == 0 {
		return noReplica(s)
	}
	var addrs []netip.Addr
	for _, p := range s.Cluster.DNSPods {
		addrs = append(addrs, p.Addrs...)
	}
	return matrix.Judge(s, matrix.Spec{
		Flows: offered(askReplica(check.ScopeOf(s)), addrs), Noun: "pairs of sender and replica",
		Also: notReady(s), Remedy: func(p matrix.Place) []check.Remedy { return replicaRemedy(s, p) },
	})
}

// noReplica: there is a DNS Service, and nothing stands behind it.
func noReplica(s *facts.Snapshot) check.Result {
	if len(s.Cluster.Errors) > 0 {
		e := s.Cluster.Errors[0]
		return check.Unknownf("the replicas of the cluster DNS are not known (%s: %s)", e.What, e.Says)
	}
	return check.Conclude("no replica answers, because there is none", []check.Finding{{
		Subject: "cluster DNS", Nodes: []string{}, Verdict: check.Fail,
		Says: fmt.Sprintf("0 replicas stand behind the DNS Service %s", s.Cluster.DNS[0].Addr()),
		Remedy: []check.Remedy{{
			Purpose: check.Find,
			Text:    "See why its workload has no pod",
			Command: remedies.DNS(s).Shown(),
		}, remedies.DNS(s).Enough("Ask for two replicas"), {
			Purpose: check.Verify, Text: "Check that they come: it must say \"successfully rolled out\"",
			Command: remedies.DNS(s).Rollout("status") + " --timeout=60s",
		}},
	}})
}

// notReady are Warnings about replicas that Kubernetes itself does not count on.
func notReady(s *facts.Snapshot) []check.Finding {
	var out []check.Finding
	for _, p := range s.Cluster.DNSPods {
		if p.Ready {
			continue
		}
		f := check.Finding{
			Subject: p.Name, Nodes: []string{}, Verdict: check.Warn,
			Says: fmt.Sprintf("the replica %s is not ready: %s", p.Name, cmp.Or(p.Message, p.Reason, p.Phase, "no reason is given")),
			Remedy: []check.Remedy{{
				Purpose: check.Find,
				Text:    "Read what Kubernetes says of it",
				Command: fmt.Sprintf("kubectl -n %s describe pod %s; kubectl -n %s logs --tail=30 %s", p.Namespace, p.Name, p.Namespace, p.Name),
			}, {
				Text:    "Restart the cluster DNS, one replica after the other",
				Command: remedies.DNS(s).Rollout("restart"),
			}, {
				Purpose: check.Verify, Text: "Check that all replicas are Running and READY",
				Command: remedies.DNS(s).Pods(),
			}},
		}
		if p.Node != "" {
			f.Nodes = append(f.Nodes, p.Node)
		}
		out = append(out, f)
	}
	return out
}

func replicaRemedy(s *facts.Snapshot, p matrix.Place) []check.Remedy {
	c := p.Examples[0]
	pod := c.Column.Label
	ask := shownAnswers(c.From.Node, fmt.Sprintf("dig +tries=1 +time=2 @%s %s; dig +tcp +tries=1 +time=2 @%s %s", c.To.Addr, c.To.Name, c.To.Addr, c.To.Name))
	if p.Shape != matrix.Target && p.Shape != matrix.Within {
		node := nodeOr(p, c)
		return append([]check.Remedy{{
			Purpose: check.Find, Text: "The replica answers others, so look at this node: its route to the replica, forwarding, and rules for port 53", Node: node,
			Command: fmt.Sprintf("ip route get %s; sysctl -n net.ipv4.ip_forward; nft list ruleset | grep -nE 'dport 53|drop|reject'", c.To.Addr),
		}, remedies.RestartCNI(s, node), ask}, letPass(c, node, "udp", "tcp")...)
	}
	return append([]check.Remedy{{
		Purpose: check.Find, Text: "No one reaches this replica: read its log and state",
		Command: fmt.Sprintf("kubectl -n %s describe pod %s; kubectl -n %[1]s logs --tail=30 %[2]s", remedies.DNS(s).Namespace, pod),
	}, {
		Purpose: check.Find, Text: "Look on its node for a rule on port 53, or towards its address", Node: c.To.Node,
		Command: fmt.Sprintf("iptables-save | grep -nE 'dport 53|%s'; nft list ruleset | grep -nE 'dport 53|%s'", c.To.Addr, c.To.Addr),
	}, {
		Text:    "Where the pod itself is at fault, restart the cluster DNS, one replica after the other",
		Command: remedies.DNS(s).Rollout("restart"),
	}, ask}, letPass(c, c.To.Node, "udp", "tcp")...)
}
