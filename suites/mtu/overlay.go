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

func tunnelRemedy(s *facts.Snapshot, node string, t, below facts.Interface, fits int) []check.Remedy {
	return []check.Remedy{{
		Text: fmt.Sprintf("Which of the two is meant? Either %s was made smaller than the network carries, then give it back its MTU", below.Name), Node: node,
		Command: fmt.Sprintf("ip -d link show %s; ip -d link show %s; ip link set dev %s mtu %d", below.Name, t.Name, below.Name, t.MTU+below.MTU-fits),
	}, {
		Text:    fmt.Sprintf("or the tunnel is too large: set the CNI's MTU so that %s has %d, restart its agent, and make the pods of the node anew", t.Name, fits),
		Command: cniCommand(s),
	}, checkStep(node)}
}

func checkStep(node string) check.Remedy {
	return check.Remedy{Text: "Check", Node: node, Command: "ip -o link | grep -oE '^[0-9]+: [^:]+|mtu [0-9]+' | paste - -"}
}

// cniCommand shows where the CNI has its MTU.
func cniCommand(s *facts.Snapshot) string {
	switch s.Cluster.CNI {
	case "flannel":
		return "kubectl -n kube-flannel get configmap kube-flannel-cfg -o yaml; kubectl -n kube-flannel rollout restart daemonset kube-flannel-ds"
	case "calico":
		return "kubectl -n kube-system get configmap calico-config -o yaml | grep -n mtu; kubectl get installation default -o jsonpath='{.spec.calicoNetwork.mtu}'"
	case "cilium":
		return "kubectl -n kube-system get configmap cilium-config -o yaml | grep -n mtu"
	default:
		return "kubectl get configmaps -A | grep -iE 'flannel|calico|cilium|canal|weave|antrea|kube-router'"
	}
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
