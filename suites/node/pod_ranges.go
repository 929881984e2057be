package node

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/plumbline-net/plumbline/framework/check"
	"github.com/plumbline-net/plumbline/framework/dataplane"
	"github.com/plumbline-net/plumbline/framework/facts"
	"github.com/plumbline-net/plumbline/suites/peering"
	"github.com/plumbline-net/plumbline/suites/remedies"
)

// overlaps finds nodes whose ranges are not apart. Two prefixes overlap only if
// one holds the other, so in sorted order the holder stands before.
func overlaps(s *facts.Snapshot) []check.Finding {
	type held struct {
		netip.Prefix
		node string
	}
	var all []held
	for _, n := range s.Nodes {
		for _, p := range n.PodCIDRs {
			all = append(all, held{p.Masked(), n.Name})
		}
	}
	slices.SortFunc(all, func(a, b held) int {
		return cmp.Or(a.Addr().Compare(b.Addr()), a.Bits()-b.Bits(), strings.Compare(a.node, b.node))
	})
	var out []check.Finding
	for i := 1; i < len(all); i++ {
		for j := i - 1; j >= 0 && all[j].Overlaps(all[i].Prefix); j-- {
			a, b := all[j], all[i]
			if a.node == b.node {
				continue
			}
			nodes := []string{a.node, b.node}
			slices.Sort(nodes)
			out = append(out, check.Finding{
				Subject: a.node + " and " + b.node, Nodes: nodes, Verdict: check.Fail,
				Says:     fmt.Sprintf("the pod CIDR %s of %s overlaps %s of %s: two pods can have the same address", b.Prefix, b.node, a.Prefix, a.node),
				Evidence: []check.Evidence{{Node: a.node, Source: "node spec.podCIDRs", Text: a.String()}, {Node: b.node, Source: "node spec.podCIDRs", Text: b.String()}},
				Remedy: []check.Remedy{
					anew(b.node),
					{Purpose: check.Verify, Text: "Check the nodes' ranges: none may overlap another", Command: "kubectl get nodes -o custom-columns=NODE:.metadata.name,CIDRS:.spec.podCIDRs"},
				},
			})
		}
	}
	return out
}

// hostNetworks finds pod CIDRs that a host has on-link for something else.
func hostNetworks(s *facts.Snapshot) []peering.Fault {
	var out []peering.Fault
	for _, n := range s.Selected() {
		h, why := dataplane.Seen(s, n.Name)
		if why != "" {
			continue
		}
		for _, i := range h.Interfaces {
			for _, p := range i.Addrs {
				// One address alone is no network; one in a pod CIDR is overlay/leftover's matter.
				if p.IsSingleIP() || slices.ContainsFunc(n.PodCIDRs, func(own netip.Prefix) bool { return own.Contains(p.Addr()) }) {
					continue
				}
				if f, bad := takenBy(s, n.Name, i.Name, p.Masked()); bad {
					out = append(out, f)
				}
			}
		}
	}
	return out
}

func takenBy(s *facts.Snapshot, node, dev string, network netip.Prefix) (peering.Fault, bool) {
	var hit []string
	for _, peer := range s.Nodes {
		for _, cidr := range peer.PodCIDRs {
			if cidr.Overlaps(network) {
				hit = append(hit, fmt.Sprintf("%s of %s", cidr, peer.Name))
			}
		}
	}
	if len(hit) == 0 {
		return peering.Fault{}, false
	}
	return peering.Fault{
		Node: node, Kind: "host" + dev + network.String(), Verdict: check.Fail,
		Says:     fmt.Sprintf("%s is on the network %s, which overlaps the pod CIDR %s", dev, network, peering.Names(hit)),
		Evidence: []check.Evidence{{Node: node, Source: "addresses of " + dev + " (last look)", Text: network.String()}},
		Repair: []check.Remedy{
			{Purpose: check.Find, Text: "See what needs this network on the host", Node: node, Command: "ip addr show dev " + dev},
			{Text: "If nothing needs it, take the address away; otherwise give that network, or the cluster, another range", Node: node, Command: fmt.Sprintf("%s addr del $(%s -o addr show dev %s to %s | awk '{print $4}' | head -1) dev %s", dataplane.IP(dataplane.Of(network.Addr())), dataplane.IP(dataplane.Of(network.Addr())), dev, network, dev)},
			remedies.WhereWritten(node, "Take it out of the configuration that sets it, or it is back after the next boot", network.Addr().String()),
		},
		Then: []check.Remedy{{Purpose: check.Verify, Text: "Check that no address overlaps any more: only the network plugin's own may stand there", Node: node, Command: fmt.Sprintf("%s addr show to %s", dataplane.IP(dataplane.Of(network.Addr())), network)}},
	}, true
}

