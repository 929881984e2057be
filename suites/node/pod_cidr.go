package node

import (
	"cmp"
	_ "embed" // the explanation page
	"fmt"
	"net/netip"
	"slices"

	"github.com/plumbline-net/plumbline/framework/check"
	"github.com/plumbline-net/plumbline/framework/cni"
	"github.com/plumbline-net/plumbline/framework/dataplane"
	"github.com/plumbline-net/plumbline/framework/facts"
	"github.com/plumbline-net/plumbline/suites/peering"
)

//go:embed pod_cidr.md
var podCIDRDoc string

// PodCIDR promises that every node has addresses for pods, and nobody else has the same.
func PodCIDR() check.Check {
	return check.Check{
		ID:       "node/pod-cidr",
		Promise:  "Every node has a pod CIDR of its own, inside the cluster CIDR and apart from every other range, with free addresses left.",
		Level:    check.Core,
		Needs:    []check.Need{check.NeedAPI},
		Looks:    []facts.Look{facts.Last},
		Doc:      podCIDRDoc,
		Evaluate: podCIDR,
	}
}

func podCIDR(s *facts.Snapshot) check.Result {
	nodes := s.Selected()
	if len(nodes) == 0 {
		return check.Unknownf("no node is under test%s", leftOut(s))
	}
	perNode := dataplane.PerNode(s)
	if why := noNodeIPAM(s, perNode); why != "" {
		return check.Skipf("%s", why)
	}
	var faults []peering.Fault
	for _, n := range nodes {
		faults = append(faults, cidrOf(s, perNode, n)...)
		faults = append(faults, room(s, n)...)
	}
	faults = append(faults, hostNetworks(s)...)
	findings := append(overlaps(s), peering.Fold(faults)...)
	remark := ""
	if s.Run.Unprivileged {
		remark = "; the hosts' own networks and the free addresses were not looked at (--unprivileged)"
	} else {
		findings = append(findings, peering.Unseen(s)...)
	}
	return check.Conclude(fmt.Sprintf("%d of %d nodes have a pod CIDR of their own%s", check.Clean(nodes, findings), len(nodes), remark), findings)
}

// noNodeIPAM says why nodes' pod CIDRs do not matter; empty where they do.
func noNodeIPAM(s *facts.Snapshot, perNode bool) string {
	if !slices.ContainsFunc(s.Nodes, func(n facts.Node) bool { return len(n.PodCIDRs) > 0 }) && !perNode {
		return "no node has a pod CIDR: the network plugin hands out addresses by itself"
	}
	inside, outside := 0, 0
	for _, n := range s.Nodes {
		for _, a := range n.PodAgent.Addrs {
			if slices.ContainsFunc(n.PodCIDRs, func(p netip.Prefix) bool { return p.Contains(a) }) {
				inside++
			} else {
				outside++
			}
		}
	}
	if !perNode && inside == 0 && outside > 0 {
		return "the probe pods' addresses lie outside their nodes' pod CIDRs: the network plugin hands out addresses by itself"
	}
	return ""
}

// cidrOf judges what one node's own ranges are.
func cidrOf(s *facts.Snapshot, perNode bool, n facts.Node) []peering.Fault {
	var out []peering.Fault
	wrong := func(kind, says string, remedy ...check.Remedy) {
		out = append(out, peering.Fault{
			Node: n.Name, Kind: kind, Verdict: check.Fail, Says: says, Repair: remedy,
			Evidence: []check.Evidence{{Node: n.Name, Source: "node spec.podCIDRs", Text: fmt.Sprint(n.PodCIDRs)}},
			Then:     []check.Remedy{{Purpose: check.Verify, Text: "Check the nodes' ranges: each has its own, within the cluster's", Command: "kubectl get nodes -o custom-columns=NODE:.metadata.name,CIDRS:.spec.podCIDRs"}},
		})
	}
	for _, f := range familiesWithCIDR(s) {
		if !slices.ContainsFunc(n.PodCIDRs, func(p netip.Prefix) bool { return dataplane.Of(p.Addr()) == f }) {
			wrong("none"+string(f), fmt.Sprintf("the node has no pod CIDR (%s)", f), check.Remedy{
				Purpose: check.Find,
				Text:    "See why the controller manager gives it none (--allocate-node-cidrs, --cluster-cidr, or the range is used up: CIDRNotAvailable)",
				Command: "kubectl get events -A --field-selector reason=CIDRNotAvailable; kubectl -n kube-system get pods -l component=kube-controller-manager -o yaml | grep -E 'cidr'",
			})
		}
	}
	for _, p := range n.PodCIDRs {
		known := slices.ContainsFunc(s.Cluster.PodCIDRs, func(c netip.Prefix) bool { return dataplane.Of(c.Addr()) == dataplane.Of(p.Addr()) })
		if known && !slices.ContainsFunc(s.Cluster.PodCIDRs, func(c netip.Prefix) bool { return c.Bits() <= p.Bits() && c.Contains(p.Addr()) }) {
			wrong("outside", fmt.Sprintf("the pod CIDR %s lies outside the cluster CIDR %v", p, s.Cluster.PodCIDRs), anew(n.Name))
		}
		for _, svc := range s.Cluster.ServiceCIDR {
			if svc.Overlaps(p) {
				wrong("service", fmt.Sprintf("the pod CIDR %s overlaps the service CIDR %s", p, svc), anew(n.Name))
			}
		}
	}
	for _, a := range n.PodAgent.Addrs {
		if perNode && len(n.PodCIDRs) > 0 && !slices.ContainsFunc(n.PodCIDRs, func(p netip.Prefix) bool { return p.Contains(a) }) {
			wrong("pod", fmt.Sprintf("the probe pod's address %s lies outside the node's pod CIDR %v", a, n.PodCIDRs),
				check.Remedy{Purpose: check.Find, Text: "See what range the network plugin uses on this node: it keeps an old one until its agent and the bridge are made anew", Node: n.Name, Command: cmp.Or(cni.Of(s).Words.Range, "cat /etc/cni/net.d/*") + "; ip -br address show type bridge"},
				peering.RestartCNI(s, n.Name),
				check.Remedy{Text: "Where the bridge keeps the old range: delete it; the next pod makes it anew (drain the node first, because its pods lose their network)", Node: n.Name, Command: "ip link del cni0"})
		}
	}
	return out
}

func anew(node string) check.Remedy {
	return check.Remedy{
		Text: "A node's range cannot be changed. Correct the controller manager's --cluster-cidr first. Then, when its pods can be spared, let " + node +
			" register anew: it gets a new range when its node object is made again",
	}
}

func familiesWithCIDR(s *facts.Snapshot) []facts.Family {
	var out []facts.Family
	for _, f := range []facts.Family{facts.IPv4, facts.IPv6} {
		if slices.ContainsFunc(s.Nodes, func(n facts.Node) bool {
			return slices.ContainsFunc(n.PodCIDRs, func(p netip.Prefix) bool { return dataplane.Of(p.Addr()) == f })
		}) {
			out = append(out, f)
		}
	}
	if len(out) == 0 {
		return s.Cluster.Families
	}
	return out
}
