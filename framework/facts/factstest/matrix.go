package factstest

import (
	"net/netip"
	"strings"

	"github.com/plumbline-net/plumbline/framework/facts"
)

// Flows are all flows that the suite can ask, for the families given.
func Flows(families ...facts.Family) []facts.Flow {
	echo := []facts.Via{facts.TCP, facts.UDP, facts.ICMP}
	dns := []facts.Via{facts.DNSUDP, facts.DNSTCP}
	var out []facts.Flow
	add := func(from facts.VantageKind, to facts.TargetKind, look facts.Look, vias ...facts.Via) {
		for _, f := range families {
			for _, via := range vias {
				out = append(out, facts.Flow{From: from, To: to, Via: via, Family: f, Look: look})
			}
		}
	}
	add(facts.FromHost, facts.ToAPI, facts.First, facts.TLS)
	add(facts.FromHost, facts.ToDNSService, facts.First, dns...)
	for _, from := range []facts.VantageKind{facts.FromPod, facts.FromHost} {
		add(from, facts.ToPod, facts.Main, echo...)
		add(from, facts.ToHost, facts.Main, echo...)
		add(from, facts.ToClusterIP, facts.Main, echo[:2]...)
		add(from, facts.ToNodePort, facts.Main, echo[:2]...)
		add(from, facts.ToAPI, facts.Main, facts.TLS)
		add(from, facts.ToDNSReplica, facts.Main, dns...)
		add(from, facts.ToDNSService, facts.Main, dns...)
	}
	add(facts.FromRunner, facts.ToNodePort, facts.Main, echo[:2]...)
	add(facts.FromPod, facts.ToPod, facts.Main, facts.Closed, facts.PMTU, facts.Over)
	add(facts.FromPod, facts.ToHost, facts.Main, facts.Closed)
	add(facts.FromHost, facts.ToHost, facts.Main, facts.PMTU, facts.Over)
	return out
}

// Right is the outcome that a flow should have.
func Right(via facts.Via) facts.Outcome {
	if via == facts.Closed {
		return facts.Refused
	}
	if via == facts.Over {
		return facts.TooBig
	}
	return facts.OK
}

func healthyMatrix(s *facts.Snapshot, f facts.Flow) facts.Matrix {
	m := facts.Matrix{Flow: f, Targets: Targets(s, f), Rows: []facts.Row{}}
	if len(m.Targets) == 0 {
		m.Targets, m.NotRun = []facts.Target{}, "no target has an address of this family"
		return m
	}
	vantages := []facts.Vantage{{Kind: facts.FromRunner}}
	if f.From != facts.FromRunner {
		vantages = nil
		for _, n := range s.Nodes {
			vantages = append(vantages, facts.Vantage{Kind: f.From, Node: n.Name})
		}
	}
	for _, v := range vantages {
		row := facts.Row{From: v, Millis: 12}
		if f.Via == facts.PMTU || f.Via == facts.Over {
			row.MTU = InterfaceMTU
			if f.From == facts.FromPod {
				row.MTU = OverlayMTU
			}
		}
		for range m.Targets {
			row.Cells = append(row.Cells, facts.Cell{Outcome: Right(f.Via), RTT: 256})
		}
		m.Rows = append(m.Rows, row)
	}
	return m
}

// Targets are the targets of a flow in this snapshot.
func Targets(s *facts.Snapshot, f facts.Flow) []facts.Target {
	switch f.To {
	case facts.ToPod, facts.ToHost, facts.ToNodePort:
		return perNode(s, f)
	case facts.ToClusterIP:
		return []facts.Target{{ID: "service", Addr: clusterIP(f.Family), Port: servicePort(f.Via, ServiceTCP, ServiceUDP), Peers: peers(s)}}
	case facts.ToAPI:
		return single(f.Family, "api", "kubernetes.default.svc."+clusterDomain, s.Cluster.API)
	case facts.ToDNSService:
		return single(f.Family, "dns", "kubernetes.default.svc."+clusterDomain, s.Cluster.DNS)
	case facts.ToDNSReplica:
		return replicas(s, f.Family)
	}
	return nil
}

func perNode(s *facts.Snapshot, f facts.Flow) []facts.Target {
	var out []facts.Target
	for i, n := range s.Nodes {
		t := facts.Target{ID: string(f.To) + "/" + n.Name, Node: n.Name, Addr: HostAddr(i+1, f.Family), Port: echoPort(f.Via)}
		switch f.To {
		case facts.ToNodePort:
			t.Port, t.Peers = servicePort(f.Via, NodePortTCP, NodePortUDP), peers(s)
		case facts.ToPod:
			t.Addr, t.Peers = PodAddr(i+1, f.Family), []string{t.ID}
		default:
			t.Peers = []string{t.ID}
		}
		out = append(out, t)
	}
	return out
}

func peers(s *facts.Snapshot) []string {
	var out []string
	for _, n := range s.Nodes[:min(3, len(s.Nodes))] {
		out = append(out, "pod/"+n.Name)
	}
	return out
}

func single(f facts.Family, id, name string, addrs []netip.AddrPort) []facts.Target {
	for _, a := range addrs {
		if a.Addr().Is4() == (f == facts.IPv4) {
			return []facts.Target{{ID: id, Addr: a.Addr(), Port: a.Port(), Name: name}}
		}
	}
	return nil
}

func replicas(s *facts.Snapshot, f facts.Family) []facts.Target {
	var out []facts.Target
	for _, p := range s.Cluster.DNSPods {
		for _, a := range p.Addrs {
			if a.Is4() == (f == facts.IPv4) {
				out = append(out, facts.Target{
					ID: "dns/" + p.Name, Node: p.Node, Addr: a, Port: 53, Name: "kubernetes.default.svc." + clusterDomain,
				})
			}
		}
	}
	return out
}

func echoPort(via facts.Via) uint16 {
	switch via {
	case facts.TCP:
		return TCPPort
	case facts.UDP, facts.PMTU, facts.Over:
		return UDPPort
	case facts.Closed:
		return ClosedPort
	default:
		return 0
	}
}

func servicePort(via facts.Via, tcp, udp uint16) uint16 {
	if via == facts.UDP {
		return udp
	}
	return tcp
}

// Keep drops every matrix whose key has none of the prefixes ("pod>pod/tcp").
func Keep(s *facts.Snapshot, prefixes ...string) {
	var kept []facts.Matrix
	for _, m := range s.Matrices {
		for _, p := range prefixes {
			if strings.HasPrefix(m.Flow.Key(), p) {
				kept = append(kept, m)
				break
			}
		}
	}
	s.Matrices = kept
}
