package service

import (
	_ "embed"
	"fmt"

	"github.com/plumbline-net/plumbline/framework/check"
	"github.com/plumbline-net/plumbline/framework/facts"
	"github.com/plumbline-net/plumbline/framework/matrix"
	"github.com/plumbline-net/plumbline/suites/remedies"
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
			r := matrix.Judge(s, matrix.Spec{Flows: askNodePort(check.ScopeOf(s)), Remedy: func(p matrix.Place) []check.Remedy {
				return append(nodePortRemedy(s, p), remedies.Again("service/node-port"))
			}})
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

func nodePortRemedy(s *facts.Snapshot, p matrix.Place) []check.Remedy {
	c := p.Examples[0]
	if p.Shape == matrix.Source && c.From.Kind == facts.FromRunner {
		return []check.Remedy{{
			Purpose: check.Find, Text: "Only the way from outside fails: look at the firewall, security group or route between this machine and the nodes",
			Command: fmt.Sprintf("ip route get %s; nc -vz -w 3 %s %d", c.To.Addr, c.To.Addr, c.To.Port),
		}, {
			Text: "Let the NodePorts in on the node, where a rule of its own keeps them out; in a security group, allow TCP and UDP 30000 to 32767", Node: c.To.Node,
			Command: fmt.Sprintf("%s -I INPUT -p tcp --dport 30000:32767 -j ACCEPT; %[1]s -I INPUT -p udp --dport 30000:32767 -j ACCEPT", tablesOf(c)),
		}, keepOpen(c.To.Node), {
			Purpose: check.Verify, Text: "Check from here: \"succeeded\" or \"open\" must stand there", Command: fmt.Sprintf("nc -vz -w 3 %s %d", c.To.Addr, c.To.Port),
		}}
	}
	node := firstOf(p.Node(), c.To.Node)
	steps := []check.Remedy{{
		Purpose: check.Find, Text: "Is the NodePort range open on this node? A drop or reject in INPUT, or a firewall manager's chains, come first", Node: node,
		Command: fmt.Sprintf("%s -nvL INPUT --line-numbers; nft list ruleset | grep -nE 'drop|reject|%d'", tablesOf(c), c.To.Port),
	}, {
		Purpose: check.Find, Text: "Can this node reach the backends? It needs a route to every other node's pod range, and forwarding", Node: node,
		Command: "ip route; ip -d link show type vxlan; ip neigh show nud permanent; sysctl -n net.ipv4.ip_forward",
	}, {
		Text: "Let the NodePorts in, where a rule of the node keeps them out", Node: node,
		Command: fmt.Sprintf("%s -I INPUT -p tcp --dport 30000:32767 -j ACCEPT; %[1]s -I INPUT -p udp --dport 30000:32767 -j ACCEPT", tablesOf(c)),
	}, keepOpen(node)}
	return append(steps, dataPlane(s, node, fmt.Sprint(c.To.Port))...)
}

// keepOpen finds the rule that kept NodePorts out.
func keepOpen(node string) check.Remedy {
	return remedies.WhereWritten(node, "Where that helped, correct what wrote the rule, or it is back after the next boot or reload", "DROP|REJECT|drop|reject")
}

// tablesOf is the tool for the filter of the cell's family.
func tablesOf(c matrix.Cell) string {
	if c.Flow.Family == facts.IPv6 {
		return "ip6tables"
	}
	return "iptables"
}
