package diagnose

import (
	"github.com/plumbline-net/plumbline/framework/facts"
)

// policyShape claims a policy from what fails alone, where nobody listed policies
// and no packet filter carries them out (plugins that use BPF or OVS). The sign is
// a filter that tells who opened a connection: the probe pods open none on any node,
// not even to their own host, while that host opens connections to its pod over the
// very same veth, and hosts reach each other, the API and the cluster DNS.
func policyShape(in *input) []claim {
	if in.facts.Cluster.Policies != nil {
		return nil // it is known which policies there are
	}
	h := held{egress: in.everywhere(shapeEgress, false), ingress: in.everywhere(shapeIngress, false)}
	if !h.egress || !in.everywhere(shapeLocal, true) || !in.everywhere(shapeHosts, true) || !in.everywhere(shapeServices, true) {
		return nil
	}
	c := in.policyClaim(h)
	c.open = true
	c.says = "a network policy seems to stop the connections of the suite's probe pods: they open none on any node, not even to their own host, " +
		"while the hosts open connections to them; what these pods could not reach is not known to be broken"
	c.grounds = "a filter that tells who opened a connection does this, and no fault of tunnels, routes or hosts; which policy it is was not recorded"
	c.remedy = policySteps(in.facts, nil)
	return []claim{c}
}

// The parts of the shape: which cells are looked at.
var (
	shapeEgress cellTest = func(f facts.Flow, _ facts.Vantage, _ facts.Target) bool {
		return f.From == facts.FromPod && (f.To == facts.ToHost || f.To == facts.ToAPI || f.To == facts.ToDNSService) && f.Via != facts.ICMP
	}
	shapeIngress cellTest = func(f facts.Flow, from facts.Vantage, to facts.Target) bool {
		return f.From == facts.FromHost && f.To == facts.ToPod && from.Node != to.Node && f.Via != facts.ICMP
	}
	shapeLocal cellTest = func(f facts.Flow, from facts.Vantage, to facts.Target) bool {
		return f.From == facts.FromHost && f.To == facts.ToPod && from.Node == to.Node
	}
	shapeHosts cellTest = func(f facts.Flow, _ facts.Vantage, _ facts.Target) bool {
		return f.From == facts.FromHost && f.To == facts.ToHost && (f.Via == facts.TCP || f.Via == facts.UDP || f.Via == facts.ICMP)
	}
	shapeServices cellTest = func(f facts.Flow, _ facts.Vantage, _ facts.Target) bool {
		return f.From == facts.FromHost && (f.To == facts.ToAPI || f.To == facts.ToDNSService) && f.Look == facts.Main
	}
)

// everywhere says whether all observed cells of a kind came out well, or all badly,
// and there were some on at least two nodes.
func (in *input) everywhere(of cellTest, well bool) bool {
	nodes := map[string]bool{}
	for _, m := range in.facts.Matrices {
		for _, row := range m.Rows {
			for i, t := range m.Targets {
				if i >= len(row.Cells) || row.Cells[i].Outcome == facts.NotRun || !of(m.Flow, row.From, t) {
					continue
				}
				if (row.Cells[i].Outcome == m.Flow.Via.Right()) != well {
					return false
				}
				nodes[row.From.Node] = true
			}
		}
	}
	return len(nodes) >= min(2, len(in.facts.Selected())) && len(nodes) > 0
}
