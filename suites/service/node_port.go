package service

import (
	_ "embed"
	"fmt"

	"github.com/plumbline-net/plumbline/framework/check"
	"github.com/plumbline-net/plumbline/framework/facts"
	"github.com/plumbline-net/plumbline/framework/matrix"
)

//go:embed node_port.md
var nodePortDoc string

// NodePort is the check service/node-port.
func NodePort() check.Check {
	return check.Check{
		ID: "service/node-port", Promise: "From every pod, every host and outside, every node's NodePort answers, by TCP and UDP.",
		Level: check.Core, Needs: []check.Need{check.NeedPods, check.NeedService}, Doc: nodePortDoc,
		Ask: askNodePort,
		Evaluate: func(s *facts.Snapshot) check.Result {
			r := matrix.Judge(s, matrix.Spec{Flows: askNodePort(check.ScopeOf(s)), Remedy: nodePortRemedy})
			if s.Run.NoRunner != "" {
				r.Why += "; not tried from outside: " + s.Run.NoRunner
			} else if s.Run.InCluster {
				r.Why += "; not tried from outside: the run was made within the cluster"
			}
			return r
		},
	}
}

func askNodePort(scope check.Scope) []facts.Flow {
	from := []facts.VantageKind{facts.FromPod, facts.FromHost}
	if scope.Runner {
		from = append(from, facts.FromRunner)
	}
	return flows(scope, facts.Main, facts.ToNodePort, []facts.Via{facts.TCP, facts.UDP}, from...)
}

func nodePortRemedy(p matrix.Place) []check.Remedy {
	c := p.Examples[0]
	if p.Shape == matrix.Source && c.From.Kind == facts.FromRunner {
		return []check.Remedy{{
			Text:    "Only the way from outside fails: look at the firewall, security group or route between this machine and the nodes",
			Command: fmt.Sprintf("ip route get %s; nc -vz -w 3 %s %d", c.To.Addr, c.To.Addr, c.To.Port),
		}}
	}
	node := firstOf(p.Node(), c.To.Node)
	steps := []check.Remedy{{
		Text: "Is the NodePort range open on this node? A drop or reject in INPUT, or a firewall manager's chains, come first", Node: node,
		Command: fmt.Sprintf("iptables -nvL INPUT --line-numbers; nft list ruleset | grep -nE 'drop|reject|%d'", c.To.Port),
	}, {
		Text: "Can this node reach the backends? It needs a route to every other node's pod range, and forwarding", Node: node,
		Command: "ip route; ip -d link show type vxlan; ip neigh show nud permanent; sysctl -n net.ipv4.ip_forward",
	}}
	return append(steps, dataPlane(node, fmt.Sprint(c.To.Port))...)
}
