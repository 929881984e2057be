package overlay

import (
	_ "embed" // the explanation page
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/plumbline-net/plumbline/framework/check"
	"github.com/plumbline-net/plumbline/framework/cni"
	"github.com/plumbline-net/plumbline/framework/dataplane"
	"github.com/plumbline-net/plumbline/framework/facts"
	"github.com/plumbline-net/plumbline/suites/peering"
)

//go:embed fdb.md
var fdbDoc string

// FDB promises that every tunnel knows behind which host each peer's MAC is.
func FDB() check.Check {
	return check.Check{
		ID:       "overlay/fdb",
		Promise:  "Every tunnel has a forwarding entry for each peer's MAC towards that peer's address.",
		Level:    check.Core,
		Needs:    []check.Need{check.NeedHosts},
		Looks:    []facts.Look{facts.Last},
		Doc:      fdbDoc,
		Evaluate: fdb,
	}
}

func fdb(s *facts.Snapshot) check.Result {
	net := dataplane.NetworkOf(s)
	if r, ok := applies(s, net); !ok {
		return r
	}
	t := tally{known: devices(s, net), net: net}
	for _, n := range s.Selected() {
		last, why := dataplane.Seen(s, n.Name)
		if why != "" {
			continue
		}
		for _, tunnel := range net.Kept(*last, n) {
			t.forwarding(s, n, last, tunnel)
		}
	}
	return t.conclude(s, "forwarding entries of tunnels")
}

// forwarding judges the entries of one tunnel.
func (t *tally) forwarding(s *facts.Snapshot, n facts.Node, h *facts.HostLook, tunnel facts.Interface) {
	entries := make(map[string][]netip.Addr, len(h.FDB))
	family := outer(tunnel)
	for _, e := range h.FDB {
		if e.Dev == tunnel.Name && e.Dst.IsValid() {
			mac := strings.ToLower(e.MAC)
			entries[mac] = append(entries[mac], e.Dst)
		}
	}
	for _, peer := range peersOf(s, t.net, n, h) {
		hosts := t.hostsOf(peer, family)
		d := t.deviceOf(peer, tunnel)
		want := d.mac()
		if want == "" || len(hosts) == 0 {
			t.aside++
			continue
		}
		t.judged++
		if f, bad := wrongForwarding(s, n, peer, tunnel, d, hosts, entries[want]); bad {
			t.faults = append(t.faults, f)
		}
		delete(entries, want)
		delete(entries, d.published)
	}
	for mac, dsts := range entries {
		if mac != "00:00:00:00:00:00" && !t.ofAnybody(s, mac) && !t.ofUnseen(s, dsts[0]) { // all zeros is the default destination (bridge-fdb(8))
			t.stale = append(t.stale, fmt.Sprintf("%s dst %s", mac, dsts[0]))
		}
	}
	t.leftovers(n.Name, tunnel.Name, "forwarding", func(what string) string {
		mac, _, _ := strings.Cut(what, " ")
		return fmt.Sprintf("bridge fdb del %s dev %s", mac, tunnel.Name)
	})
}

// ofAnybody: an entry for a peer that is reached past the tunnel hurts nobody.
func (t *tally) ofAnybody(s *facts.Snapshot, mac string) bool {
	return slices.ContainsFunc(s.Nodes, func(n facts.Node) bool {
		for _, own := range t.known[n.Name] {
			if own == mac {
				return true
			}
		}
		return n.Published != nil && (strings.EqualFold(n.Published.MAC, mac) || strings.EqualFold(n.Published.MAC6, mac))
	})
}

// ofUnseen: the entry leads to a node of the cluster whose tunnel's MAC is not known.
func (t *tally) ofUnseen(s *facts.Snapshot, to netip.Addr) bool {
	return slices.ContainsFunc(s.Nodes, func(n facts.Node) bool {
		published := n.Published != nil && (n.Published.MAC != "" || n.Published.MAC6 != "")
		return len(t.known[n.Name]) == 0 && !published && slices.Contains(n.Internal, to)
	})
}

func wrongForwarding(s *facts.Snapshot, n, peer facts.Node, tunnel facts.Interface, d device, hosts, found []netip.Addr) (peering.Fault, bool) {
	mac := d.mac()
	f := peering.Fault{Node: n.Name, Peer: peer.Name, Verdict: check.Fail}
	for _, dst := range found {
		f.Evidence = append(f.Evidence, check.Evidence{Node: n.Name, Source: "forwarding database of " + tunnel.Name + " (last look)", Text: fmt.Sprintf("%s dst %s", mac, dst)})
	}
	wrong := slices.IndexFunc(found, func(a netip.Addr) bool { return !slices.Contains(hosts, a) && !slices.Contains(peer.Internal, a) })
	switch {
	case len(found) == 0:
		f.Kind = "missing"
		f.Says = fmt.Sprintf("%s has no forwarding entry for %s, the tunnel of %s: packets to its pods are not sent", tunnel.Name, mac, peer.Name)
	case wrong >= 0:
		f.Kind = "wrong"
		f.Says = fmt.Sprintf("%s sends what is for %s, the tunnel of %s, to %s instead of %s", tunnel.Name, mac, peer.Name, found[wrong], hosts[0])
		for _, other := range s.Nodes {
			if slices.Contains(other.Internal, found[wrong]) {
				f.Says += fmt.Sprintf(" (that is %s)", other.Name)
			}
		}
		f.Evidence = append(f.Evidence, check.Evidence{Node: peer.Name, Source: "address at which the others reach it", Text: hosts[0].String()})
	default:
		return f, false
	}
	f.Repair = []check.Remedy{{
		Text: "Set the entry as " + cni.Of(s).Name() + " would", Node: n.Name,
		Command: fmt.Sprintf("bridge fdb replace %s dev %s dst %s self permanent", mac, tunnel.Name, hosts[0]),
	}}
	teller := n.Name
	if d.own != "" && d.published != "" && d.published != d.own {
		teller = peer.Name // this node believed what the peer's agent published (overlay/neighbor)
	}
	f.Then = []check.Remedy{
		peering.KeptByCNI(s, teller),
		{Purpose: check.Verify, Text: fmt.Sprintf("Check the entry: one line, with dst %s", hosts[0]), Node: n.Name, Command: fmt.Sprintf("bridge fdb show dev %s | grep -i %s", tunnel.Name, mac)},
	}
	return f, true
}
