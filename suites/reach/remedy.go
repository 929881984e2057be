package reach

import (
	"fmt"

	"github.com/plumbline-net/plumbline/framework/check"
	"github.com/plumbline-net/plumbline/framework/facts"
	"github.com/plumbline-net/plumbline/framework/matrix"
)

// remedy gives the next steps for pairs that do not connect, nearest cause first.
func remedy(p matrix.Place) []check.Remedy {
	c := p.Examples[0]
	node := p.Node()
	if node == "" {
		node = c.To.Node
	}
	steps := firstStep(p, c, node)
	if c.Answer.Outcome == facts.Unreachable || c.Answer.Outcome == facts.Timeout || c.Answer.Outcome == facts.Refused {
		steps = append(steps, check.Remedy{
			Text: "Look for a rule that drops or rejects, and whether its counter grows", Node: node,
			Command: fmt.Sprintf("%s -nvL FORWARD --line-numbers; %s -nvL INPUT --line-numbers; nft list ruleset | grep -nE 'drop|reject'",
				iptables(c), iptables(c)),
		})
	}
	return append(steps, capture(c)...)
}

// firstStep is what to look at first for this kind of sender and receiver.
func firstStep(p matrix.Place, c matrix.Cell, node string) []check.Remedy {
	if c.Flow.From == facts.FromHost && c.Flow.To == facts.ToHost {
		return []check.Remedy{{
			Text:    "Nothing of Kubernetes lies between two hosts: look at the route, the link and the firewall (or security group) between the nodes",
			Node:    c.From.Node,
			Command: fmt.Sprintf("ip route get %s; ip neigh show to %s; ip -s link", c.To.Addr, c.To.Addr),
		}}
	}
	if p.Shape == matrix.WithinNodes || p.Shape == matrix.Within {
		return []check.Remedy{{
			Text: "The packets never leave the node: look at the pod's own link and the bridge it hangs on", Node: node,
			Command: fmt.Sprintf("ip route get %s; ip -br link; bridge link", c.To.Addr),
		}}
	}
	sysctl := "net.ipv4.ip_forward"
	if c.Flow.Family == facts.IPv6 {
		sysctl = "net.ipv6.conf.all.forwarding"
	}
	return []check.Remedy{
		{Text: "The node must forward: this has to print 1", Node: node, Command: "sysctl -n " + sysctl},
		{
			Text: "The route to the other pods must name the CNI's device, and the tunnel must know its peers", Node: c.From.Node,
			Command: fmt.Sprintf("ip route get %s; ip -d link show type vxlan; bridge fdb show | grep dst", c.To.Addr),
		},
	}
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
	command := fmt.Sprintf("tcpdump -ni any -c 40 '%s'", filter)
	return []check.Remedy{
		{Text: "See whether the packets leave the sender (repeat the run meanwhile)", Node: c.From.Node, Command: command},
		{Text: "See whether they arrive, and on which interface they are last seen", Node: c.To.Node, Command: command},
	}
}

func iptables(c matrix.Cell) string {
	if c.Flow.Family == facts.IPv6 {
		return "ip6tables"
	}
	return "iptables"
}
