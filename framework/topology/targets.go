// Package topology turns what checks ask into who probes what: flows into
// targets, targets into one plan per vantage. It is pure.
package topology

import (
	"fmt"
	"net/netip"
	"slices"

	"github.com/plumbline-net/plumbline/framework/facts"
)

// Targets gives everything a flow is aimed at in this cluster, in a stable
// order, or a sentence which says why there is nothing.
func Targets(s *facts.Snapshot, f facts.Flow) ([]facts.Target, string) {
	var out []facts.Target
	switch f.To {
	case facts.ToPod:
		out = agents(s, f, "pod", func(n facts.Node) (facts.Agent, []netip.Addr) { return n.PodAgent, n.PodAgent.Addrs })
	case facts.ToHost:
		out = agents(s, f, "host", func(n facts.Node) (facts.Agent, []netip.Addr) { return n.NodeAgent, n.Internal })
	case facts.ToClusterIP:
		out = clusterIP(s, f)
	case facts.ToNodePort:
		out = nodePorts(s, f)
	case facts.ToAPI:
		out = services(s.Cluster.API, f, "api", "kubernetes.default.svc")
	case facts.ToDNSService:
		if name := nameFor(s, f.Via); name != "" {
			out = services(s.Cluster.DNS, f, "dns", name)
		}
	case facts.ToDNSReplica:
		out = dnsReplicas(s, f)
	default:
		out = further(s, f)
	}
	out = spread(f.Via, out)
	if len(out) == 0 {
		return nil, fmt.Sprintf("no %s can be probed (%s, %s)", targetWords[f.To], f.Via, f.Family)
	}
	return out, ""
}

var targetWords = map[facts.TargetKind]string{
	facts.ToPod:        "probe pod",
	facts.ToHost:       "node agent",
	facts.ToClusterIP:  "ClusterIP of the suite's own Service",
	facts.ToNodePort:   "NodePort of the suite's own Service",
	facts.ToAPI:        "Service default/kubernetes",
	facts.ToDNSService: "cluster DNS Service",
	facts.ToDNSReplica: "cluster DNS replica",

	facts.ToGateway:       "first address of a pod CIDR",
	facts.ToRuntime:       "probe pod of a RuntimeClass",
	facts.ToNodePortLocal: "NodePort of the suite's Service with externalTrafficPolicy Local",
	facts.ToHairpin:       "Service behind which the asking pod stands",
	facts.ToAffinity:      "Service with ClientIP affinity",
	facts.ToTunnel:        "UDP port of a tunnel",
	facts.ToDNSMetrics:    "metrics port of a cluster DNS replica",
	facts.ToDNSRecord:     "DNS record",
	facts.ToDNSExternal:   "external name",
	facts.ToDNSUpstream:   "resolver of the hosts",
	facts.ToNodeDNS:       "nameserver beside the cluster DNS Service",
	facts.ToEgress:        "egress target",
}

func agents(s *facts.Snapshot, f facts.Flow, kind string, of func(facts.Node) (facts.Agent, []netip.Addr)) []facts.Target {
	var out []facts.Target
	for _, n := range s.Selected() {
		agent, addrs := of(n)
		addr, ok := inFamily(addrs, f.Family)
		port, known := portFor(agent.Ports, f.Via)
		if !ok || !known || !agent.Ready {
			continue
		}
		id := kind + "/" + n.Name
		out = append(out, facts.Target{ID: id, Node: n.Name, Addr: addr, Port: port, Peers: []string{id}})
	}
	return out
}

// portFor gives the port for a way of probing; ICMP has none.
func portFor(p facts.Ports, via facts.Via) (uint16, bool) {
	switch via {
	case facts.TCP, facts.Series, facts.Bulk, facts.Sticky:
		return p.TCP, p.TCP != 0
	case facts.UDP, facts.PMTU, facts.Over:
		return p.UDP, p.UDP != 0
	case facts.Closed:
		return p.Closed, p.Closed != 0
	case facts.ICMP, facts.ARP:
		return 0, true
	case facts.TLS, facts.DNSTCP, facts.DNSUDP, facts.HTTP, facts.Record, facts.Race, facts.Big, facts.Connect, facts.Tunnel:
		return 0, false
	}
	return 0, false
}

func clusterIP(s *facts.Snapshot, f facts.Flow) []facts.Target {
	port := servicePort(f.Via, s.Service.TCPPort, s.Service.UDPPort)
	var out []facts.Target
	for _, a := range s.Service.ClusterIPs {
		addr, err := netip.ParseAddr(a)
		if err != nil || family(addr) != f.Family || port == 0 {
			continue
		}
		out = append(out, facts.Target{ID: "service", Addr: addr, Port: port, Peers: s.Service.Backends})
	}
	return out
}

func nodePorts(s *facts.Snapshot, f facts.Flow) []facts.Target {
	port := servicePort(f.Via, s.Service.TCPNodePort, s.Service.UDPNodePort)
	if port == 0 || !s.Service.Has(f.Family) {
		return nil
	}
	var out []facts.Target
	for _, n := range s.Selected() {
		addr, ok := inFamily(n.Internal, f.Family)
		if !ok {
			continue
		}
		out = append(out, facts.Target{
			ID: "nodePort/" + n.Name, Node: n.Name, Addr: addr, Port: port,
			Peers: s.Service.Backends, AnyPeer: true,
		})
	}
	return out
}

func servicePort(via facts.Via, tcp, udp uint16) uint16 {
	if via == facts.UDP {
		return udp
	}
	return tcp
}

func services(addrs []netip.AddrPort, f facts.Flow, id, name string) []facts.Target {
	var out []facts.Target
	for _, a := range addrs {
		if family(a.Addr()) == f.Family {
			out = append(out, facts.Target{ID: id, Addr: a.Addr(), Port: a.Port(), Name: name})
		}
	}
	return out
}

func dnsReplicas(s *facts.Snapshot, f facts.Flow) []facts.Target {
	name := nameFor(s, f.Via)
	var out []facts.Target
	for _, p := range s.Cluster.DNSPods {
		addr, ok := inFamily(p.Addrs, f.Family)
		if !ok || name == "" {
			continue
		}
		out = append(out, facts.Target{ID: "dns/" + p.Name, Node: p.Node, Addr: addr, Port: replicaPort(s, addr, protoOf(f.Via)), Name: name})
	}
	return out
}

// dnsPort is the port of DNS (RFC 1035), and of a replica where its endpoints do not tell another.
const dnsPort = 53

// queryName is the name every cluster DNS has to know
// (Kubernetes DNS-Based Service Discovery, "kubernetes.default.svc.<zone>").
func queryName(s *facts.Snapshot) string {
	domain := s.Cluster.Domain
	if domain == "" {
		domain = "cluster.local"
	}
	return "kubernetes.default.svc." + domain + "."
}

// nameFor is what the cluster DNS is asked in this way; empty where that name is not known.
func nameFor(s *facts.Snapshot, via facts.Via) string {
	if via == facts.Big {
		return serviceName(s, s.FurtherService(facts.KindMany))
	}
	return queryName(s)
}

func family(a netip.Addr) facts.Family {
	if a.Unmap().Is4() {
		return facts.IPv4
	}
	return facts.IPv6
}

func inFamily(addrs []netip.Addr, want facts.Family) (netip.Addr, bool) {
	i := slices.IndexFunc(addrs, func(a netip.Addr) bool { return family(a) == want })
	if i < 0 {
		return netip.Addr{}, false
	}
	return addrs[i], true
}
