package topology_test

import (
	"net/netip"
	"slices"
	"testing"

	"github.com/plumbline-net/plumbline/framework/check"
	"github.com/plumbline-net/plumbline/framework/facts"
	"github.com/plumbline-net/plumbline/framework/topology"
	"github.com/plumbline-net/plumbline/framework/wire"
)

func flow(from facts.VantageKind, to facts.TargetKind, via facts.Via) facts.Flow {
	return facts.Flow{From: from, To: to, Via: via, Family: facts.IPv4, Look: facts.Main}
}

// cluster has two nodes under test and one that is excluded; n2's probe pod is not ready.
func cluster() *facts.Snapshot {
	agent := func(ip string, ready bool) facts.Agent {
		return facts.Agent{Addrs: []netip.Addr{netip.MustParseAddr(ip)}, Ports: facts.Ports{TCP: 1001, UDP: 1002, Closed: 1003}, Ready: ready}
	}
	node := func(name, host, pod string, ready bool, excluded string) facts.Node {
		return facts.Node{
			Name: name, Internal: []netip.Addr{netip.MustParseAddr(host)}, Excluded: excluded,
			NodeAgent: agent(host, true), PodAgent: agent(pod, ready),
		}
	}
	return &facts.Snapshot{
		Nodes: []facts.Node{
			node("n1", "10.0.0.1", "10.244.1.2", true, ""),
			node("n2", "10.0.0.2", "10.244.2.2", false, ""),
			node("n3", "10.0.0.3", "10.244.3.2", true, "--exclude-nodes"),
		},
		Service: facts.Service{ClusterIPs: []string{"10.96.0.7"}, TCPPort: 7, UDPPort: 7, TCPNodePort: 30001, UDPNodePort: 30002, Backends: []string{"pod/n1"}},
		Cluster: facts.Cluster{
			Domain: "example.org", API: []netip.AddrPort{netip.MustParseAddrPort("10.96.0.1:443")},
			DNS:     []netip.AddrPort{netip.MustParseAddrPort("10.96.0.10:53")},
			DNSPods: []facts.Pod{{Name: "coredns-a", Node: "n1", Addrs: []netip.Addr{netip.MustParseAddr("10.244.1.9")}}},
		},
	}
}

func TestEveryKindOfTargetIsFoundWithItsAddressAndPort(t *testing.T) {
	s := cluster()
	for _, c := range []struct {
		flow facts.Flow
		want []string // id address:port
	}{
		{flow(facts.FromPod, facts.ToPod, facts.TCP), []string{"pod/n1 10.244.1.2:1001"}},
		{flow(facts.FromPod, facts.ToHost, facts.UDP), []string{"host/n1 10.0.0.1:1002", "host/n2 10.0.0.2:1002"}},
		{flow(facts.FromPod, facts.ToPod, facts.Closed), []string{"pod/n1 10.244.1.2:1003"}},
		{flow(facts.FromHost, facts.ToHost, facts.ICMP), []string{"host/n1 10.0.0.1:0", "host/n2 10.0.0.2:0"}},
		{flow(facts.FromPod, facts.ToClusterIP, facts.UDP), []string{"service 10.96.0.7:7"}},
		{flow(facts.FromPod, facts.ToNodePort, facts.UDP), []string{"nodePort/n1 10.0.0.1:30002", "nodePort/n2 10.0.0.2:30002"}},
		{flow(facts.FromPod, facts.ToAPI, facts.TLS), []string{"api 10.96.0.1:443"}},
		{flow(facts.FromPod, facts.ToDNSService, facts.DNSTCP), []string{"dns 10.96.0.10:53"}},
		{flow(facts.FromPod, facts.ToDNSReplica, facts.DNSUDP), []string{"dns/coredns-a 10.244.1.9:53"}},
	} {
		targets, why := topology.Targets(s, c.flow)
		var got []string
		for _, t := range targets {
			got = append(got, t.ID+" "+netip.AddrPortFrom(t.Addr, t.Port).String())
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: %v (%s), want %v", c.flow.Key(), got, why, c.want)
		}
	}
}

func TestAFamilyThatTheClusterLacksHasNoTargetsAndSaysSo(t *testing.T) {
	f := flow(facts.FromPod, facts.ToPod, facts.TCP)
	f.Family = facts.IPv6
	planned, empty := topology.Planned(cluster(), []facts.Flow{f}, facts.FromPod)
	if len(planned) != 0 || len(empty) != 1 || empty[0].NotRun == "" {
		t.Errorf("planned %v, empty %v", planned, empty)
	}
}

func TestFlowsAreMergedAndThoseThroughTheServiceComeLast(t *testing.T) {
	asks := func(flows ...facts.Flow) check.Check {
		return check.Check{Ask: func(check.Scope) []facts.Flow { return flows }}
	}
	pods, service := flow(facts.FromPod, facts.ToPod, facts.TCP), flow(facts.FromHost, facts.ToClusterIP, facts.TCP)
	got := topology.Flows([]check.Check{asks(service, pods), asks(pods), {}}, check.Scope{})
	if !slices.Equal(got, []facts.Flow{pods, service}) {
		t.Errorf("got %v", got)
	}
}

func TestEveryVantageHasARowWhateverItAnswered(t *testing.T) {
	f := flow(facts.FromPod, facts.ToPod, facts.TCP)
	planned := []wire.PlannedFlow{{Flow: f, Targets: []facts.Target{{ID: "pod/n1"}, {ID: "pod/n2"}}}}
	from := func(node string) facts.Vantage { return facts.Vantage{Kind: facts.FromPod, Node: node} }
	row := func(cells int) []wire.FlowRow {
		return []wire.FlowRow{{Flow: f, Row: facts.Row{Cells: make(facts.Cells, cells)}}}
	}
	m := topology.Assemble(planned, []topology.Answer{
		{From: from("n3"), Rows: row(2)},
		{From: from("n1"), NotRun: "exec failed"},
		{From: from("n2"), Rows: row(1)},
		{From: from("n4")},
	})
	var got []string
	for _, r := range m[0].Rows {
		got = append(got, r.From.Node+": "+r.NotRun)
	}
	want := []string{
		"n1: exec failed", "n2: the agent answered 1 cells for 2 targets",
		"n3: ", "n4: the agent's answer lacks this flow",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}
