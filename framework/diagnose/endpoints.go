package diagnose

import (
	"slices"

	"github.com/plumbline-net/plumbline/framework/check"
	"github.com/plumbline-net/plumbline/framework/facts"
)

// endpoints are causes that lie in what stands behind a Service.
func endpoints() []cause {
	return append(causesOf([]stated{
		{
			id: "listens-on-loopback", checks: []string{"service/listening"}, holds: saying("is bound to"),
			grounds: "the socket was read in the pod's network", parts: []string{partPod},
		},
		{
			id: "service-without-listener", checks: []string{"service/listening"}, holds: saying("ready endpoint"),
			grounds: "the pod's sockets and the Service's endpoints were read",
		},
	}), cause{"api-unreachable", apiUnreachable})
}

const serviceAPI = "service/api"

// apiUnreachable: the Service of the API server alone is not reached from some
// nodes; other Services work there, so it is the API servers behind it, or the way
// to them from these nodes' pods.
func apiUnreachable(in *input) []claim {
	byNode := map[string][]located{}
	for _, f := range in.leftOf(serviceAPI, check.Fail) {
		for _, n := range f.Nodes {
			if in.servedOn(n) {
				byNode[n] = append(byNode[n], f)
			}
		}
	}
	var out []claim
	for _, t := range alike(byNode) {
		c := claimOf(t.nodes, t.findings)
		c.open = true
		c.cell = among(in.openCells(), func(f facts.Flow, from facts.Vantage, _ facts.Target) bool {
			return f.To == facts.ToAPI && slices.Contains(t.nodes, from.Node)
		})
		c.leaves = turnedAway
		c.finding = func(id string, f check.Finding) bool { return isOneOf(t.findings, id, f) }
		out = append(out, c)
	}
	return out
}

// servedOn says whether another Service than the API's was reached from a node.
func (in *input) servedOn(node string) bool {
	for _, m := range in.facts.Matrices {
		if m.Flow.To != facts.ToClusterIP && m.Flow.To != facts.ToDNSService || m.Flow.Look != facts.Main {
			continue
		}
		p := in.matrices[m.Flow.Key()]
		for _, row := range p.Rows {
			if row.From.Node == node && slices.ContainsFunc(row.Cells, func(c facts.Cell) bool { return c.Outcome == facts.OK }) {
				return true
			}
		}
	}
	return false
}
