package service

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/plumbline-net/plumbline/framework/check"
	"github.com/plumbline-net/plumbline/framework/facts"
)

// transfers are the records of large transfers, by pair.
type transfers map[check.Pair]*facts.Detail

func transfersOf(s *facts.Snapshot) transfers {
	out := transfers{}
	for i := range s.Matrices {
		m := &s.Matrices[i]
		if m.Flow.Via != facts.Bulk {
			continue
		}
		key := m.Flow.Key()
		for _, r := range m.Rows {
			from := r.From.String()
			for j := range r.Details {
				if d := &r.Details[j]; d.Target >= 0 && d.Target < len(m.Targets) {
					out[check.Pair{From: from, To: m.Targets[d.Target].ID, Flow: key}] = d
				}
			}
		}
	}
	return out
}

// passed gives the least and the most bytes that came back over connections
// which got stuck, of the best attempt of each pair; false where none got stuck.
func (t transfers) passed(pairs []check.Pair) (least, most int, stuck bool) {
	for _, p := range pairs {
		d := t[p]
		if d == nil {
			continue
		}
		best, connected := 0, false
		for _, a := range d.Attempts {
			if a.Connected && a.Outcome != facts.Garbled {
				best, connected = max(best, a.Size), true
			}
		}
		if !connected {
			continue
		}
		if !stuck {
			least = best
		}
		least, most, stuck = min(least, best), max(most, best), true
	}
	return least, most, stuck
}

// sizes is what is known of MTUs at both ends of a pair, and of what mtu/path
// found between their nodes.
func sizes(s *facts.Snapshot, p check.Pair) []check.Evidence {
	var out []check.Evidence
	_, from, _ := strings.Cut(p.From, "/")
	_, to, _ := strings.Cut(p.To, "/")
	for i, node := range []string{from, to} {
		n := s.Node(node)
		if n == nil || i == 1 && to == from {
			continue
		}
		var parts []string
		if n.PodAgent.MTU > 0 {
			parts = append(parts, fmt.Sprintf("probe pod %d", n.PodAgent.MTU))
		}
		if links := linkSizes(s, node); links != "" {
			parts = append(parts, links)
		} else if n.NodeAgent.MTU > 0 {
			parts = append(parts, fmt.Sprintf("host %d", n.NodeAgent.MTU))
		}
		if len(parts) > 0 {
			out = append(out, check.Evidence{Node: node, Source: "MTU of the interfaces", Text: strings.Join(parts, ", ")})
		}
	}
	return append(out, pathSizes(s, from, to)...)
}

// linkSizes are the MTUs of a host's interfaces that are up, pods' ends and loopback left out.
func linkSizes(s *facts.Snapshot, node string) string {
	for _, look := range []facts.Look{facts.Last, facts.First} {
		h := s.Host(node, look)
		if h == nil || h.NotRun != "" {
			continue
		}
		var out []string
		for _, i := range h.Interfaces {
			if i.Up && i.Name != "lo" && i.MTU > 0 && !podsEnd(i) && len(out) < 8 {
				out = append(out, fmt.Sprintf("%s %d", i.Name, i.MTU))
			}
		}
		return strings.Join(out, ", ")
	}
	return ""
}

// podsEnd: the host's end of a pod's link, a veth with no address but the one
// that every link gives itself. A node in a container has a veth as its NIC.
func podsEnd(i facts.Interface) bool {
	return i.Kind == "veth" && !slices.ContainsFunc(i.Addrs, func(p netip.Prefix) bool { return !p.Addr().IsLinkLocalUnicast() })
}

// pathSizes is what mtu/path saw between two nodes, where it asked.
func pathSizes(s *facts.Snapshot, from, to string) []check.Evidence {
	var out []check.Evidence
	for i := range s.Matrices {
		m := &s.Matrices[i]
		if m.Flow.Via != facts.PMTU {
			continue
		}
		for _, r := range m.Rows {
			for j, t := range m.Targets {
				if r.From.Node != from || t.Node != to || from == to || j >= len(r.Cells) || r.Cells[j].Outcome == facts.NotRun {
					continue
				}
				text := fmt.Sprintf("packets of the full %d bytes arrive", r.MTU)
				if d := r.Detail(j); r.Cells[j].Outcome != facts.OK && d != nil {
					text = fmt.Sprintf("up to %d of %d bytes arrive (%s)", d.PathMTU, r.MTU, r.Cells[j].Outcome)
				}
				out = append(out, check.Evidence{Node: from, Source: fmt.Sprintf("mtu/path, %s → %s", r.From, t.ID), Text: text})
			}
		}
	}
	return out
}
