package factstest

import (
	"net/netip"
	"slices"
	"strings"

	"github.com/plumbline-net/plumbline/framework/facts"
)

// NodePorts of the Service with externalTrafficPolicy Local.
const (
	LocalNodePortTCP uint16 = 31082
	LocalNodePortUDP uint16 = 31083
)

// furtherServices are the suite's other Services, as a run creates them.
func furtherServices(s *facts.Snapshot, families []facts.Family) []facts.Service {
	all := allPeers(s)
	some := all[:min(3, len(all))]
	make := func(i int, kind string, backends []string) facts.Service {
		svc := facts.Service{Name: namespace + "/plumbline-" + kind, Kind: kind, Backends: backends, TCPPort: ServiceTCP, UDPPort: ServiceUDP, AgeMillis: 900}
		for _, f := range families {
			svc.ClusterIPs = append(svc.ClusterIPs, addr(f, "10.96.1.%d", "fd00:96::1:%x", i).String())
		}
		return svc
	}
	local := make(2, facts.KindLocal, all[:max(1, min(3, len(all)-1))])
	local.TCPNodePort, local.UDPNodePort = LocalNodePortTCP, LocalNodePortUDP
	headless := facts.Service{Name: namespace + "/plumbline-headless", Kind: facts.KindHeadless, Backends: some}
	for _, n := range s.Nodes[:len(some)] {
		headless.Addrs = append(headless.Addrs, n.PodAgent.Addrs...)
	}
	slices.SortFunc(headless.Addrs, netip.Addr.Compare)
	many := facts.Service{Name: namespace + "/plumbline-many", Kind: facts.KindMany}
	for i := 1; i <= 100; i++ {
		many.Addrs = append(many.Addrs, addr(facts.IPv4, "192.0.2.%d", "", i))
	}
	return []facts.Service{local, make(3, facts.KindHairpin, all), make(4, facts.KindAffinity, some), headless, many}
}

func allPeers(s *facts.Snapshot) []string {
	var out []string
	for _, n := range s.Nodes {
		out = append(out, "pod/"+n.Name)
	}
	return out
}

// clusterServices are the Services that exist already, and the suite's first one.
func clusterServices(s *facts.Snapshot) []facts.ClusterService {
	api := facts.ClusterService{
		Namespace: "default", Name: "kubernetes", Type: "ClusterIP",
		Ports: []facts.ServicePort{{Name: "https", Proto: "TCP", Port: 443}},
	}
	for _, a := range s.Cluster.API {
		api.Addrs = append(api.Addrs, a.Addr())
	}
	api.Endpoints = []facts.Endpoint{{PortName: "https", Proto: "TCP", Addr: s.Nodes[0].Internal[0], Port: 6443, Ready: true, Node: s.Nodes[0].Name}}
	dns := facts.ClusterService{
		Namespace: systemNamespace, Name: "kube-dns", Type: "ClusterIP",
		Ports: []facts.ServicePort{{Name: "dns", Proto: "UDP", Port: 53}, {Name: "dns-tcp", Proto: "TCP", Port: 53}},
	}
	for _, a := range s.Cluster.DNS {
		dns.Addrs = append(dns.Addrs, a.Addr())
	}
	for _, p := range s.Cluster.DNSPods {
		for _, port := range dns.Ports {
			dns.Endpoints = append(dns.Endpoints, facts.Endpoint{
				PortName: port.Name, Proto: port.Proto, Addr: p.Addrs[0], Port: 53, Ready: true, Node: p.Node, Pod: p.Name,
			})
		}
	}
	return []facts.ClusterService{api, dns, ownService(s)}
}

func ownService(s *facts.Snapshot) facts.ClusterService {
	own := facts.ClusterService{
		Namespace: namespace, Name: s.Service.Name, Type: "NodePort", Own: true,
		Ports: []facts.ServicePort{
			{Name: "tcp", Proto: "TCP", Port: ServiceTCP, NodePort: NodePortTCP},
			{Name: "udp", Proto: "UDP", Port: ServiceUDP, NodePort: NodePortUDP},
		},
	}
	for _, a := range s.Service.ClusterIPs {
		own.Addrs = append(own.Addrs, netip.MustParseAddr(a))
	}
	for _, peer := range s.Service.Backends {
		n := s.Node(strings.TrimPrefix(peer, "pod/"))
		for _, a := range n.PodAgent.Addrs {
			own.Endpoints = append(own.Endpoints,
				facts.Endpoint{PortName: "tcp", Proto: "TCP", Addr: a, Port: TCPPort, Ready: true, Node: n.Name, Pod: n.PodAgent.Pod},
				facts.Endpoint{PortName: "udp", Proto: "UDP", Addr: a, Port: UDPPort, Ready: true, Node: n.Name, Pod: n.PodAgent.Pod})
		}
	}
	return own
}
