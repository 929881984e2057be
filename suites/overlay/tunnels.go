package overlay

import (
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

// carriers are the tunnels of the pod network on a host that have a local address.
func carriers(s *facts.Snapshot, h *facts.HostLook, n facts.Node) []facts.Interface {
	out := dataplane.Tunnels(s, *h, n)
	for _, i := range h.Interfaces {
		_, d, known := cni.ByDevice(i.Name)
		known = known && d.Role == cni.Tunnel && (i.Vxlan != nil || i.Local.IsValid())
		if known && !slices.ContainsFunc(out, func(o facts.Interface) bool { return o.Name == i.Name }) {
			out = append(out, i)
		}
	}
	return out
}

// localOf is the address a tunnel sends from; invalid where the kernel chooses.
func localOf(i facts.Interface) netip.Addr {
	if i.Vxlan != nil {
		return i.Vxlan.Local
	}
	return i.Local
}

// applies says with a Skip why checks of a tunnel's entries for each peer do not
// concern a cluster: no tunnel, one that takes its destinations from programs, or one node.
func applies(s *facts.Snapshot, net *dataplane.Network) (check.Result, bool) {
	if r, ok := peering.NoHosts(s); !ok {
		return r, false
	}
	if why := noTunnel(s, net); why != "" {
		return check.Skipf("%s", why), false
	}
	if why := noEntries(s, net); why != "" {
		return check.Skipf("%s", why), false
	}
	if len(s.Nodes) == 1 {
		return check.Skipf("the cluster has one node, so no tunnel leads anywhere"), false
	}
	return check.Result{}, true
}

// noEntries says why the kernel keeps no entries for the peers of tunnels; empty
// where it does, or should.
func noEntries(s *facts.Snapshot, net *dataplane.Network) string {
	kept, learning, external := false, "", ""
	for _, n := range s.Nodes {
		h, why := dataplane.Seen(s, n.Name)
		if why != "" {
			continue
		}
		for _, t := range net.Tunnels(*h, n) {
			switch {
			case dataplane.External(t):
				external = t.Name
			case net.Plugin().Known() || slices.ContainsFunc(h.FDB, func(e facts.FDBEntry) bool {
				return e.Dev == t.Name && e.Dst.IsValid() && e.State == "permanent" && strings.Trim(e.MAC, "0:") != ""
			}):
				kept = true
			default:
				learning = t.Name
			}
		}
	}
	switch {
	case kept:
		return ""
	case external != "":
		return fmt.Sprintf("%s takes the destination of each packet from a program (external), so the kernel keeps no entries for peers", external)
	case learning != "":
		return fmt.Sprintf("%s has no permanent entries on any node: it learns them, or is filled by a program that is not known", learning)
	}
	return ""
}

func pluginName(s *facts.Snapshot) string {
	if p := cni.Of(s); p.Known() {
		return p.Name()
	}
	return "the network plugin (not recognised)"
}

// noTunnel says why this cluster has no VXLAN; empty where it has one, or should.
func noTunnel(s *facts.Snapshot, net *dataplane.Network) string {
	looked := false
	for _, n := range s.Nodes {
		if dataplane.Backend(n) == "vxlan" {
			return ""
		}
		for _, look := range []facts.Look{facts.First, facts.Last} {
			if h := s.Host(n.Name, look); h != nil && h.NotRun == "" {
				looked = true
				if len(net.Tunnels(*h, n)) > 0 {
					return ""
				}
			}
		}
	}
	if !looked && net.Plugin().TunnelPort() != 0 && backend(s) == "" {
		return "" // nothing was seen of it, which is no reason to say that it is not there
	}
	if b := backend(s); b != "" {
		return fmt.Sprintf("the network plugin works without VXLAN (%s)", b)
	}
	return "no node has a VXLAN tunnel for pods"
}

func backend(s *facts.Snapshot) string {
	for _, n := range s.Nodes {
		if b := dataplane.Backend(n); b != "" {
			return b
		}
	}
	return ""
}

// device is what is known of the MAC of a node's tunnel device.
type device struct {
	own, published string
}

// mac is the MAC that others must have: the device's own, else what was published.
func (d device) mac() string {
	if d.own != "" {
		return d.own
	}
	return d.published
}

// known are the MACs of the tunnel devices that were seen, by node and name.
type known map[string]map[string]string

func devices(s *facts.Snapshot, net *dataplane.Network) known {
	nodes := map[string]facts.Node{}
	for _, n := range s.Nodes {
		nodes[n.Name] = n
	}
	out := known{}
	for _, h := range s.Hosts {
		if h.Look != facts.Last || h.NotRun != "" {
			continue
		}
		out[h.Node] = map[string]string{}
		for _, t := range net.Tunnels(h, nodes[h.Node]) {
			out[h.Node][t.Name] = strings.ToLower(t.MAC)
		}
	}
	return out
}

// deviceOf looks for a peer's end of a tunnel, by the name it has on this node.
func (k known) deviceOf(peer facts.Node, tunnel facts.Interface) device {
	d := device{own: k[peer.Name][tunnel.Name]}
	if peer.Published != nil {
		d.published = strings.ToLower(peer.Published.MAC)
		if outer(tunnel) == facts.IPv6 && peer.Published.MAC6 != "" {
			d.published = strings.ToLower(peer.Published.MAC6)
		}
	}
	return d
}

// outer is the family of a tunnel's outer packets.
func outer(tunnel facts.Interface) facts.Family {
	if local := localOf(tunnel); local.IsValid() {
		return dataplane.Of(local)
	}
	if strings.Contains(tunnel.Name, "v6") {
		return facts.IPv6
	}
	return facts.IPv4
}

// peersOf are the nodes that a node reaches by a tunnel: those with pods on the pod
// network, and not by a route past the tunnel.
func peersOf(s *facts.Snapshot, net *dataplane.Network, n facts.Node, h *facts.HostLook) []facts.Node {
	way := map[netip.Prefix]facts.Route{}
	for _, r := range dataplane.Main(*h) {
		way[r.Dst] = r
	}
	var out []facts.Node
	for _, peer := range s.Nodes {
		pods := slices.Concat(net.Pods(peer.Name, facts.IPv4), net.Pods(peer.Name, facts.IPv6))
		direct := false
		for _, p := range pods {
			r, ok := way[p.Masked()]
			direct = direct || ok && r.Gateway.IsValid() && r.Gateway != p.Masked().Addr() && slices.Contains(dataplane.Underlay(peer, dataplane.Of(r.Gateway)), r.Gateway)
		}
		if peer.Name == n.Name || len(pods) == 0 || direct || peer.Published == nil && peer.Excluded != "" {
			continue
		}
		out = append(out, peer)
	}
	return out
}
