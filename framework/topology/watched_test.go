package topology_test

import (
	"net/netip"
	"slices"
	"testing"

	"github.com/plumbline-net/plumbline/framework/facts"
	"github.com/plumbline-net/plumbline/framework/facts/factstest"
	"github.com/plumbline-net/plumbline/framework/topology"
)

func traceTo(s *facts.Snapshot, key, from, to string) facts.Trace {
	m := s.Matrix(factstest.Flow(key))
	t := facts.Trace{ID: "1", Flow: m.Flow, From: facts.Vantage{Kind: m.Flow.From, Node: from}}
	for _, target := range m.Targets {
		if target.ID == to {
			t.To = target
		}
	}
	return t
}

func TestAFlowIsWatchedWhereItMayPass(t *testing.T) {
	s := factstest.Healthy(5, facts.IPv4, facts.IPv6)
	for _, tc := range []struct {
		name, key, from, to string
		nodes, protos       []string
	}{
		{"a pod and a pod: both nodes", "pod>pod/tcp/ipv4@main", "n1", "pod/n3", []string{"n1", "n3"}, []string{"tcp"}},
		{"on one node: it alone", "pod>pod/icmp/ipv6@main", "n2", "pod/n2", []string{"n2"}, []string{"icmp"}},
		{"a Service: the nodes of its backends", "pod>clusterIP/tcp/ipv4@main", "n5", "service", []string{"n1", "n2", "n3", "n5"}, []string{"tcp"}},
		{"a NodePort: the entry, too", "host>nodePort/udp/ipv4@main", "n5", "nodePort/n4", []string{"n1", "n2", "n3", "n4", "n5"}, []string{"udp"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			trace := traceTo(s, tc.key, tc.from, tc.to)
			nodes, w := topology.Watched(s, trace)
			if !slices.Equal(nodes, tc.nodes) || !slices.Equal(w.Protos, tc.protos) {
				t.Errorf("watched at %q for %q", nodes, w.Protos)
			}
			if !slices.Contains(w.Addrs, trace.To.Addr) || !slices.Equal(w.TunnelPorts, []uint16{8472}) {
				t.Errorf("addresses %v, tunnels %v", w.Addrs, w.TunnelPorts)
			}
			for _, n := range nodes {
				i := slices.IndexFunc(s.Node(n).PodAgent.Addrs, func(a netip.Addr) bool { return a.Is4() == trace.To.Addr.Is4() })
				if !slices.Contains(w.Addrs, s.Node(n).PodAgent.Addrs[i]) {
					t.Errorf("the probe pod at %s is not among %v", n, w.Addrs)
				}
			}
			for _, a := range w.Addrs {
				if a.Is4() != trace.To.Addr.Is4() || a.IsLoopback() {
					t.Errorf("%s has nothing to do with it", a)
				}
			}
			if wantPorts := trace.To.Port != 0; wantPorts != (len(w.Ports) > 0) {
				t.Errorf("ports %v", w.Ports)
			}
			if w.Millis == 0 || w.Packets == 0 || w.Bytes == 0 || !w.Capture {
				t.Errorf("unbounded: %+v", w)
			}
		})
	}
}

func TestABackendsPortIsWatchedBesideTheServices(t *testing.T) {
	s := factstest.Healthy(3)
	_, w := topology.Watched(s, traceTo(s, "pod>clusterIP/tcp/ipv4@main", "n1", "service"))
	for _, port := range []uint16{s.Service.TCPPort, s.Node("n2").PodAgent.Ports.TCP} {
		if !slices.Contains(w.Ports, port) {
			t.Errorf("port %d is not among %v", port, w.Ports)
		}
	}
}

func TestWithoutALookTheTunnelsPortsArePresumed(t *testing.T) {
	s := factstest.Healthy(2)
	s.Hosts = nil
	if _, w := topology.Watched(s, traceTo(s, "pod>pod/tcp/ipv4@main", "n1", "pod/n2")); !slices.Equal(w.TunnelPorts, []uint16{4789, 6081, 8472}) {
		t.Errorf("tunnels %v", w.TunnelPorts)
	}
}

func TestAnExcludedNodeWatchesNothing(t *testing.T) {
	s := factstest.Healthy(3)
	s.Nodes[2].Excluded = "--exclude-nodes"
	if nodes, _ := topology.Watched(s, traceTo(s, "pod>clusterIP/tcp/ipv4@main", "n1", "service")); !slices.Equal(nodes, []string{"n1", "n2"}) {
		t.Errorf("watched at %q", nodes)
	}
}
