package diagnose

import (
	"slices"

	"github.com/plumbline-net/plumbline/framework/check"
	"github.com/plumbline-net/plumbline/framework/facts"
)

// besidesRoutes narrows where a tunnel's wrong outer address shows. A network that
// does not look at it lets the packets pass: where the node's pods are heard from
// another node, what fails towards a peer of which a route or an entry of the tunnel
// says why is left to that. nil where there is nothing to leave out.
func (in *input) besidesRoutes(node string) cellTest {
	other := in.misledPeers(node)
	if len(other) == 0 || !in.heardAcross(node, other) {
		return nil
	}
	return in.crossPods(func(a, b string) bool {
		return a != b && (a == node && !other[b] || b == node && !other[a])
	})
}

// misledPeers are the nodes between which and this one a route, or an entry of the
// tunnel, on either of them is wrong.
func (in *input) misledPeers(node string) map[string]bool {
	out := map[string]bool{}
	for _, id := range []string{"overlay/fdb", "overlay/neighbor", "overlay/leftover", "route/pod-cidr", "route/stale", "route/lookup"} {
		for _, f := range in.failing(id) {
			far := in.farEnds(f.Finding)
			switch {
			case f.names(node):
				for _, n := range far {
					out[n] = true
				}
			case slices.Contains(far, node):
				for _, n := range f.Nodes {
					out[n] = true
				}
			}
		}
	}
	return out
}

// heardAcross says whether small packets pass both ways between pods of the node and
// of one that is not left out.
func (in *input) heardAcross(node string, leave map[string]bool) bool {
	for _, m := range in.facts.Matrices {
		if !plainPods(m.Flow) {
			continue
		}
		p := in.matrices[m.Flow.Key()]
		for _, row := range p.rowsOf[node] {
			for column, t := range p.Targets {
				cells := p.Rows[row].Cells
				if t.Node != node && !leave[t.Node] && column < len(cells) && cells[column].Outcome == facts.OK {
					return true
				}
			}
		}
	}
	return false
}

// shows gives where a mechanism shows for what a finding says of a node.
func (m mechanism) shows(in *input, node string, f check.Finding) cellTest {
	if m.says != nil {
		return m.says(in, f)
	}
	if m.id == wrongOuter {
		if narrow := in.besidesRoutes(node); narrow != nil {
			return narrow
		}
	}
	return m.cell(in, node, in.peerOf(f))
}
