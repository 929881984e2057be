package firewall

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/plumbline-net/plumbline/framework/dataplane"
	"github.com/plumbline-net/plumbline/framework/facts"
	"github.com/plumbline-net/plumbline/framework/netfilter"
)

// demand is one kind of packet that a node has to take in.
type demand struct {
	what     string // "the overlay (UDP 8472)"
	protocol string
	port     uint16
	sources  []netip.Prefix
	// overlay: it is the tunnel's port.
	overlay bool
	// nodePort: served by translation on arrival, where kube-proxy translates.
	nodePort bool
	// outside: the sender is an example of those outside the cluster.
	outside bool
}

// kubeletPort is where a kubelet listens (Kubernetes: Ports and Protocols).
const kubeletPort = 10250

// outsider stands for a client outside: TEST-NET-2 and the documentation prefix
// (RFC 5737, RFC 3849) belong to nobody whom a rule could mean.
func outsider(f facts.Family) netip.Prefix {
	if f == facts.IPv6 {
		return netip.MustParsePrefix("2001:db8::1/128")
	}
	return netip.MustParsePrefix("198.51.100.1/32")
}

// demandsOn are what a node must take in at a look, in one family.
func demandsOn(s *facts.Snapshot, node facts.Node, h facts.HostLook, f facts.Family) []demand {
	var peers, planes []netip.Prefix
	for _, n := range s.Nodes {
		for _, a := range n.Internal {
			if n.Name == node.Name || dataplane.Of(a) != f {
				continue
			}
			p := netip.PrefixFrom(a, a.BitLen())
			peers = append(peers, p)
			if n.ControlPlane {
				planes = append(planes, p)
			}
		}
	}
	if planes == nil {
		planes = peers
	}
	var out []demand
	add := func(what, protocol string, port uint16, sources []netip.Prefix) {
		if len(sources) > 0 {
			out = append(out, demand{what: fmt.Sprintf("%s (%s %d)", what, strings.ToUpper(protocol), port), protocol: protocol, port: port, sources: sources})
		}
	}
	for _, port := range overlayPorts(h, f) {
		add("the overlay", "udp", port, peers)
	}
	for i := range out {
		out[i].overlay = true
	}
	add("the kubelet", "tcp", kubeletPort, planes)
	return append(out, nodePortDemands(s, f, peers)...)
}

// nodePortDemands: the suite's own NodePorts, and the ends of the usual range.
func nodePortDemands(s *facts.Snapshot, f facts.Family, peers []netip.Prefix) []demand {
	own := map[string]uint16{"tcp": s.Service.TCPNodePort, "udp": s.Service.UDPNodePort}
	var out []demand
	for _, protocol := range []string{"tcp", "udp"} {
		ports := []uint16{30000, 32767}
		if own[protocol] != 0 {
			ports = append([]uint16{own[protocol]}, ports...)
		}
		for _, port := range ports {
			d := demand{what: fmt.Sprintf("NodePorts (%s %d)", strings.ToUpper(protocol), port), protocol: protocol, port: port, nodePort: true, sources: peers}
			if len(peers) > 0 {
				out = append(out, d)
			}
			d.outside, d.sources = true, []netip.Prefix{outsider(f)}
			out = append(out, d)
		}
	}
	return out
}

// genevePort is the Geneve port of RFC 8926; the facts hold no other.
const genevePort = 6081

// overlayPorts are the UDP ports of a node's own tunnels at a look; those of another
// family, told by the tunnel's local address, do not count.
func overlayPorts(h facts.HostLook, f facts.Family) []uint16 {
	var out []uint16
	for _, i := range h.Interfaces {
		switch {
		case !i.Up: // nobody sends to it
		case i.Vxlan != nil && i.Vxlan.Port > 0 && i.Vxlan.Port <= 65535 && (!i.Vxlan.Local.IsValid() || dataplane.Of(i.Vxlan.Local) == f):
			out = withWord(out, uint16(i.Vxlan.Port))
		case i.Kind == "geneve":
			out = withWord(out, genevePort)
		}
	}
	slices.Sort(out)
	return out
}

// arriving is the packet of a demand at a node.
func (d demand) arriving(h facts.HostLook, node facts.Node, f facts.Family, sources []netip.Prefix) netfilter.Packet {
	p := netfilter.Packet{Family: f, Protocol: d.protocol, Port: d.port, ToHost: true, Src: sources}
	for _, a := range node.Internal {
		if dataplane.Of(a) == f {
			p.Dst = append(p.Dst, netip.PrefixFrom(a, a.BitLen()))
		}
	}
	// Replies may leave elsewhere, but packets arrive where the node's own address is.
	for _, i := range h.Interfaces {
		for _, a := range i.Addrs {
			if slices.Contains(node.Internal, a.Addr()) && dataplane.Of(a.Addr()) == f {
				p.In = withWord(p.In, i.Name)
			}
		}
	}
	return p
}
