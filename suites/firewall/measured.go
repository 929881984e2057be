package firewall

import (
	"fmt"
	"net/netip"
	"slices"

	"github.com/plumbline-net/plumbline/framework/check"
	"github.com/plumbline-net/plumbline/framework/facts"
	"github.com/plumbline-net/plumbline/framework/figures"
)

// breaks are the pairs that a rule has to break if packets meet it at all. On some
// networks they do not: eBPF hands them on before the kernel's chains. So pairs that
// were measured say whether a rule acts, whatever the network is.
type breaks struct {
	node  string
	cases []broken
}

// broken is one kind of packet that is certain to end at the rule.
type broken struct {
	family facts.Family
	to     facts.TargetKind
	via    facts.Via
	// outwards: from the node to the peers; otherwise from the peers to the node.
	outwards bool
	peers    []string
	// port is the target's; 0 is any.
	port uint16
}

// ofForward are the pairs of pods that a followed packet stands for.
func ofForward(p probe) broken {
	out := broken{family: p.Family, to: facts.ToPod, via: facts.Via(p.Protocol), outwards: p.outwards}
	for _, peer := range p.peers {
		out.peers = append(out.peers, peer.Name)
	}
	return out
}

// ofDemand are the probes that a node had to take in. The kubelet's port is not
// probed, and of the NodePorts only those of the suite are.
func ofDemand(s *facts.Snapshot, d demand, f facts.Family) (broken, bool) {
	out := broken{family: f, via: facts.Via(d.protocol), port: d.port}
	switch {
	case d.outside:
		return out, false
	case d.overlay:
		out.to, out.via = facts.ToTunnel, facts.Tunnel
	case d.nodePort:
		out.to = facts.ToNodePort
	default:
		return out, false
	}
	for _, n := range s.Nodes {
		if slices.ContainsFunc(d.sources, func(p netip.Prefix) bool { return slices.Contains(n.Internal, p.Addr()) }) {
			out.peers = append(out.peers, n.Name)
		}
	}
	return out, true
}

// pairs calls visit with the cells of the pairs in a matrix: the rows of the node, or
// its columns.
func (b broken) pairs(m facts.Matrix, node string, visit func(facts.Cell)) {
	peers := map[string]bool{}
	for _, p := range b.peers {
		peers[p] = true
	}
	var columns []int
	for i, t := range m.Targets {
		if (b.port == 0 || t.Port == b.port) && !t.Silent && (b.outwards && peers[t.Node] || !b.outwards && t.Node == node) {
			columns = append(columns, i)
		}
	}
	for _, row := range m.Rows {
		if row.NotRun != "" || b.outwards && row.From.Node != node || !b.outwards && !peers[row.From.Node] {
			continue
		}
		for _, i := range columns {
			if i < len(row.Cells) && row.Cells[i].Outcome != facts.NotRun && m.Targets[i].Node != row.From.Node {
				visit(row.Cells[i])
			}
		}
	}
}

// sender is the vantage whose packets have the sources that were followed.
func (b broken) sender() facts.VantageKind {
	if b.to == facts.ToPod {
		return facts.FromPod
	}
	return facts.FromHost
}

// outcome is what was measured of the pairs.
type outcome struct {
	// kept are the pairs that the rule left as they should be, again those of them
	// that needed another attempt, broken the others.
	kept, again, broken int
}

// ruling says of a cell whether it is as it should be, or that it cannot tell.
type ruling func(facts.Flow, facts.Cell) (is, told bool)

// measure looks the pairs up.
func (b breaks) measure(s *facts.Snapshot, good ruling) outcome {
	var out outcome
	for _, m := range s.Matrices {
		for _, c := range b.cases {
			if m.Flow != (facts.Flow{From: c.sender(), To: c.to, Via: c.via, Family: c.family, Look: facts.Main}) {
				continue
			}
			c.pairs(m, b.node, func(cell facts.Cell) { out.add(cell, m.Flow, good) })
		}
	}
	return out
}

