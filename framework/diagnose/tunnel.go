package diagnose

import (
	"maps"
	"slices"

	"github.com/plumbline-net/plumbline/framework/dataplane"
	"github.com/plumbline-net/plumbline/framework/facts"
)

// pair is an ordered pair of nodes.
type pair struct{ from, to string }

// silence is the shape of the matrices that a dropped tunnel leaves: between two
// nodes all pod traffic is silently lost while the hosts themselves talk.
type silence struct {
	nodes   []string      // nodes with a pod vantage, sorted
	blocked map[pair]bool // pod to pod times out both ways, host to host is fine both ways
	heard   map[pair]bool // pod to pod was observed at all
	hostOK  map[pair]int  // host to host answers that were right
}

func (in *input) silence() silence {
	if !in.anySilence() {
		return silence{} // a large cluster has a million pairs; most runs need none of this
	}
	s := silence{blocked: map[pair]bool{}, heard: map[pair]bool{}, hostOK: map[pair]int{}}
	quiet, loud := map[pair]bool{}, map[pair]bool{}
	hostBad, deaf := map[pair]bool{}, map[string]bool{}
	for _, m := range in.facts.Matrices {
		if m.Flow.Look != facts.Main || m.Flow.Via != facts.TCP && m.Flow.Via != facts.UDP && m.Flow.Via != facts.ICMP {
			continue
		}
		pods := m.Flow.From == facts.FromPod && m.Flow.To == facts.ToPod
		hosts := m.Flow.From == facts.FromHost && m.Flow.To == facts.ToHost
		eachCell(m, func(p pair, o facts.Outcome) {
			switch {
			case p.from == p.to:
				deaf[p.from] = deaf[p.from] || pods && o != facts.OK
			case pods && o == facts.Timeout:
				quiet[p] = true
			case pods:
				loud[p] = true
			case hosts && o == facts.OK:
				s.hostOK[p]++
			case hosts:
				hostBad[p] = true
			}
		})
	}
	for p := range quiet {
		back := pair{p.to, p.from}
		// An echo needs both directions, so a drop one way is silence both ways.
		// A node whose pods do not even hear each other has another trouble.
		both := !loud[p] && quiet[back] && !loud[back] && !deaf[p.from] && !deaf[p.to]
		s.blocked[p] = both && hostsTalk(s, hostBad, p) && hostsTalk(s, hostBad, back)
	}
	nodes := map[string]bool{}
	for _, seen := range []map[pair]bool{quiet, loud} {
		for p := range seen {
			s.heard[p] = true
			nodes[p.from], nodes[p.to] = true, true
		}
	}
	s.nodes = slices.Sorted(maps.Keys(nodes))
	return s
}

// anySilence says whether anything between pods timed out at all.
func (in *input) anySilence() bool {
	for _, m := range in.facts.Matrices {
		if m.Flow.From != facts.FromPod || m.Flow.To != facts.ToPod {
			continue
		}
		for _, row := range m.Rows {
			if slices.ContainsFunc(row.Cells, func(c facts.Cell) bool { return c.Outcome == facts.Timeout }) {
				return true
			}
		}
	}
	return false
}

func hostsTalk(s silence, bad map[pair]bool, p pair) bool {
	return s.hostOK[p] > 0 && !bad[p]
}

// eachCell visits the observed cells by the nodes of both ends.
func eachCell(m facts.Matrix, visit func(pair, facts.Outcome)) {
	for _, row := range m.Rows {
		for i, cell := range row.Cells {
			if row.NotRun != "" || i >= len(m.Targets) || cell.Outcome == facts.NotRun {
				continue
			}
			visit(pair{row.From.Node, m.Targets[i].Node}, cell.Outcome)
		}
	}
}

// without takes out everything on nodes that another cause speaks of.
func (s silence) without(nodes []string) silence {
	for p := range s.blocked {
		if slices.Contains(nodes, p.from) || slices.Contains(nodes, p.to) {
			delete(s.blocked, p)
		}
	}
	for p := range s.heard {
		if slices.Contains(nodes, p.from) || slices.Contains(nodes, p.to) {
			delete(s.heard, p)
		}
	}
	return s
}

// cutOff are the nodes whose every observed pair is blocked.
func (s silence) cutOff() []string {
	open := map[string]bool{}
	seen := map[string]bool{}
	for p := range s.heard {
		seen[p.from], seen[p.to] = true, true
		if !s.blocked[p] {
			open[p.from], open[p.to] = true, true
		}
	}
	var out []string
	for _, n := range s.nodes {
		if seen[n] && !open[n] {
			out = append(out, n)
		}
	}
	return out
}

// loose are the blocked pairs that touch none of the nodes, each once, sorted.
func (s silence) loose(cut []string) [][]string {
	var out [][]string
	for p, blocked := range s.blocked {
		if blocked && p.from < p.to && !slices.Contains(cut, p.from) && !slices.Contains(cut, p.to) {
			out = append(out, []string{p.from, p.to})
		}
	}
	slices.SortFunc(out, slices.Compare)
	return out
}

// vxlanOf is a node's tunnel device, as any look saw it.
func (in *input) vxlanOf(node string) (facts.Interface, bool) {
	for _, look := range []facts.Look{facts.First, facts.Main, facts.Last} {
		host := in.facts.Host(node, look)
		if host == nil {
			continue
		}
		if n := in.facts.Node(node); n != nil {
			if own := in.network().Tunnels(*host, *n); len(own) > 0 {
				return own[0], true
			}
		}
		for _, i := range host.Interfaces {
			if i.Vxlan != nil && i.Vxlan.Port > 0 {
				return i, true
			}
		}
	}
	return facts.Interface{}, false
}

// network is the pod network as the facts show it, read once.
func (in *input) network() *dataplane.Network {
	if in.net == nil {
		in.net = dataplane.NetworkOf(in.facts)
	}
	return in.net
}

// routed says whether a node has a route into a peer's pod network over the
// tunnel. Without routes observed it is not known, which is no objection.
func (in *input) routed(node, peer, dev string) bool {
	if in.facts.Node(peer) == nil {
		return true
	}
	known := false
	for _, look := range []facts.Look{facts.First, facts.Last} {
		host := in.facts.Host(node, look)
		if host == nil || len(host.Routes) == 0 {
			continue
		}
		if i, ok := host.Interface(dev); ok && dataplane.External(i) {
			return true // a program sends into it, and no route leads there
		}
		known = true
		for _, r := range host.Routes {
			if r.Dev == dev && r.Dst.IsValid() && in.network().LeadsTo(r.Dst, node) == peer {
				return true
			}
		}
	}
	pods := slices.Concat(in.network().Pods(peer, facts.IPv4), in.network().Pods(peer, facts.IPv6))
	return !known || len(pods) == 0
}
