package overlay

import (
	"fmt"
	"net/netip"
	"slices"

	"github.com/plumbline-net/plumbline/framework/check"
	"github.com/plumbline-net/plumbline/framework/cni"
	"github.com/plumbline-net/plumbline/framework/dataplane"
	"github.com/plumbline-net/plumbline/framework/facts"
	"github.com/plumbline-net/plumbline/suites/peering"
	"github.com/plumbline-net/plumbline/suites/remedies"
)

// tally is what a check found of the entries that tunnels keep for their peers.
type tally struct {
	known
	net    *dataplane.Network
	hosts  map[facts.Family]map[string][]netip.Addr
	ends   map[string][]netip.Addr // of tunnels, by peer and device
	faults []peering.Fault
	// judged entries, and those aside: neither the peer's device nor what it published is known.
	judged, aside int
	stale         []string
}

// hostsOf are the addresses of a peer's host; each is asked for by every node.
func (t *tally) hostsOf(peer facts.Node, f facts.Family) []netip.Addr {
	if t.hosts == nil {
		t.hosts = map[facts.Family]map[string][]netip.Addr{facts.IPv4: {}, facts.IPv6: {}}
	}
	out, ok := t.hosts[f][peer.Name]
	if !ok {
		out = dataplane.Underlay(peer, f)
		t.hosts[f][peer.Name] = out
	}
	return out
}

// conclude gives the result: what names says is counted.
func (t *tally) conclude(s *facts.Snapshot, what string) check.Result {
	findings := append(peering.Fold(t.faults), peering.Unseen(s)...)
	if t.judged == 0 && len(findings) == 0 {
		return check.Unknownf("no entry could be judged: no node that was looked at has a tunnel, or nothing is known of the peers' MACs")
	}
	wrong := 0
	for _, f := range t.faults {
		if f.Peer != "" && f.Verdict == check.Fail {
			wrong++
		}
	}
	held := fmt.Sprintf("%d of %d %s are right", t.judged-wrong, t.judged, what)
	if t.aside > 0 {
		held += fmt.Sprintf("; %d not judged: the MAC of the peer's device is not known", t.aside)
	}
	return check.Conclude(held, findings)
}

// announced judges what the CNI tells of a node's tunnel devices: a node that
// starts its agent anew believes it.
func (t *tally) announced(s *facts.Snapshot, n facts.Node) {
	h, why := dataplane.Seen(s, n.Name)
	if why != "" {
		return
	}
	for _, tunnel := range t.net.Kept(*h, n) {
		d := t.deviceOf(n, tunnel)
		if d.own == "" || d.published == "" || d.own == d.published {
			continue
		}
		t.faults = append(t.faults, peering.Fault{
			Node: n.Name, Kind: "published" + n.Name, Verdict: check.Fail,
			Says: fmt.Sprintf("the network plugin published the MAC %s for the tunnel of this node, but %s has %s: others that start anew will send to the wrong one",
				d.published, tunnel.Name, d.own),
			Evidence: macEvidence(n.Name, d, tunnel),
			Repair: []check.Remedy{
				peering.RestartCNI(s, n.Name),
				{Purpose: check.Verify, Text: "Check what is published: its VtepMAC must be " + d.own, Command: publishedAt(s, n.Name)},
			},
		})
	}
}

// publishedAt shows what the network plugin published about a node.
func publishedAt(s *facts.Snapshot, node string) string {
	if show := cni.Of(s).Words.Published; show != nil {
		return show(node)
	}
	return "kubectl get node " + node + " -o jsonpath='{.metadata.annotations}'"
}

// leftovers turns entries for no node into one Warning.
func (t *tally) leftovers(node, dev, what string, del func(string) string) {
	if len(t.stale) == 0 {
		return
	}
	slices.Sort(t.stale)
	f := peering.Fault{
		Node: node, Kind: "stale" + what, Verdict: check.Warn,
		Says: fmt.Sprintf("%s keeps %s entries for no node of this cluster: %s", dev, what, peering.Names(t.stale)),
	}
	for _, e := range t.stale[:min(3, len(t.stale))] {
		f.Evidence = append(f.Evidence, check.Evidence{Node: node, Source: what + " on " + dev + " (last look)", Text: e})
		f.Repair = append(f.Repair, check.Remedy{Text: "Remove the leftover of a node that is gone", Node: node, Command: del(e)})
	}
	f.Repair = append(f.Repair, remedies.Again("overlay/fdb", "overlay/neighbor"))
	t.stale = nil
	t.faults = append(t.faults, f)
}