// usedUpWords are what IPAM plugins say when a range has no address left.
var usedUpWords = [...]string{"no IP addresses available in range", "failed to allocate for range", "no available IPs"}

// room judges how many addresses a node has left: by the words of an IPAM plugin
// that could not give the probe pod one, else by the pods' ports on the bridge.
func room(s *facts.Snapshot, n facts.Node) []peering.Fault {
	f := peering.Fault{
		Node: n.Name, Kind: "room" + n.Name, Verdict: check.Fail,
		Repair: []check.Remedy{
			{Purpose: check.Find, Text: "Count the addresses that are held, against the pods that run", Node: n.Name, Command: "ls /var/lib/cni/networks/*/ | grep -c '^[0-9]'; crictl pods -q | wc -l"},
			{Text: "Free what pods that are gone still hold", Node: n.Name, Command: freeHeld},
			{Purpose: check.Last, Text: "Where the pods need them all: fewer pods on this node, or larger ranges for new nodes (--node-cidr-mask-size of the controller manager)", Node: n.Name, Command: "grep -n maxPods /var/lib/kubelet/config.yaml"},
			{Purpose: check.Verify, Text: "Check that a new pod gets an address: one must be told", Command: startOn(n.Name)},
		},
	}
	for _, e := range n.PodAgent.Trouble {
		if slices.ContainsFunc(usedUpWords[:], func(w string) bool { return strings.Contains(e.Message, w) }) {
			f.Says = fmt.Sprintf("the pod CIDR %v has no free address left: %s", n.PodCIDRs, e.Message)
			f.Evidence = []check.Evidence{{Node: n.Name, Source: "event " + e.Reason, Text: e.Message}}
			return []peering.Fault{f}
		}
	}
	h, why := dataplane.Seen(s, n.Name)
	if why != "" {
		return nil
	}
	for _, p := range n.PodCIDRs {
		if !p.Addr().Is4() {
			continue // an IPv6 range has more addresses than a node can have pods
		}
		most, used := 1<<(32-p.Bits())-3, podsOn(h, p) // network, gateway and broadcast are no pod's
		if most < 1 || used*10 < most*9 {
			continue
		}
		f.Says = fmt.Sprintf("%d of the %d addresses of %s are in use by pods", used, most, p)
		f.Evidence = []check.Evidence{{Node: n.Name, Source: "ports of pods on the bridge, or routes to single pods (last look)", Text: fmt.Sprint(used)}}
		if used < most {
			f.Verdict = check.Warn
		}
		return []peering.Fault{f}
	}
	return nil
}

// podsOn counts the pods with an address of a range: ports of the bridge that
// has it, else routes to single addresses in it.
func podsOn(h *facts.HostLook, cidr netip.Prefix) int {
	bridge, ports, routes := "", 0, 0
	for _, i := range h.Interfaces {
		if i.Kind == "bridge" && slices.ContainsFunc(i.Addrs, func(p netip.Prefix) bool { return cidr.Contains(p.Addr()) }) {
			bridge = i.Name
		}
	}
	for _, i := range h.Interfaces {
		if bridge != "" && i.Master == bridge {
			ports++
		}
	}
	for _, r := range dataplane.Main(*h) {
		if r.Dst.IsValid() && r.Dst.IsSingleIP() && !r.Gateway.IsValid() && cidr.Contains(r.Dst.Addr()) {
			routes++
		}
	}
	return max(ports, routes)
}
