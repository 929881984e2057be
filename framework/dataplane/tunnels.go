package dataplane

import (
	"net/netip"
	"slices"

	"github.com/plumbline-net/plumbline/framework/cni"
	"github.com/plumbline-net/plumbline/framework/facts"
)

// TunnelKind says whether interfaces of a kind encapsulate packets.
func TunnelKind(kind string) bool {
	return slices.Contains([]string{"vxlan", "geneve", "ipip", "tunl", "ip6tnl", "sit", "gre", "wireguard"}, kind)
}

// External says whether a VXLAN device gets its destination from a program or a
// route with each packet, so that it keeps no entries for peers. Older facts do
// not tell: such a device has neither a VNI nor a local address.
func External(i facts.Interface) bool {
	return i.Vxlan != nil && (i.Vxlan.External || i.Vxlan.VNI == 0 && !i.Vxlan.Local.IsValid())
}

// Tunnels are the VXLAN devices of the pod network on a host.
func Tunnels(s *facts.Snapshot, h facts.HostLook, n facts.Node) []facts.Interface {
	own, others := ownTunnels(cni.Of(s), h, n)
	if len(own) > 0 || len(others) == 0 {
		return own
	}
	return NetworkOf(s).Tunnels(h, n)
}

// Tunnels are the VXLAN devices of the pod network on a host: with the VNI that
// the plugin published, or named as it names its own; where there is none, those
// by which routes lead to other nodes' pods.
func (net *Network) Tunnels(h facts.HostLook, n facts.Node) []facts.Interface {
	own, others := ownTunnels(net.plugin, h, n)
	if len(own) > 0 {
		return own
	}
	return slices.DeleteFunc(others, func(i facts.Interface) bool {
		return !slices.ContainsFunc(Main(h), func(r facts.Route) bool {
			return r.Dev == i.Name && r.Type == "unicast" && r.Dst.IsValid() && r.Dst.Bits() > 0 && net.LeadsTo(r.Dst, n.Name) != ""
		})
	})
}

// ownTunnels are the plugin's VXLAN devices, and all others.
func ownTunnels(plugin cni.Plugin, h facts.HostLook, n facts.Node) (own, others []facts.Interface) {
	for _, i := range h.Interfaces {
		if i.Vxlan == nil {
			continue
		}
		d, named := plugin.Device(i.Name)
		published := n.Published != nil && n.Published.VNI != 0 && n.Published.VNI == i.Vxlan.VNI
		if published || named && d.Role == cni.Tunnel {
			own = append(own, i)
		} else {
			others = append(others, i)
		}
	}
	return own, others
}

// Kept are the tunnels of the pod network that have entries for each peer.
func (net *Network) Kept(h facts.HostLook, n facts.Node) []facts.Interface {
	return slices.DeleteFunc(slices.Clone(net.Tunnels(h, n)), External)
}

// TunnelFor is the tunnel that carries pods of one family: the one with an
// address of that family inside, else one whose outer packets have it, else one
// that takes its destinations from a program.
func TunnelFor(s *facts.Snapshot, h facts.HostLook, n facts.Node, f facts.Family) (facts.Interface, bool) {
	return carrying(Tunnels(s, h, n), f)
}

// TunnelFor is the tunnel that carries pods of one family.
func (net *Network) TunnelFor(h facts.HostLook, n facts.Node, f facts.Family) (facts.Interface, bool) {
	return carrying(net.Tunnels(h, n), f)
}

func carrying(tunnels []facts.Interface, f facts.Family) (facts.Interface, bool) {
	for _, t := range tunnels {
		for _, p := range t.Addrs {
			if Of(p.Addr()) == f && !p.Addr().IsLinkLocalUnicast() {
				return t, true
			}
		}
	}
	for _, t := range tunnels {
		if t.Vxlan.Local.IsValid() && Of(t.Vxlan.Local) == f || External(t) {
			return t, true
		}
	}
	return facts.Interface{}, false
}

// Vteps are the addresses of a node's tunnel device inside the tunnel, in one
// family: as the device has them, else as the plugin published them, else, where
// nodes have ranges of their own and the device takes the first address, that.
func (net *Network) Vteps(n facts.Node, dev string, f facts.Family) []netip.Addr {
	var out []netip.Addr
	add := func(a netip.Addr) {
		if a.IsValid() && Of(a) == f && !a.IsLinkLocalUnicast() && !slices.Contains(out, a) {
			out = append(out, a)
		}
	}
	if net.model == cni.NodeTunnel {
		for _, p := range n.PodCIDRs {
			add(p.Masked().Addr())
		}
		return out
	}
	if h, why := Seen(net.s, n.Name); why == "" {
		if i, ok := h.Interface(dev); ok {
			for _, p := range i.Addrs {
				add(p.Addr())
			}
		}
	}
	if n.Published != nil && len(out) == 0 {
		for _, a := range n.Published.Tunnels {
			add(a)
		}
	}
	return out
}