func (o *outcome) add(cell facts.Cell, f facts.Flow, good ruling) {
	is, told := good(f, cell)
	switch {
	case !told:
	case !is:
		o.broken++
	default:
		o.kept++
		if cell.Retried {
			o.again++
		}
	}
}

// answers: the pair answers.
func answers(f facts.Flow, c facts.Cell) (is, told bool) { return c.Outcome == f.Via.Right(), true }

// keepsSource: the far end saw the sender's own address; no echo of ICMP tells it.
func keepsSource(f facts.Flow, c facts.Cell) (is, told bool) {
	return !c.Rewritten, f.Via != facts.ICMP && c.Outcome == facts.OK
}

// says is the sentence of a rule that broke none; what became of its pairs is "answered".
func (o outcome) says(what string) string {
	pairs := "all " + figures.Count(o.kept, "pair")
	if o.kept == 1 {
		pairs = "the one pair"
	}
	return fmt.Sprintf("%s that it would break %s, so on this network their packets do not meet it", pairs, what)
}

// actsNot says whether the rule or policy of a stop stood at both looks, hence while
// the probes ran, and yet broke none of the pairs that it must break. Pairs that needed
// another attempt may have met a rule that comes and goes; one that counted fewer
// packets than there are pairs was met by none of them. A rule that counted while pairs
// through Services broke is met by those: what eBPF hands on from pod to pod comes back to
// the kernel's chains where kube-proxy's rules translate it.
func (b breaks) actsNot(s *facts.Snapshot, at place, looks []facts.Look, good ruling) (outcome, bool) {
	if !slices.Contains(looks, facts.First) || !slices.Contains(looks, facts.Last) {
		return outcome{}, false
	}
	o := b.measure(s, good)
	if o.kept > 0 && o.broken == 0 && b.stopsTranslated(s) && countedBy(s, b.node, at) > 0 {
		return o, false
	}
	if o.kept == 0 || o.broken > 0 || o.again == 0 {
		return o, o.kept > 0 && o.broken == 0
	}
	counted := countedBy(s, b.node, at)
	return o, counted >= 0 && counted < o.kept
}

// stopsTranslated: the pods of the node, or others through its NodePorts, do not reach a Service.
func (b breaks) stopsTranslated(s *facts.Snapshot) bool {
	for _, m := range s.Matrices {
		if m.Flow.Look != facts.Main || !slices.Contains([]facts.TargetKind{facts.ToClusterIP, facts.ToNodePort, facts.ToDNSService}, m.Flow.To) ||
			!slices.ContainsFunc(b.cases, func(c broken) bool { return c.family == m.Flow.Family && c.to == facts.ToPod }) {
			continue
		}
		for _, row := range m.Rows {
			for i, c := range row.Cells {
				ours := m.Flow.From == facts.FromPod && row.From.Node == b.node || m.Targets[i].Node == b.node && row.From.Node != b.node
				if ours && row.NotRun == "" && c.Outcome != facts.NotRun && c.Outcome != m.Flow.Via.Right() && !m.Targets[i].Silent {
					return true
				}
			}
		}
	}
	return false
}

// countedBy is what a rule or policy counted between the looks, -1 where that is not known.
func countedBy(s *facts.Snapshot, node string, at place) int {
	last, missing := rulesAt(s, node, facts.Last)
	if missing != "" {
		return -1
	}
	grown, _, missing := growth(s, node)
	counts := func(t tally) bool { return t.same(at) && t.count != nil }
	if missing != "" || !slices.ContainsFunc(tallies(&last), counts) {
		return -1
	}
	for _, g := range grown {
		if g.same(at) {
			return int(g.packets())
		}
	}
	return 0
}

// harmless are the steps for a rule that does not act on the cluster's packets now.
func (p place) harmless(node string) []check.Remedy {
	return []check.Remedy{
		{Purpose: check.Find, Text: "See whether it still counts, and what it drops", Node: node, Command: p.count()},
		p.written(node),
	}
}
