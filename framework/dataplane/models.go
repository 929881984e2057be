package dataplane

import (
	"net/netip"
	"slices"

	"github.com/plumbline-net/plumbline/framework/cni"
	"github.com/plumbline-net/plumbline/framework/facts"
)

// modelOf is the way of routing that most nodes show, confirmed by the plugin.
func (n *Network) modelOf() cni.Model {
	votes := map[cni.Model]int{}
	read := 0
	for _, node := range n.s.Nodes {
		h, why := Seen(n.s, node.Name)
		if why != "" || read == most {
			continue
		}
		read++
		if m := n.shows(node, h); m != cni.Unknown {
			votes[m]++
		}
	}
	best := cni.Unknown
	for _, m := range []cni.Model{cni.Blocks, cni.NodeTunnel, cni.NodeDirect, cni.EBPF, cni.OVS, cni.VPC} {
		if votes[m] > votes[best] {
			best = m
		}
	}
	switch {
	case !n.plugin.Known():
		return best
	case best != cni.Unknown && n.plugin.Can(best):
		return best
	default:
		return n.configured()
	}
}

// configured is what the plugin is known to do, where the routes do not tell: as
// its nodes' back end says, else its usual way.
func (n *Network) configured() cni.Model {
	for _, node := range n.s.Nodes {
		switch b := Backend(node); {
		case b == "host-gw" && n.plugin.Can(cni.NodeDirect):
			return cni.NodeDirect
		case b != "" && n.plugin.Can(cni.NodeTunnel):
			return cni.NodeTunnel
		}
	}
	return n.plugin.Usual()
}

// shows is the way of routing that one node's routes to other nodes' pods show.
func (n *Network) shows(node facts.Node, h *facts.HostLook) cni.Model {
	var tunnel, direct, program, flows, own int
	hosts := n.hostsBut(node)
	for _, r := range Main(*h) {
		if !r.Dst.IsValid() || r.Dst.Bits() == 0 {
			continue
		}
		if Rejects(r) {
			if n.OwnBlock(node.Name, r) {
				own++
			}
			continue
		}
		if r.Type != "unicast" || n.LeadsTo(r.Dst, node.Name) == "" {
			continue
		}
		i, known := h.Interface(r.Dev)
		switch {
		case known && TunnelKind(i.Kind):
			tunnel++
		case slices.Contains(hosts, r.Gateway):
			direct++
		case known && i.Kind == "openvswitch":
			flows++
		case known && r.Gateway.IsValid() && hasAddr(i, r.Gateway): // by an own address: a program behind the device decides
			program++
		}
	}
	switch {
	case program > 0:
		return cni.EBPF
	case flows > 0:
		return cni.OVS
	case own > 0:
		return cni.Blocks
	case tunnel > 0 && tunnel >= direct:
		return n.ofRanges(cni.NodeTunnel)
	case direct > 0:
		return n.ofRanges(cni.NodeDirect)
	}
	return cni.Unknown
}

// ofRanges: without ranges of the API server's, routes are for blocks.
func (n *Network) ofRanges(m cni.Model) cni.Model {
	for _, f := range n.s.Cluster.Families {
		if n.byNode[f] {
			return m
		}
	}
	return cni.Blocks
}

// hostsBut are the addresses at which the other nodes are known.
func (n *Network) hostsBut(node facts.Node) []netip.Addr {
	var out []netip.Addr
	for _, peer := range n.s.Nodes {
		if peer.Name != node.Name {
			out = append(out, peer.Internal...)
			if peer.Published != nil {
				out = append(out, peer.Published.Addrs...)
			}
		}
	}
	return out
}

func hasAddr(i facts.Interface, a netip.Addr) bool {
	return slices.ContainsFunc(i.Addrs, func(p netip.Prefix) bool { return p.Addr() == a })
}
