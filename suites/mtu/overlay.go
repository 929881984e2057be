package mtu

import (
	_ "embed"
	"fmt"

	"github.com/plumbline-net/plumbline/framework/check"
	"github.com/plumbline-net/plumbline/framework/facts"
)

//go:embed overlay.md
var overlayDoc string

// Overlay is the check mtu/overlay.
func Overlay() check.Check {
	return check.Check{
		ID: "mtu/overlay", Promise: "On every node a packet of a pod fits the tunnel, and what the tunnel makes of it fits the interface that carries it.",
		Level: check.Core, Needs: []check.Need{check.NeedHosts}, Doc: overlayDoc, Ask: sized(facts.PMTU), Evaluate: evaluateOverlay,
		Looks: []facts.Look{facts.First, facts.Last},
	}
}

func evaluateOverlay(s *facts.Snapshot) check.Result {
	nodes := s.Selected()
	if len(nodes) == 0 {
		return check.Unknownf("no node was looked at")
	}
	if len(s.Nodes) == 1 {
		return check.Skipf("one node in this cluster: no pod traffic leaves it, so no tunnel carries any")
	}
	all := sums{ranges: allRanges(s)}
	for _, n := range nodes {
		h, why := seen(s, n.Name)
		if h == nil {
			all.unknown(n.Name, why)
			continue
		}
		for _, f := range s.Cluster.Families {
			all.node(s, *h, n, f)
		}
	}
	findings := all.findings(len(nodes))
	held := fmt.Sprintf("on %d of %d nodes pods fit what carries them", check.Clean(nodes, findings)-all.warned(findings), len(nodes))
	return check.Conclude(held+all.words(), findings)
}

func familyWord(f facts.Family) string {
	if f == facts.IPv6 {
		return "IPv6"
	}
	return "IPv4"
}

// tunnelRemedy gives the interface back its size where most other nodes have a
// larger one, and makes the tunnel smaller otherwise.
func tunnelRemedy(s *facts.Snapshot, node string, t, below facts.Interface, fits int) []check.Remedy {
	needs := t.MTU + below.MTU - fits
	raise := []check.Remedy{
		{Text: fmt.Sprintf("%s was made smaller than the network carries: give it back its MTU", below.Name), Node: node, Command: fmt.Sprintf("ip link set dev %s mtu %d", below.Name, needs)},
		keepLink(node, below.Name, needs),
	}
	lower := []check.Remedy{
		{Text: fmt.Sprintf("The tunnel is too large for what %s carries: make it smaller, so that senders are told", below.Name), Node: node, Command: fmt.Sprintf("ip link set dev %s mtu %d", t.Name, fits)},
		keepCNI(s, fits),
	}
	out := append([]check.Remedy{{
		Purpose: check.Find, Text: "Compare both with another node's", Node: node, Command: fmt.Sprintf("ip -d link show %s; ip -d link show %s", below.Name, t.Name),
	}}, lower...)
	if larger(s, node, below.Name, needs) {
		out = append(out[:1], raise...)
	}
	must := fmt.Sprintf("that of %s may be at most that of %s less %d", t.Name, below.Name, below.MTU-fits)
	return append(out, shown(node, must, "mtu/overlay", t.Name, below.Name)...)
}

// larger says whether the interface of that name has the size on most other nodes.
func larger(s *facts.Snapshot, node, dev string, size int) bool {
	yes, all := 0, 0
	for _, n := range s.Nodes {
		if h := s.Host(n.Name, facts.Last); n.Name != node && h != nil {
			if i, ok := h.Interface(dev); ok {
				all++
				if i.MTU >= size {
					yes++
				}
			}
		}
	}
	return 2*yes > all
}

// what was measured of full packets from a node's pods.
type verdictOfPath uint8

const (
	notMeasured verdictOfPath = iota
	arrives
	told
	vanishes
)

// measured reads mtu/path's flow for the pods of one node.
func measured(s *facts.Snapshot, node string, f facts.Family) verdictOfPath {
	m := s.Matrix(facts.Flow{From: facts.FromPod, To: facts.ToPod, Via: facts.PMTU, Family: f, Look: facts.Main})
	if m == nil {
		return notMeasured
	}
	worst := notMeasured
	for _, row := range m.Rows {
		if row.From.Node != node || len(row.Cells) != len(m.Targets) {
			continue
		}
		for i, cell := range row.Cells {
			if m.Targets[i].Node == node {
				continue
			}
			worst = max(worst, pathOf(cell, row.Detail(i)))
		}
	}
	return worst
}

func pathOf(c facts.Cell, d *facts.Detail) verdictOfPath {
	switch {
	case c.Outcome == facts.OK:
		return arrives
	case c.Outcome == facts.TooBig:
		return told
	case d != nil && d.PathMTU > 0:
		return vanishes
	default:
		return notMeasured
	}
}
