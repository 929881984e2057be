package egress

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/plumbline-net/plumbline/framework/check"
	"github.com/plumbline-net/plumbline/framework/facts"
	"github.com/plumbline-net/plumbline/framework/matrix"
	"github.com/plumbline-net/plumbline/suites/remedies"
)

// targetRemedy gives the steps for what the first of the failing cells does, and
// for pods alone what stands between them and the world.
func targetRemedy(s *facts.Snapshot, p matrix.Place) []check.Remedy {
	c := p.Examples[0]
	node := cmp.Or(p.Node(), c.From.Node)
	again := check.Remedy{Purpose: check.Verify, Text: "Check by connecting again: it must connect", Node: node, Command: connect(c.To)}
	var steps []check.Remedy
	switch failed, ok := unresolved(c.Detail); {
	case ok && c.Answer.Outcome != facts.OK:
		steps = nameRemedy(s, c, failed, node)
	case podsOnly(s, p):
		steps = podRemedy(s, c, node)
	case c.Answer.Outcome == facts.Refused:
		steps = []check.Remedy{{
			Purpose: check.Find,
			Text:    "Something answers and refuses: is the service up on that port, or does a firewall refuse in its name? A RST after far less time than a ping takes comes from nearby", Node: node,
			Command: connect(c.To) + "; ping -c 3 " + host(c),
		}, {
			Text: "Let packets to it leave, where a rule of this node refuses them; otherwise start the service there, or correct the port in the configuration", Node: node,
			Command: fmt.Sprintf("%[1]s -I OUTPUT -p tcp --dport %[2]d -j ACCEPT; %[1]s -I FORWARD -p tcp --dport %[2]d -j ACCEPT", tablesOf(c), c.To.Port),
		}, remedies.WhereWritten(node, "Where that helped, correct what wrote the rule, or it is back after the next boot or reload", "REJECT|reject")}
	case c.Answer.Outcome == facts.OK:
		steps = []check.Remedy{{
			Purpose: check.Find,
			Text:    "Is it loss on the way, or one of several addresses of the name that is dead? Connect to each", Node: node,
			Command: fmt.Sprintf("for a in $(getent ahosts %s | awk '{print $1}' | sort -u); do for i in 1 2 3 4 5; do timeout 3 bash -c \"</dev/tcp/$a/%d\" && echo $a ok || echo $a lost; done; done",
				c.To.Name, c.To.Port),
		}, {
			Text: "Take the address that is dead out of the name's records, or repair the machine behind it; where all answer, packets are lost on the way (egress/trace)",
		}}
	default:
		steps = []check.Remedy{{
			Purpose: check.Find,
			Text:    "Look at the way out of the site: route, firewall, proxy, security group; egress/trace names the last router that answers", Node: node,
			Command: fmt.Sprintf("ip route get %s; tracepath -n %s", host(c), host(c)),
		}, {
			Text: "Let packets to it leave, where a rule of this node drops them; outside of it, open the firewall or the security group for this port", Node: node,
			Command: fmt.Sprintf("%[1]s -I OUTPUT -p tcp --dport %[2]d -j ACCEPT; %[1]s -I FORWARD -p tcp --dport %[2]d -j ACCEPT", tablesOf(c), c.To.Port),
		}, remedies.WhereWritten(node, "Where that helped, correct what wrote the rule, or it is back after the next boot or reload", "DROP|drop")}
	}
	return append(steps, again)
}

// podsOnly says whether pods fail where hosts were asked and did not.
func podsOnly(s *facts.Snapshot, p matrix.Place) bool {
	if slices.ContainsFunc(p.Flows, func(f facts.Flow) bool { return f.From != facts.FromPod }) {
		return false
	}
	target := p.Examples[0].To.ID
	lookup := matrix.Lookup(s)
	for _, n := range s.Selected() {
		for _, f := range p.Flows {
			f.From = facts.FromHost
			if lookup(f, facts.Vantage{Kind: facts.FromHost, Node: n.Name}, target) == facts.OK {
				return true
			}
		}
	}
	return false
}

