// Package service holds the promises about Services: the ClusterIP, the
// NodePort and the API server's own Service, from every place.
package service

import (
	"slices"

	"github.com/plumbline-net/plumbline/framework/check"
	"github.com/plumbline-net/plumbline/framework/facts"
	"github.com/plumbline-net/plumbline/suites/remedies"
)

// All are the checks of this area, in the order of the catalogue.
func All() []check.Check {
	return []check.Check{
		ClusterIP(), API(), NodePort(), NodePortLocal(), Programmed(),
		Convergence(), Hairpin(), Affinity(), Headless(), LargeTransfer(), Listening(),
	}
}

// flows is every family with every way of probing, from each kind of vantage.
func flows(scope check.Scope, look facts.Look, to facts.TargetKind, vias []facts.Via, from ...facts.VantageKind) []facts.Flow {
	var out []facts.Flow
	for _, v := range from {
		for _, family := range scope.Families {
			for _, via := range vias {
				out = append(out, facts.Flow{From: v, To: to, Via: via, Family: family, Look: look})
			}
		}
	}
	return out
}

// firstOf is the first node to look at: the one that is named, else the sender.
func firstOf(nodes ...string) string {
	for _, n := range nodes {
		if n != "" {
			return n
		}
	}
	return ""
}

// dataPlane are the commands which show what a node's kube-proxy has programmed
// for an address, and how kube-proxy itself fares there.
func dataPlane(s *facts.Snapshot, node, address string) []check.Remedy {
	out := []check.Remedy{
		remedies.ProxyState(s, node),
		{
			Purpose: check.Find, Text: "Has the node's data plane an entry for the address? (iptables, nftables and ipvs in turn)", Node: node,
			Command: "iptables-save -t nat | grep -F " + address + "; nft list ruleset | grep -F " + address + "; ipvsadm -Ln | grep -F -A4 " + address,
		},
		remedies.RestartProxy(s, node),
	}
	namespace, set := remedies.DaemonSet(s.Cluster.KubeProxy, "kube-proxy")
	if len(s.Cluster.KubeProxy) > 0 && !slices.ContainsFunc(s.Cluster.KubeProxy, func(p facts.Pod) bool { return p.Node == node }) {
		out = append(out[:1], remedies.Everywhere(namespace, set, node)...) // there is none to restart
	}
	return append(out, check.Remedy{
		Purpose: check.Verify, Text: "Check that the address has its entries: this must print some", Node: node,
		Command: "(iptables-save -t nat; nft list ruleset; ipvsadm -Ln) 2>/dev/null | grep -F " + address + " | head -5",
	})
}
