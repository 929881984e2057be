package overlay

import (
	_ "embed" // the explanation page
	"fmt"
	"net/netip"
	"slices"

	"github.com/plumbline-net/plumbline/framework/check"
	"github.com/plumbline-net/plumbline/framework/dataplane"
	"github.com/plumbline-net/plumbline/framework/facts"
	"github.com/plumbline-net/plumbline/framework/figures"
	"github.com/plumbline-net/plumbline/suites/peering"
)

//go:embed leftover.md
var leftoverDoc string

// Leftover promises that no other network sits on the cluster's addresses.
func Leftover() check.Check {
	return check.Check{
		ID:       "overlay/leftover",
		Promise:  "No interface of another network plugin holds an address inside the cluster CIDR.",
		Level:    check.Core,
		Needs:    []check.Need{check.NeedHosts},
		Looks:    []facts.Look{facts.Last},
		Doc:      leftoverDoc,
		Evaluate: leftover,
	}
}

func leftover(s *facts.Snapshot) check.Result {
	if r, ok := peering.NoHosts(s); !ok {
		return r
	}
	net := dataplane.NetworkOf(s)
	ranges := slices.Concat(net.Ranges(facts.IPv4), net.Ranges(facts.IPv6))
	if len(ranges) == 0 {
		return check.Skipf("neither a cluster CIDR nor a pod CIDR of any node is known, so no address can be said to lie inside it")
	}
	owners := ownersOf(s, net)
	var faults []peering.Fault
	seen := 0
	for _, n := range s.Selected() {
		last, why := dataplane.Seen(s, n.Name)
		if why != "" {
			continue
		}
		for _, i := range last.Interfaces { // those that are down, too: their addresses hold routes
			for _, p := range i.Addrs {
				if !within(p.Addr(), ranges) || slices.Contains(n.Internal, p.Addr()) {
					continue
				}
				seen++
				if f, bad := intruder(s, net, n, last, i, p, owners); bad {
					faults = append(faults, f)
				}
			}
		}
	}
	findings := append(peering.Fold(faults), peering.Unseen(s)...)
	return check.Conclude(fmt.Sprintf("%s of interfaces inside the cluster CIDR, %d of them out of place", addresses(seen), len(faults)), findings)
}

func addresses(n int) string {
	if n == 1 {
		return "1 address"
	}
	return figures.Grouped(n) + " addresses"
}

func within(a netip.Addr, ranges []netip.Prefix) bool {
	return slices.ContainsFunc(ranges, func(p netip.Prefix) bool { return p.Contains(a) })
}

// ownersOf are the nodes by pod CIDR, where pods keep to them.
func ownersOf(s *facts.Snapshot, net *dataplane.Network) map[netip.Prefix]string {
	out := map[netip.Prefix]string{}
	for _, n := range s.Nodes {
		for _, f := range []facts.Family{facts.IPv4, facts.IPv6} {
			if net.ByNode(f) {
				for _, p := range n.PodCIDRs {
					if dataplane.Of(p.Addr()) == f {
						out[p.Masked()] = n.Name
					}
				}
			}
		}
	}
	return out
}

func ownerOf(a netip.Addr, owners map[netip.Prefix]string) (string, netip.Prefix) {
	for bits := a.BitLen(); bits >= 0; bits-- {
		p, err := a.Prefix(bits)
		if err != nil {
			break
		}
		if name, ok := owners[p]; ok {
			return name, p
		}
	}
	return "", netip.Prefix{}
}

// intruder judges one address inside the cluster CIDR. Whose range it lies in
// counts only where the CNI keeps to the nodes' pod CIDRs.
func intruder(s *facts.Snapshot, net *dataplane.Network, n facts.Node, h *facts.HostLook, i facts.Interface, p netip.Prefix, owners map[netip.Prefix]string) (peering.Fault, bool) {
	plugin := pluginOf(i.Name)
	foreign := plugin != "" && !belongs(plugin, net.Plugin())
	node, cidr := ownerOf(p.Addr(), owners)
	elsewhere := net.PerNode() && node != "" && node != n.Name
	state := "up"
	if !i.Up {
		state = "down"
	}
	what := fmt.Sprintf("%s (%s) holds %s", i.Name, state, p)
	if foreign {
		what = fmt.Sprintf("%s, an interface of %s (%s), holds %s", i.Name, plugin, state, p)
	}
	f := peering.Fault{
		Node: n.Name, Kind: i.Name + p.String(), Verdict: check.Fail,
		Evidence: []check.Evidence{{Node: n.Name, Source: "interfaces (last look)", Text: fmt.Sprintf("%s %s %s %s", i.Name, i.Kind, state, p)}},
	}
	switch {
	case elsewhere:
		f.Says = fmt.Sprintf("%s, which belongs to the pods of %s (%s): the route there cannot be set, or leads astray", what, node, cidr)
	case foreign && node == n.Name:
		f.Says = what + ", inside this node's own pod CIDR"
	case foreign:
		f.Says = what + ", inside the cluster CIDR"
	case net.PerNode() && node == "":
		f.Verdict = check.Warn
		f.Says = what + ", inside the cluster CIDR and in no node's pod CIDR"
	default:
		return f, false
	}
	f.Repair = clearing(s, n, h, i, p, owners)
	return f, true
}
