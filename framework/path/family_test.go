package path_test

import (
	"net/netip"
	"strings"
	"testing"

	"github.com/plumbline-net/plumbline/framework/facts"
	"github.com/plumbline-net/plumbline/framework/facts/factstest"
	"github.com/plumbline-net/plumbline/framework/path"
)

// TestIPv6Only: addresses of one family only are held against one another.
func TestIPv6Only(t *testing.T) {
	s := factstest.Healthy(2, facts.IPv6)
	const ask = " : tcp [fd00:244:1::2]:43210 [fd00:244:2::2]:40001 "
	const reply = " : tcp [fd00:244:2::2]:40001 [fd00:244:1::2]:43210 "
	const there, back = " outer=[fd00:10::b]|[fd00:10::c] ", " outer=[fd00:10::c]|[fd00:10::b] "
	healthy := []string{
		"1000 n1 >veth1 >cni0 flannel.1>" + there + "eth0>* n2 >eth0* >flannel.1 cni0> veth2>" + ask + "SYN seq=1",
		"1100 n2 >veth2 >cni0 flannel.1>" + back + "eth0>* n1 >eth0* >flannel.1 cni0> veth1>" + reply + "SYN ACK seq=5 ack=2",
	}
	tr := answered(trace("pod/n1", "pod>pod/tcp/ipv6@main", "pod/n2 [fd00:244:2::2]:40001", healthy...))
	if v := path.Build(s, tr).Verdict; v.Outcome != path.Whole {
		t.Errorf("healthy: %q", v.Says)
	}
	tr = trace("pod/n1", "pod>pod/tcp/ipv6@main", "pod/n2 [fd00:244:2::2]:40001", strings.Split(healthy[0], " cni0> veth2>")[0]+ask+"SYN seq=1")
	if v := path.Build(s, tr).Verdict; v.Place != (path.Place{Node: "n2", Stage: path.ReceiverHost}) {
		t.Errorf("dropped by the receiver: %s, %q", v.Place, v.Says)
	}
}

// TestNothingKnown: an empty snapshot and strange traces are never fine, and never end the program.
func TestNothingKnown(t *testing.T) {
	empty := &facts.Snapshot{}
	sighting := facts.Sighting{Dev: "x", Proto: "tcp", Src: addrPort("10.0.0.1:5"), Dst: addrPort("10.0.0.2:80")}
	cases := map[string]facts.Trace{
		"nothing at all":            {},
		"a target only":             {To: facts.Target{Addr: netip.MustParseAddr("10.0.0.2"), Port: 80}},
		"a watch of a strange node": {From: facts.Vantage{Kind: facts.FromPod, Node: "a"}, To: facts.Target{Addr: netip.MustParseAddr("10.0.0.2"), Port: 80, Node: "b"}, Watches: []facts.Watch{{Node: "a", Packets: []facts.Sighting{sighting}}}},
		"a Service without backends": {
			Flow: factstest.Flow("host>clusterIP/tcp/ipv4@main"), From: facts.Vantage{Kind: facts.FromHost, Node: "a"},
			To: facts.Target{Addr: netip.MustParseAddr("10.0.0.2"), Port: 80}, Watches: []facts.Watch{{Node: "a", Packets: []facts.Sighting{{}}}},
		},
		"the runner to a NodePort": {Flow: factstest.Flow("runner>nodePort/tcp/ipv4@main"), From: facts.Vantage{Kind: facts.FromRunner}, To: facts.Target{Addr: netip.MustParseAddr("10.0.0.2"), Port: 80}},
	}
	for name, tr := range cases {
		t.Run(name, func(t *testing.T) {
			p := path.Build(empty, tr)
			if p.Verdict.Outcome == path.Whole || p.Verdict.Says == "" {
				t.Errorf("%q: %q", p.Verdict.Outcome, p.Verdict.Says)
			}
			drawn(t, p)
		})
	}
}
