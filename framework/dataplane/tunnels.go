package dataplane

import (
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

// Tunnels are the VXLAN devices of the pod network on a host: with the VNI that
// the plugin published, or named as it names its own; where there is none, those
// by which routes lead to other nodes' pods.
func Tunnels(s *facts.Snapshot, h facts.HostLook, n facts.Node) []facts.Interface {
	plugin := cni.Of(s)
	var out, others []facts.Interface
	for _, i := range h.Interfaces {
		if i.Vxlan == nil {
			continue
		}
		d, named := plugin.Device(i.Name)
		published := n.Published != nil && n.Published.VNI != 0 && n.Published.VNI == i.Vxlan.VNI
		if published || named && d.Role == cni.Tunnel {
			out = append(out, i)
		} else {
			others = append(others, i)
		}
	}
	if len(out) > 0 || len(others) == 0 {
		return out
	}
	net := NetworkOf(s)
	for _, i := range others {
		if slices.ContainsFunc(Main(h), func(r facts.Route) bool {
			return r.Dev == i.Name && r.Type == "unicast" && r.Dst.IsValid() && r.Dst.Bits() > 0 && net.leadsToPeer(n, r)
		}) {
			out = append(out, i)
		}
	}
	return out
}

// Kept are the tunnels of the pod network that have entries for each peer.
func Kept(s *facts.Snapshot, h facts.HostLook, n facts.Node) []facts.Interface {
	return slices.DeleteFunc(Tunnels(s, h, n), External)
}

// TunnelFor is the tunnel that carries pods of one family: the one with an
// address of that family inside, else one whose outer packets have it, else one
// that takes its destinations from a program.
func TunnelFor(s *facts.Snapshot, h facts.HostLook, n facts.Node, f facts.Family) (facts.Interface, bool) {
	tunnels := Tunnels(s, h, n)
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
