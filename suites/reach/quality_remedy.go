package reach

import (
	"cmp"
	"fmt"
	"maps"
	"slices"

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
func lossRemedy(s *facts.Snapshot, g end, worst pairFigures, busy []facts.Overload, fails bool) []check.Remedy {
	node := worst.from.Node
	if len(g.nodes) == 1 {
		node = g.nodes[0]
	}
	var out []check.Remedy
	if len(busy) > 0 {
		out = append(out, remedies.Busy(busy[0].Node)...)
	}
	out = append(out,
		check.Remedy{
			Purpose: check.Find,
			Text:    "Which interface drops? Errors and drops that grow name it", Node: node,
			Command: "ip -s -s link; ethtool -S $(ip route show default | awk '{print $5; exit}') | grep -iE 'drop|err|discard|miss' | grep -v ': 0$'",
		},
		check.Remedy{
			Purpose: check.Find,
			Text:    "Does a rule drop a share of the packets, or is the connection table full?", Node: node,
			Command: "nft list ruleset | grep -nE 'numgen|limit|drop|queue'; iptables-save -c | grep -nE 'statistic|limit|DROP|NFQUEUE'; conntrack -S | grep -vE 'drop=0 .*early_drop=0'; dmesg | grep -i 'table full' | tail -3",
		},
		layerStep(worst, cmp.Or(node, worst.from.Node)))
	out = append(out, shapers(s, g.ends())...)
	if fails && !slices.ContainsFunc(out, func(r check.Remedy) bool { return r.Purpose == check.Repair }) {
		out = append(out, check.Remedy{Text: "Repair what the steps above name: the link or its switch port, the rule, or the size of the table"})
	}
	return check.InOrder(append(out,
		check.Remedy{Purpose: check.Verify, Text: "Check: \"0% packet loss\" must stand there", Node: worst.from.Node, Command: fmt.Sprintf("ping -c 200 -i 0.05 -q %s", worst.to.Addr)}))
}

// slowRemedy looks for what holds packets up on a node.
func slowRemedy(s *facts.Snapshot, node string, example pairFigures) []check.Remedy {
	out := []check.Remedy{
		{
			Purpose: check.Find,
			Text:    "Is the machine busy, or its share of the CPU taken away by others (steal)?", Node: node,
			Command: "cat /proc/loadavg /proc/pressure/cpu; vmstat 1 5; top -b -n1 | head -15",
		},
		{
			Purpose: check.Find,
			Text:    "Does a queue or a program hold packets up?", Node: node,
			Command: "ip -s -s link; nft list ruleset | grep -n queue; iptables-save | grep -n NFQUEUE; cat /proc/net/softnet_stat | head",
		},
		layerStep(example, node),
	}
	out = append(out, shapers(s, []string{node})...)
	return append(out,
		check.Remedy{Purpose: check.Verify, Text: "Check: the average has to be like that of the other nodes", Node: example.from.Node, Command: fmt.Sprintf("ping -c 20 -q %s", example.to.Addr)})
}

// shapers take away what was seen to delay, drop or limit on purpose (tc-netem(8),
// tc-tbf(8), tc-htb(8)): nothing is advised about a queue that nobody saw.
func shapers(s *facts.Snapshot, nodes []string) []check.Remedy {
	var out []check.Remedy
	for _, node := range nodes {
		h := s.Host(node, facts.Last)
		if h == nil {
			continue
		}
		for _, dev := range slices.Sorted(maps.Keys(h.Qdiscs)) {
			kind := h.Qdiscs[dev]
			if !slices.Contains([]string{"netem", "tbf", "htb"}, kind) {
				continue
			}
			out = append(out,
				check.Remedy{Purpose: check.Find, Text: fmt.Sprintf("%s has a %s queue, which delays, drops or limits on purpose: see what it is set to", dev, kind), Node: node, Command: "tc -s qdisc show dev " + dev},
				check.Remedy{Text: fmt.Sprintf("Where nobody meant it, remove the %s queue from %s: the kernel sets its own again", kind, dev), Node: node, Command: fmt.Sprintf("tc qdisc del dev %s root", dev)},
				remedies.WhereWritten(node, "Take out what sets the queue, or it is back after the next boot", kind))
		}
	}
	return out
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
