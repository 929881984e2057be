package topology

import (
	"net/netip"
	"slices"
	"strings"

	"github.com/plumbline-net/plumbline/framework/dataplane"
	"github.com/plumbline-net/plumbline/framework/facts"
	"github.com/plumbline-net/plumbline/framework/wire"
)

const (
	// mostWatching bounds the nodes that watch one flow, mostAddrs the addresses.
	mostWatching = 8
	mostAddrs    = 512
)

// The bounds of one watch.
const (
	watchMillis  = 8000
	watchPackets = 2000
	watchBytes   = 4 << 20
)

// UDP ports of tunnels: the kernel's own default and the standard's of VXLAN (RFC 7348), Geneve (RFC 8926).
const (
	kernelPort = 8472
	vxlanPort  = 4789
	genevePort = 6081
)

// Watched says which nodes have to watch a flow that is sent again, sorted, and
// for what: the sender's, the receiver's, and those of all that the target's
// address may be translated to.
func Watched(s *facts.Snapshot, t facts.Trace) ([]string, wire.Watch) {
	b := backendsOf(s, t)
	nodes := append([]string{t.From.Node, t.To.Node, nodeWith(s, t.To.Addr)}, b.nodes...)
	nodes = watching(s, nodes)
	f := family(t.To.Addr)
	w := wire.Watch{
		Protos: protosOf(t.Flow.Via), TunnelPorts: tunnelPorts(s, nodes),
		Millis: watchMillis, Packets: watchPackets, Bytes: watchBytes, Capture: true, HostRoot: "/host",
	}
	addrs := append([]netip.Addr{t.To.Addr.Unmap()}, b.addrs...)
	for _, name := range nodes {
		addrs = append(addrs, addrsAt(s, name)...)
	}
	for _, a := range addrs {
		if a.IsValid() && family(a) == f && !slices.Contains(w.Addrs, a) && len(w.Addrs) < mostAddrs {
			w.Addrs = append(w.Addrs, a)
		}
	}
	if t.To.Port != 0 {
		w.Ports = append(w.Ports, t.To.Port)
		for _, p := range b.ports {
			if p != 0 && !slices.Contains(w.Ports, p) {
				w.Ports = append(w.Ports, p)
			}
		}
	}
	return nodes, w
}

// backends are what a Service's address may be translated to.
type backends struct {
	nodes []string
	addrs []netip.Addr
	ports []uint16
}

func backendsOf(s *facts.Snapshot, t facts.Trace) backends {
	var out backends
	if !t.Flow.ThroughService() {
		return out
	}
	for _, peer := range t.To.Peers {
		kind, node, _ := strings.Cut(peer, "/")
		n := s.Node(node)
		if kind != string(facts.FromPod) || n == nil {
			continue
		}
		out.nodes = append(out.nodes, node)
		out.addrs = append(out.addrs, n.PodAgent.Addrs...)
		out.ports = append(out.ports, n.PodAgent.Ports.TCP, n.PodAgent.Ports.UDP)
	}
	for _, svc := range s.Cluster.Services {
		if !served(s, svc, t.To) {
			continue
		}
		for _, e := range svc.Endpoints {
			node := e.Node
			if node == "" {
				node = nodeWith(s, e.Addr)
			}
			out.nodes = append(out.nodes, node)
			out.addrs = append(out.addrs, e.Addr)
			out.ports = append(out.ports, e.Port)
		}
	}
	return out
}

// served says whether a target is this Service, at its ClusterIP or a NodePort.
func served(s *facts.Snapshot, svc facts.ClusterService, to facts.Target) bool {
	for _, p := range svc.Ports {
		if slices.Contains(svc.Addrs, to.Addr) && p.Port == to.Port {
			return true
		}
		if p.NodePort != 0 && p.NodePort == to.Port && nodeWith(s, to.Addr) != "" {
			return true
		}
	}
	return false
}

// watching are the nodes under test among those given, the first ones where there
// are too many, sorted.
func watching(s *facts.Snapshot, nodes []string) []string {
	var out []string
	for _, name := range nodes {
		n := s.Node(name)
		if n != nil && n.Excluded == "" && !slices.Contains(out, name) && len(out) < mostWatching {
			out = append(out, name)
		}
	}
	slices.Sort(out)
	return out
}

// nodeWith is the node with an InternalIP, or with the pod of ours, at an address.
func nodeWith(s *facts.Snapshot, a netip.Addr) string {
	for _, n := range s.Nodes {
		if slices.Contains(n.Internal, a) || slices.Contains(n.PodAgent.Addrs, a) {
			return n.Name
		}
	}
	return dataplane.NetworkOf(s).NodeOf(a)
}

// addrsAt are the addresses of a node, of its interfaces (a packet may be
// masqueraded to any of them), and of the probe pods on it.
func addrsAt(s *facts.Snapshot, name string) []netip.Addr {
	n := s.Node(name)
	out := slices.Concat(n.Internal, n.PodAgent.Addrs)
	for _, r := range n.RuntimeAgents {
		out = append(out, r.Agent.Addrs...)
	}
	if n.Published != nil {
		out = append(out, n.Published.Addrs...)
	}
	for _, i := range interfacesAt(s, name) {
		// The dummy device of kube-proxy's IPVS holds every Service's address.
		if i.Kind == "dummy" || i.Name == "lo" {
			continue
		}
		for _, p := range i.Addrs {
			out = append(out, p.Addr().Unmap())
		}
	}
	return out
}

func interfacesAt(s *facts.Snapshot, node string) []facts.Interface {
	for _, look := range []facts.Look{facts.Last, facts.First} {
		if h := s.Host(node, look); h != nil && len(h.Interfaces) > 0 {
			return h.Interfaces
		}
	}
	return nil
}

// tunnelPorts are those of the tunnels on the nodes; without a look they are presumed.
func tunnelPorts(s *facts.Snapshot, nodes []string) []uint16 {
	var out []uint16
	known := true
	for _, name := range nodes {
		list := interfacesAt(s, name)
		known = known && len(list) > 0
		for _, i := range list {
			switch {
			case i.Vxlan != nil && i.Vxlan.Port > 0:
				out = append(out, uint16(i.Vxlan.Port))
			case i.Kind == "geneve":
				out = append(out, genevePort)
			}
		}
	}
	if !known {
		out = append(out, kernelPort, vxlanPort, genevePort)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// protosOf are the protocols of a way of probing.
func protosOf(via facts.Via) []string {
	switch via {
	case facts.UDP, facts.DNSUDP, facts.PMTU, facts.Over, facts.Race, facts.Tunnel:
		return []string{"udp"}
	case facts.Record, facts.Big:
		return []string{"udp", "tcp"}
	case facts.ICMP, facts.ARP:
		return []string{"icmp"}
	case facts.TCP, facts.TLS, facts.DNSTCP, facts.Closed, facts.Series, facts.HTTP, facts.Bulk, facts.Sticky, facts.Connect:
	}
	return []string{"tcp"}
}
