package policy

import (
	"fmt"

	"github.com/plumbline-net/plumbline/framework/check"
	"github.com/plumbline-net/plumbline/framework/facts"
	"github.com/plumbline-net/plumbline/suites/remedies"
)

// steps look at the agent of each node first; it is started again only where it does
// not work on policies.
func steps(s *facts.Snapshot, nodes []string) []check.Remedy {
	var out []check.Remedy
	for _, n := range nodes[:min(len(nodes), mostRepaired)] {
		if p, ok := agentOn(s, n); ok {
			out = append(out, check.Remedy{
				Purpose: check.Find, Text: fmt.Sprintf("See whether the network plugin's agent on %s works on policies, and what it complains of", n),
				Command: fmt.Sprintf("kubectl -n %s get pod %s -o wide; kubectl -n %s logs %s --tail=100 | grep -iE 'polic|error|fail'", p.Namespace, p.Name, p.Namespace, p.Name),
			})
		}
		out = append(out, check.Remedy{
			Purpose: check.Find, Node: n, Text: "See whether a process is stopped there: its state is T",
			Command: "ps -eo pid,stat,etime,args | awk '$2 ~ /^T/'",
		})
		out = append(out, remedies.RestartCNI(s, n))
	}
	return append(out, remedies.Again("policy/*"))
}

// mostRepaired bounds the nodes for which one finding lists the steps.
const mostRepaired = 3

func agentOn(s *facts.Snapshot, node string) (facts.Pod, bool) {
	for _, list := range [][]facts.Pod{s.Cluster.CNIPodsLast, s.Cluster.CNIPods} {
		for _, p := range list {
			if p.Node == node {
				return p, true
			}
		}
	}
	return facts.Pod{}, false
}
