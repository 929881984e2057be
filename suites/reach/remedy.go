package reach

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/plumbline-net/plumbline/framework/check"
	"github.com/plumbline-net/plumbline/framework/facts"
	"github.com/plumbline-net/plumbline/framework/matrix"
	"github.com/plumbline-net/plumbline/suites/remedies"
)

// remedy gives the next steps for pairs that do not connect, nearest cause first.
// What is wrong is not known here, so each step of the repair does no harm where
// it is not what was needed.
func remedy(s *facts.Snapshot, p matrix.Place) []check.Remedy {
	c := p.Examples[0]
	node := cmp.Or(p.Node(), c.To.Node)
	steps := firstStep(s, p, c, node)
	if c.Answer.Outcome == facts.Unreachable || c.Answer.Outcome == facts.Timeout || c.Answer.Outcome == facts.Refused {
		steps = append(steps, check.Remedy{
			Purpose: check.Find, Text: "Look for a rule that drops or rejects, and whether its counter grows; firewall/drops has the command that deletes it", Node: node,
			Command: fmt.Sprintf("%s -nvL FORWARD --line-numbers; %s -nvL INPUT --line-numbers; nft list ruleset | grep -nE 'drop|reject'",
				iptables(c), iptables(c)),
		})
	}
	return append(steps, capture(c)...)
}

// firstStep is what to look at and to try first for this kind of sender and receiver.
func firstStep(s *facts.Snapshot, p matrix.Place, c matrix.Cell, node string) []check.Remedy {
	switch {
	case c.Flow.From == facts.FromHost && c.Flow.To == facts.ToHost:
		return hostSteps(s, c)
	case p.Shape == matrix.WithinNodes || p.Shape == matrix.Within:
		return []check.Remedy{{
			Purpose: check.Find, Text: "The packets never leave the node: look at the pod's own link and the bridge it hangs on", Node: node,
			Command: fmt.Sprintf("ip route get %s; ip -br link; bridge link", c.To.Addr),
		}, {
			Text: "Bring the interface towards the pods up", Node: node,
			Command: fmt.Sprintf("ip link set $(ip -o route get %s | grep -oP 'dev \\K\\S+') up", c.To.Addr),
		}, remedies.RestartCNI(s, node)}
	}
	sysctl := "net.ipv4.ip_forward"
	if c.Flow.Family == facts.IPv6 {
		sysctl = "net.ipv6.conf.all.forwarding"
	}
	on := remedies.Setting{Name: sysctl, Value: "1"}
	out := []check.Remedy{
		{Purpose: check.Find, Text: "The node must forward: this has to print 1", Node: node, Command: "sysctl -n " + sysctl},
		{
			Purpose: check.Find, Text: "The route to the other pods must name the CNI's device, and the tunnel must know its peers", Node: c.From.Node,
			Command: fmt.Sprintf("ip route get %s; ip -d link show type vxlan; bridge fdb show | grep dst", c.To.Addr),
		},
		remedies.RestartCNI(s, node),
	}
	if off, known := forwardingOff(s, node, sysctl); off {
		out = append(out[:2], remedies.Set(node, "Switch forwarding on", on), out[2])
		return append(out, remedies.Keep(s, node, "ip-forward", on)...)
	} else if !known {
		out = append(out, remedies.Set(node, "Switch forwarding on, where it is off", on))
	}
	return out
}

// forwardingOff says whether the switch was seen at 0 at any look, and whether it was seen at all.
func forwardingOff(s *facts.Snapshot, node, sysctl string) (off, known bool) {
	for _, look := range []facts.Look{facts.First, facts.Last} {
		if h := s.Host(node, look); h != nil {
			value := strings.TrimSpace(h.Sysctls[sysctl])
			off, known = off || value == "0", known || value != ""
		}
	}
	return off, known
}

// hostSteps: nothing of Kubernetes lies between two hosts.
func hostSteps(s *facts.Snapshot, c matrix.Cell) []check.Remedy {
	steps := []check.Remedy{{
		Purpose: check.Find, Text: "Nothing of Kubernetes lies between two hosts: look at the route, the link and the firewall (or security group) between the nodes",
		Node:    c.From.Node,
		Command: fmt.Sprintf("ip route get %s; ip neigh show to %s; ip -s link", c.To.Addr, c.To.Addr),
	}, {
		Text: "Let the sender ask anew for the receiver's MAC, which clears an entry that is wrong", Node: c.From.Node,
		Command: fmt.Sprintf("ip neigh flush to %s", c.To.Addr),
	}}
	if n := s.Node(c.From.Node); n != nil {
		for _, a := range n.Internal {
			if a.Is4() == c.To.Addr.Is4() {
				steps = append(steps, check.Remedy{
					Text: "Let the receiver take what comes from this node, where a rule of its own keeps it out", Node: c.To.Node,
					Command: fmt.Sprintf("%s -I INPUT -s %s -j ACCEPT", iptables(c), a),
				})
			}
		}
	}
	return append(steps, remedies.WhereWritten(c.To.Node, "Where that helped, correct what wrote the rule, or it is back after the next boot or reload", "DROP|REJECT|drop|reject"), check.Remedy{
		Purpose: check.Verify, Text: "Check: three of three must be received", Node: c.From.Node, Command: fmt.Sprintf("ping -c 3 -W 1 %s", c.To.Addr),
	})
}

// capture shows at both ends where the packets stop.
func capture(c matrix.Cell) []check.Remedy {
	if c.From.Node == c.To.Node {
		return nil
	}
	filter := "host " + c.To.Addr.String()
	if c.Flow.To == facts.ToPod {
		filter += " or udp port 8472 or udp port 4789 or proto 4"
	}
	command := fmt.Sprintf("timeout 60 tcpdump -ni any -c 40 '%s'", filter)
	return []check.Remedy{
		{Purpose: check.Find, Text: "See whether the packets leave the sender (repeat the run meanwhile)", Node: c.From.Node, Command: command},
		{Purpose: check.Find, Text: "See whether they arrive, and on which interface they are last seen", Node: c.To.Node, Command: command},
	}
}

func iptables(c matrix.Cell) string {
	if c.Flow.Family == facts.IPv6 {
		return "ip6tables"
	}
	return "iptables"
}
