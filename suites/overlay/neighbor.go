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

//go:embed neighbor.md
var neighborDoc string

// Neighbor promises that every node knows the MAC of every other node's tunnel.
func Neighbor() check.Check {
	return check.Check{
		ID:       "overlay/neighbor",
		Promise:  "Every tunnel has a permanent neighbour entry for each peer, with the MAC of the peer's tunnel device, as the network plugin published it.",
		Level:    check.Core,
		Needs:    []check.Need{check.NeedHosts},
		Looks:    []facts.Look{facts.Last},
		Doc:      neighborDoc,
		Evaluate: neighbor,
	}
}

func neighbor(s *facts.Snapshot) check.Result {
	net := dataplane.NetworkOf(s)
	if r, ok := applies(s, net); !ok {
		return r
	}
	t := tally{known: devices(s, net), net: net}
	for _, n := range s.Selected() {
		t.announced(s, n)
	}
	for _, n := range s.Selected() {
		last, why := dataplane.Seen(s, n.Name)
		if why != "" {
			continue
		}
		for _, tunnel := range net.Kept(*last, n) {
			t.neighbors(s, n, last, tunnel)
		}
	}
	return t.conclude(s, "neighbour entries of tunnels")
}

// neighbors judges the entries of one tunnel.
func (t *tally) neighbors(s *facts.Snapshot, n facts.Node, h *facts.HostLook, tunnel facts.Interface) {
	entries := map[netip.Addr]facts.Neighbor{}
	for _, e := range h.Neighbors {
		if e.Dev == tunnel.Name {
			entries[e.Addr] = e
		}
	}
	for _, peer := range peersOf(s, t.net, n, h) {
		d := t.deviceOf(peer, tunnel)
		want := d.mac()
		for _, vtep := range t.vteps(peer, tunnel) {
			entry, ok := entries[vtep]
			delete(entries, vtep)
			if want == "" {
				t.aside++
				continue
			}
			t.judged++
			if f, bad := wrongNeighbor(s, n, peer, tunnel, vtep, d, entry, ok); bad {
				t.faults = append(t.faults, f)
			}
		}
	}
	for _, e := range entries {
		if e.State == "permanent" && slices.ContainsFunc(t.net.Ranges(dataplane.Of(e.Addr)), func(p netip.Prefix) bool { return p.Contains(e.Addr) }) && !t.ofNode(s, tunnel, e.Addr) {
			t.stale = append(t.stale, fmt.Sprintf("%s (%s)", e.Addr, e.MAC))
		}
	}
	t.leftovers(n.Name, tunnel.Name, "neighbour", func(what string) string {
		a, _, _ := strings.Cut(what, " ")
		return fmt.Sprintf("ip neigh del %s dev %s", a, tunnel.Name)
	})
}

// vteps are the addresses of a peer's end of a tunnel, in the families that it carries.
func (t *tally) vteps(peer facts.Node, tunnel facts.Interface) []netip.Addr {
	key := peer.Name + " " + tunnel.Name
	out, known := t.ends[key]
	if known {
		return out
	}
	for _, f := range []facts.Family{facts.IPv4, facts.IPv6} {
		if carries(tunnel, f) {
			out = append(out, t.net.Vteps(peer, tunnel.Name, f)...)
		}
	}
	if t.ends == nil {
		t.ends = map[string][]netip.Addr{}
	}
	t.ends[key] = out
	return out
}

// ofNode: the address is that of a node's tunnel, or lies in the block of one whose
// tunnel was not seen.
func (t *tally) ofNode(s *facts.Snapshot, tunnel facts.Interface, a netip.Addr) bool {
	if node := s.Node(t.net.NodeOf(a)); node != nil && len(t.net.Vteps(*node, tunnel.Name, dataplane.Of(a))) == 0 {
		return true
	}
	return slices.ContainsFunc(s.Nodes, func(n facts.Node) bool {
		return slices.Contains(t.net.Vteps(n, tunnel.Name, dataplane.Of(a)), a)
	})
}

// carries says whether a tunnel has pods of a family inside: it has an address of it.
func carries(tunnel facts.Interface, f facts.Family) bool {
	return slices.ContainsFunc(tunnel.Addrs, func(p netip.Prefix) bool {
		return dataplane.Of(p.Addr()) == f && !p.Addr().IsLinkLocalUnicast()
	})
}

func wrongNeighbor(s *facts.Snapshot, n, peer facts.Node, tunnel facts.Interface, vtep netip.Addr, d device, e facts.Neighbor, there bool) (peering.Fault, bool) {
	want := d.mac()
	if there && strings.EqualFold(e.MAC, want) && (e.State == "permanent" || e.State == "noarp") {
		return peering.Fault{}, false
	}
	f := peering.Fault{Node: n.Name, Peer: peer.Name, Verdict: check.Fail}
	if there {
		f.Evidence = []check.Evidence{{Node: n.Name, Source: "neighbour on " + tunnel.Name + " (last look)", Text: fmt.Sprintf("%s lladdr %s %s", vtep, e.MAC, e.State)}}
	}
	switch {
	case !there:
		f.Kind = "missing"
		f.Says = fmt.Sprintf("%s has no neighbour entry for %s, the tunnel of %s: packets to its pods find no MAC", tunnel.Name, vtep, peer.Name)
	case !strings.EqualFold(e.MAC, want):
		f.Kind = "wrong"
		f.Says = fmt.Sprintf("%s has the MAC %s for %s, but the tunnel device of %s has %s: it throws such packets away", tunnel.Name, e.MAC, vtep, peer.Name, want)
		f.Evidence = append(f.Evidence, macEvidence(peer.Name, d, tunnel)...)
	default:
		f.Kind, f.Verdict = "state", check.Warn
		f.Says = fmt.Sprintf("the neighbour entry for %s on %s is %s, not permanent: the kernel may drop it, and nobody answers ARP in the tunnel", vtep, tunnel.Name, e.State)
	}
	f.Repair = []check.Remedy{{
		Text: "Set the entry as " + cni.Of(s).Name() + " would", Node: n.Name,
		Command: fmt.Sprintf("ip neigh replace %s lladdr %s dev %s nud permanent", vtep, want, tunnel.Name),
	}}
	teller := n.Name
	if d.own != "" && d.published != d.own && strings.EqualFold(e.MAC, d.published) {
		teller = peer.Name // this node believed what the peer's agent published
	}
	f.Then = []check.Remedy{
		peering.KeptByCNI(s, teller),
		{Purpose: check.Verify, Text: fmt.Sprintf("Check the entry: it must say lladdr %s PERMANENT", want), Node: n.Name, Command: fmt.Sprintf("ip neigh show %s dev %s", vtep, tunnel.Name)},
	}
	return f, true
}

func macEvidence(peer string, d device, tunnel facts.Interface) []check.Evidence {
	var out []check.Evidence
	if d.own != "" {
		out = append(out, check.Evidence{Node: peer, Source: "MAC of " + tunnel.Name + " (last look)", Text: d.own})
	}
	if d.published != "" {
		out = append(out, check.Evidence{Node: peer, Source: "MAC that the network plugin published", Text: d.published})
	}
	return out
}