func nameRemedy(s *facts.Snapshot, c matrix.Cell, failed facts.Attempt, node string) []check.Remedy {
	ask := check.Remedy{
		Purpose: check.Find,
		Text:    "Ask for the name as the pod or host does, and at the resolver of the host directly", Node: node,
		Command: fmt.Sprintf("getent ahosts %s; dig +tries=1 +time=2 %s", c.To.Name, c.To.Name),
	}
	if failed.RCode == "NXDOMAIN" || absent(failed) {
		return []check.Remedy{ask, {
			Text:    "The resolver answers that there is no such name or address: correct it in the configuration, or let this resolver know that zone",
			Command: remedies.DNS(s).EditCorefile(),
		}}
	}
	return []check.Remedy{ask, {
		Purpose: check.Find,
		Text:    "The resolver itself is in trouble: see dns/service and dns/replica, and dns/external with this name in externalNames",
		Command: remedies.DNS(s).Logs(50) + " | grep -iE 'error|timeout'",
	}, {
		Text:    "Let the cluster DNS be recreated, so that it asks its upstream from new sockets",
		Command: remedies.DNS(s).Rollout("restart"),
	}}
}

// podRemedy: the same target answers hosts, so the packets of pods are not
// translated to the node's address on the way out, or a policy holds them back.
func podRemedy(s *facts.Snapshot, c matrix.Cell, node string) []check.Remedy {
	tables := tablesOf(c)
	return []check.Remedy{
		{
			Purpose: check.Find,
			Text:    "Hosts reach it and pods do not: is there a rule that gives pods' packets the node's address on their way out (masquerade), and does its counter grow?", Node: node,
			Command: fmt.Sprintf("%s -t nat -nvL POSTROUTING --line-numbers; nft list ruleset | grep -nE 'masquerade|snat'", tables),
		},
		{
			Purpose: check.Find,
			Text:    "Does a NetworkPolicy hold back what leaves?",
			Command: fmt.Sprintf("kubectl get networkpolicies -A; kubectl -n %s get networkpolicies -o yaml", cmp.Or(s.Run.Namespace, "default")),
		},
		{
			Purpose: check.Find,
			Text:    "Forwarding and its filter: see kernel/ip-forward and firewall/forward; watch the packets leave", Node: node,
			Command: fmt.Sprintf("tcpdump -ni any -c 10 'tcp port %d and tcp[tcpflags] & tcp-syn != 0'", c.To.Port),
		},
		remedies.Set(node, "Switch forwarding on, where it is off", remedies.Setting{Name: map[facts.Family]string{facts.IPv4: "net.ipv4.ip_forward", facts.IPv6: "net.ipv6.conf.all.forwarding"}[c.Flow.Family], Value: "1"}),
		remedies.RestartCNI(s, node),
		remedies.WhereWritten(node, "Where something takes the masquerade or the forwarding away, correct it there", "POSTROUTING|masquerade|ip_forward|FORWARD"),
	}
}

// host is the target's address, or its name where that was resolved at the vantage.
func host(c matrix.Cell) string {
	if c.To.Addr.IsValid() {
		return c.To.Addr.String()
	}
	if told := c.Telling(); len(told.Answers) > 0 {
		return told.Answers[0]
	}
	return c.To.Name
}

// connect makes one connection by hand, with what every node has.
func connect(t *facts.Target) string {
	return fmt.Sprintf("timeout 5 bash -c '</dev/tcp/%s/%d' && echo connected", t.Name, t.Port)
}

// tablesOf is the tool for the filter of the cell's family.
func tablesOf(c matrix.Cell) string {
	if c.Flow.Family == facts.IPv6 {
		return "ip6tables"
	}
	return "iptables"
}
