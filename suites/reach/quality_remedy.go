package reach

import (
	"cmp"
	"fmt"

	"github.com/plumbline-net/plumbline/framework/check"
	"github.com/plumbline-net/plumbline/framework/facts"
	"github.com/plumbline-net/plumbline/suites/remedies"
)

// lowest is the pair to begin with: one between hosts where there is one, since
// whatever lies below the pod network hits both.
func lowest(pairs []pairFigures) pairFigures {
	for _, p := range pairs {
		if p.flow.From == facts.FromHost {
			return p
		}
	}
	return pairs[0]
}

// lossRemedy looks where packets are dropped, then checks with the same kind of series.
func lossRemedy(g end, worst pairFigures) []check.Remedy {
	node := worst.from.Node
	if len(g.nodes) == 1 {
		node = g.nodes[0]
	}
	return []check.Remedy{
		{
			Purpose: check.Find,
			Text:    "Which interface or queue drops? Errors and drops that grow name it", Node: node,
			Command: "ip -s -s link; tc -s qdisc show; ethtool -S $(ip route show default | awk '{print $5; exit}') | grep -iE 'drop|err|discard|miss' | grep -v ': 0$'",
		},
		{
			Purpose: check.Find,
			Text:    "Does a rule drop a share of the packets, or is the connection table full?", Node: node,
			Command: "nft list ruleset | grep -nE 'numgen|limit|drop|queue'; iptables-save -c | grep -nE 'statistic|limit|DROP|NFQUEUE'; conntrack -S | grep -vE 'drop=0 .*early_drop=0'; dmesg | grep -i 'table full' | tail -3",
		},
		layerStep(worst, cmp.Or(node, worst.from.Node)),
		{
			Text: "Take away what delays or drops on purpose (netem, a rate limit) from the interface; its own queue comes in its place", Node: node,
			Command: "for d in $(tc qdisc show | grep -E 'netem|tbf|htb' | grep -oP 'dev \\K\\S+' | sort -u); do tc qdisc del dev $d root; done",
		},
		{
			Text: "Where the connection table is full, make it larger", Node: node,
			Command: "sysctl -w net.netfilter.nf_conntrack_max=$((2 * $(sysctl -n net.netfilter.nf_conntrack_max)))",
		},
		remedies.WhereWritten(node, "Take out what sets the queue, the rule or the limit, or it is back after the next boot", "netem|tbf|statistic|numgen|nf_conntrack_max"),
		{Purpose: check.Verify, Text: "Check: \"0% packet loss\" must stand there", Node: worst.from.Node, Command: fmt.Sprintf("ping -c 200 -i 0.05 -q %s", worst.to.Addr)},
	}
}

// slowRemedy looks for what holds packets up on a node.
func slowRemedy(node string, example pairFigures) []check.Remedy {
	return []check.Remedy{
		{
			Purpose: check.Find,
			Text:    "Is the machine busy, or its share of the CPU taken away by others (steal)?", Node: node,
			Command: "cat /proc/loadavg /proc/pressure/cpu; vmstat 1 5; top -b -n1 | head -15",
		},
		{
			Purpose: check.Find,
			Text:    "Does a queue, a shaper or a program hold packets up?", Node: node,
			Command: "tc -s qdisc show; nft list ruleset | grep -n queue; iptables-save | grep -n NFQUEUE; cat /proc/net/softnet_stat | head",
		},
		layerStep(example, node),
		{
			Text: "Take away what delays on purpose (netem, a rate limit) from the interface; its own queue comes in its place", Node: node,
			Command: "for d in $(tc qdisc show | grep -E 'netem|tbf|htb' | grep -oP 'dev \\K\\S+' | sort -u); do tc qdisc del dev $d root; done",
		},
		{Purpose: check.Verify, Text: "Check: the average has to be like that of the other nodes", Node: example.from.Node, Command: fmt.Sprintf("ping -c 20 -q %s", example.to.Addr)},
	}
}

// layerStep tells the machines' own network from the pod network.
func layerStep(p pairFigures, node string) check.Remedy {
	if p.flow.From == facts.FromHost {
		return check.Remedy{
			Purpose: check.Find,
			Text:    "Connects between the hosts themselves are hit, so the fault is below the pod network: link, switch port, speed, or the virtual machine's host", Node: node,
			Command: "ip -br link; ethtool $(ip route show default | awk '{print $5; exit}') | grep -E 'Speed|Duplex|Link'; dmesg | grep -iE 'link is|reset adapter' | tail -5",
		}
	}
	return check.Remedy{
		Purpose: check.Find,
		Text:    "Only the pods' connects are hit, not those between hosts: look at what lies between pod and NIC", Node: node,
		Command: "ip -s -d link show type vxlan; ip -s link show type bridge; kubectl get pods -A -o wide --field-selector spec.nodeName=" + node,
	}
}
