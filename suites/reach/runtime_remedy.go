package reach

import (
	"cmp"
	"fmt"

	"github.com/plumbline-net/plumbline/framework/check"
	"github.com/plumbline-net/plumbline/framework/facts"
	"github.com/plumbline-net/plumbline/framework/matrix"
	"github.com/plumbline-net/plumbline/suites/remedies"
)

// runtimeRemedy begins with the neighbour entry: where the pod's interface was
// made in another network namespace (peer pods), that is what is wrong most often.
func runtimeRemedy(s *facts.Snapshot, p matrix.Place) []check.Remedy {
	c := p.Examples[0]
	node, addr := cmp.Or(p.Node(), c.From.Node), "<address of the pod>"
	if c.Flow.To == facts.ToRuntime {
		node, addr = c.To.Node, c.To.Addr.String()
	} else if c.Detail != nil && c.Last().Local.IsValid() {
		addr = c.Last().Local.Addr().String()
	}
	return []check.Remedy{
		{
			Purpose: check.Find,
			Text:    "The node's neighbour entry for the pod must carry the MAC that the pod itself has", Node: node,
			Command: fmt.Sprintf("ip neigh show to %s; ip -d link show; bridge fdb show", addr),
		},
		{
			Purpose: check.Find,
			Text:    "How the pod's network is wired: tap, macvtap or a tunnel to its own machine instead of a plain veth pair", Node: node,
			Command: fmt.Sprintf("ip route get %s; tc filter show dev <the pod's interface> ingress", addr),
		},
		{
			Purpose: check.Find,
			Text:    "See whether the packets reach the pod's side, while trying again", Node: node,
			Command: fmt.Sprintf("tcpdump -eni any -c 40 'arp or host %s'", addr),
		},
		{
			Text: "Remove the node's entry for the pod, so that it asks anew and the pod answers with its own MAC", Node: node,
			Command: fmt.Sprintf("ip neigh flush to %s; ping -c 1 -W 1 %s", addr, addr),
		},
		remedies.RestartCNI(s, node),
		remedies.Again("reach/runtime-class"),
	}
}
