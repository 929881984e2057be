package overlay

import (
	_ "embed" // the explanation page
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/plumbline-net/plumbline/framework/check"
	"github.com/plumbline-net/plumbline/framework/dataplane"
	"github.com/plumbline-net/plumbline/framework/facts"
	"github.com/plumbline-net/plumbline/suites/peering"
)

//go:embed pod_mac.md
var podMACDoc string

// PodMAC promises that a node addresses its pods' frames to their own MAC.
func PodMAC() check.Check {
	return check.Check{
		ID:       "overlay/pod-mac",
		Promise:  "On each node the neighbour entry of a pod's address carries the MAC which the pod itself reports.",
		Level:    check.Core,
		Needs:    []check.Need{check.NeedHosts, check.NeedPods},
		Looks:    []facts.Look{facts.Last},
		Doc:      podMACDoc,
		Evaluate: podMAC,
	}
}

func podMAC(s *facts.Snapshot) check.Result {
	if r, ok := peering.NoHosts(s); !ok {
		return r
	}
	var faults []peering.Fault
	compared, aside, routed := 0, 0, 0
	for _, n := range s.Selected() {
		last, why := dataplane.Seen(s, n.Name)
		if why != "" {
			continue
		}
		for _, a := range append([]facts.RuntimeAgent{{Agent: n.PodAgent}}, n.RuntimeAgents...) {
			for _, addr := range a.Agent.Addrs {
				e, ok := entryOf(last, addr)
				if !ok || a.Agent.MAC == "" {
					aside++
					if a.Agent.MAC != "" && withoutEntry(last, addr) {
						routed++
					}
					continue
				}
				compared++
				if !strings.EqualFold(e.MAC, a.Agent.MAC) {
					faults = append(faults, otherMAC(n.Name, a, addr, e))
				}
			}
		}
	}
	findings := append(peering.Fold(faults), peering.Unseen(s)...)
	if compared == 0 && len(findings) == 0 && routed > 0 && routed == aside {
		return check.Skipf("no host has a neighbour entry for its probe pod: pods are on routed links, where eBPF or a point-to-point link gives frames their MAC")
	}
	if compared == 0 && len(findings) == 0 {
		return check.Unknownf("no node has a neighbour entry for a probe pod whose MAC is known, so nothing could be compared")
	}
	held := fmt.Sprintf("%d of %d neighbour entries of probe pods carry the pod's own MAC", compared-len(faults), compared)
	if aside > 0 {
		held += fmt.Sprintf("; %d not judged: the node has no neighbour entry, or the pod told no MAC", aside)
	}
	return check.Conclude(held, findings)
}

// entryOf is a node's neighbour entry for a pod, where it has one with a MAC;
// one that failed or is being asked for says nothing of it.
func entryOf(h *facts.HostLook, a netip.Addr) (facts.Neighbor, bool) {
	i := slices.IndexFunc(h.Neighbors, func(e facts.Neighbor) bool {
		return e.Addr == a && e.MAC != "" && e.State != "failed" && e.State != "incomplete" && e.State != "none" && !slices.Contains(e.Flags, "proxy")
	})
	if i < 0 {
		return facts.Neighbor{}, false
	}
	return h.Neighbors[i], true
}

// withoutEntry: the host leads to the pod by a link of its own, not by a bridge, and
// has no entry of any state for it. On a bridge there has to be one.
func withoutEntry(h *facts.HostLook, a netip.Addr) bool {
	port, known := h.Interface(dataplane.RoutesOf(*h).Towards(netip.PrefixFrom(a, a.BitLen())))
	return known && port.Kind != "bridge" && !slices.ContainsFunc(h.Neighbors, func(e facts.Neighbor) bool { return e.Addr == a })
}

func otherMAC(node string, a facts.RuntimeAgent, addr netip.Addr, e facts.Neighbor) peering.Fault {
	pod := "the probe pod"
	remedy := []check.Remedy{
		{Text: "Remove the entry: the node asks anew, and the pod answers with its own", Node: node, Command: fmt.Sprintf("ip neigh del %s dev %s; ping -c 1 -W 1 %s", addr, e.Dev, addr)},
		{Purpose: check.Find, Text: "If the wrong MAC comes back, look for who else answers", Node: node, Command: fmt.Sprintf("arping -c 3 -I %s %s", e.Dev, addr)},
	}
	if a.Class != "" {
		pod = "the probe pod of RuntimeClass " + a.Class
		remedy = append(remedy, check.Remedy{
			Purpose: check.Last, Text: "Where the pod is a virtual machine behind a tunnel, its device there must have the MAC of the pod's interface in this node's network",
			Node: node, Command: fmt.Sprintf("ip neigh show %s; # in the pod's machine: ip link set vxlan0 address %s", addr, e.MAC),
		})
	}
	return peering.Fault{
		Node: node, Kind: "mac" + a.Class + node, Verdict: check.Fail,
		Says: fmt.Sprintf("the node sends frames for %s (%s) to %s (%s on %s), but the pod's own MAC is %s: it throws them away", pod, addr, e.MAC, e.State, e.Dev, strings.ToLower(a.Agent.MAC)),
		Evidence: []check.Evidence{
			{Node: node, Source: "neighbour on " + e.Dev + " (last look)", Text: fmt.Sprintf("%s lladdr %s %s", addr, e.MAC, e.State)},
			{Node: node, Source: "interface of " + a.Agent.Pod + ", as the pod sees it", Text: strings.ToLower(a.Agent.MAC)},
		},
		Repair: remedy,
		Then:   []check.Remedy{{Purpose: check.Verify, Text: "Check the entry: its lladdr must be " + strings.ToLower(a.Agent.MAC), Node: node, Command: "ip neigh show " + addr.String()}},
	}
}
