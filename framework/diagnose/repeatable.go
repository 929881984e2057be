package diagnose

import (
	"slices"

	"github.com/plumbline-net/plumbline/framework/facts"
)

// repeatable says whether a cell can be sent again from a vantage that answers.
func (in *input) repeatable(s spot, came bool) bool {
	right := s.cell.Outcome == s.flow.Via.Right() && !s.cell.Partial && !s.cell.Retried
	if s.cell.Outcome == facts.NotRun || came != right || s.to.Silent || !s.to.Addr.IsValid() {
		return false
	}
	if in.recovered(s) {
		return false
	}
	switch s.flow.Via {
	case facts.ARP, facts.Tunnel, facts.Race:
		return false // not one flow of packets that can be followed
	case facts.TCP, facts.UDP, facts.ICMP, facts.TLS, facts.DNSUDP, facts.DNSTCP, facts.Closed, facts.PMTU, facts.Over,
		facts.Series, facts.HTTP, facts.Bulk, facts.Sticky, facts.Record, facts.Big, facts.Connect:
	}
	if s.from.Kind == facts.FromRunner {
		return true // nobody watches there, but the node where it enters does
	}
	n := in.facts.Node(s.from.Node)
	if n == nil {
		return false
	}
	switch s.from.Kind {
	case facts.FromPod:
		return n.PodAgent.Ready
	case facts.FromHost:
		return n.NodeAgent.Ready
	case facts.FromRuntime:
		return slices.ContainsFunc(n.RuntimeAgents, func(r facts.RuntimeAgent) bool { return r.Class == s.from.Class && r.Agent.Ready })
	case facts.FromRunner:
	}
	return false
}

// recovered: the cell failed at the first look and came right later, as where placing
// the suite's own pods and Services made it right. Nothing vanishes there any more.
func (in *input) recovered(s spot) bool {
	if s.flow.Look != facts.First {
		return false
	}
	for _, look := range []facts.Look{facts.Main, facts.Last} {
		f := s.flow
		f.Look = look
		if later, known := in.place(cellID{f.Key(), s.from.String(), s.to.ID}); known && later.cell.Outcome == f.Via.Right() {
			return true
		}
	}
	return false
}
