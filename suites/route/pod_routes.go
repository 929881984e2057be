package route

import (
	"fmt"
	"net/netip"

	"github.com/plumbline-net/plumbline/framework/check"
	"github.com/plumbline-net/plumbline/framework/cni"
	"github.com/plumbline-net/plumbline/framework/dataplane"
	"github.com/plumbline-net/plumbline/framework/facts"
	"github.com/plumbline-net/plumbline/suites/peering"
)

// podRoutes is the judgement where the CNI is not known to keep one route per
// node: a probe pod must not be reached by a route that throws packets away.
// That it is reached by the default route is no fault where the cloud's own
// network, or eBPF, knows the pods; so that is not judged.
func podRoutes(s *facts.Snapshot) check.Result {
	var faults []peering.Fault
	judged, aside := 0, 0
	for _, n := range s.Selected() {
		last, why := dataplane.Seen(s, n.Name)
		if why != "" {
			continue
		}
		routes := dataplane.RoutesOf(*last)
		for _, peer := range s.Nodes {
			for _, a := range peer.PodAgent.Addrs {
				if peer.Name == n.Name {
					continue
				}
				r, ok := routes.Route(a)
				if !ok || !r.Dst.IsValid() {
					aside++
					continue
				}
				judged++
				if r.Type != "unicast" {
					faults = append(faults, thrownAway(s, n.Name, peer.Name, a, r))
				}
			}
		}
	}
	findings := append(peering.Fold(faults), peering.Unseen(s)...)
	if judged == 0 && len(findings) == 0 {
		return check.Skipf("%s is not known to keep one route for each node's pod CIDR, and no probe pod has a route of its own on other nodes", pluginName(s))
	}
	held := fmt.Sprintf("%d of %d routes to probe pods lead on; %s is not known to keep one route for each node's pod CIDR", judged-len(faults), judged, pluginName(s))
	if aside > 0 {
		held += fmt.Sprintf("; %d probe pods lie behind a default route and were not judged", aside)
	}
	return check.Conclude(held, findings)
}

func pluginName(s *facts.Snapshot) string {
	if p := cni.Of(s); p.Known() {
		return p.Name()
	}
	return "the network plugin (not recognised)"
}

func thrownAway(s *facts.Snapshot, node, peer string, a netip.Addr, r facts.Route) peering.Fault {
	return peering.Fault{
		Node: node, Peer: peer, Kind: "type", Verdict: check.Fail,
		Says:     fmt.Sprintf("packets to the probe pod of %s (%s) are thrown away by the %s route %s", peer, a, r.Type, r.Dst),
		Evidence: []check.Evidence{{Node: node, Source: "route, main table (last look)", Text: dataplane.Text(r)}},
		Repair:   []check.Remedy{{Text: "Remove it", Node: node, Command: fmt.Sprintf("%s route del %s %s", dataplane.IP(r.Family), r.Type, r.Dst)}},
		Then: []check.Remedy{
			peering.KeptByCNI(s, node),
			{Purpose: check.Verify, Text: "Check the way to the pod: it must lead by a device, and be no blackhole, unreachable or prohibit", Node: node, Command: "ip route get " + a.String()},
		},
	}
}
