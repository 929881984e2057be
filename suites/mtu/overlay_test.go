package mtu_test

import (
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/plumbline-net/plumbline/framework/check"
	"github.com/plumbline-net/plumbline/framework/facts"
	"github.com/plumbline-net/plumbline/framework/facts/factstest"
	"github.com/plumbline-net/plumbline/suites/mtu"
)

// looks changes both looks at some nodes.
func looks(s *facts.Snapshot, change func(*facts.HostLook), nodes ...string) {
	for i := range s.Hosts {
		if slices.Contains(nodes, s.Hosts[i].Node) {
			change(&s.Hosts[i])
		}
	}
}

// resize sets the MTU of an interface.
func resize(name string, size int) func(*facts.HostLook) {
	return func(h *facts.HostLook) {
		for i := range h.Interfaces {
			if h.Interfaces[i].Name == name {
				h.Interfaces[i].MTU = size
			}
		}
	}
}

// rebuilt makes another tunnel of flannel.1.
func rebuilt(kind string, size int, change func(*facts.Interface)) func(*facts.HostLook) {
	return func(h *facts.HostLook) {
		for i := range h.Interfaces {
			t := &h.Interfaces[i]
			if t.Name == "flannel.1" {
				t.Kind, t.MTU, t.Vxlan = kind, size, nil
				change(t)
			}
		}
	}
}

func all() []string { return []string{"n1", "n2", "n3"} }

// dual is what flannel makes of a dual-stack cluster: a second tunnel over IPv6,
// smaller by the larger header, and pods with the MTU of the first.
func dual() *facts.Snapshot {
	s := factstest.Healthy(3, facts.IPv4, facts.IPv6)
	looks(s, func(h *facts.HostLook) {
		own := s.Node(h.Node)
		h.Interfaces = append(h.Interfaces, facts.Interface{
			Name: "flannel-v6.1", Index: 9, Kind: "vxlan", MTU: 1430, Up: true,
			Vxlan: &facts.Vxlan{VNI: 1, Port: 8472, Local: own.Internal[1], Device: "eth0"},
		})
		for i := range h.Routes {
			if r := &h.Routes[i]; r.Dev == "flannel.1" && r.Family == facts.IPv6 {
				r.Dev = "flannel-v6.1"
			}
		}
	}, all()...)
	return s
}

func TestTunnelsThatFit(t *testing.T) {
	wireguard := factstest.Healthy(3)
	looks(wireguard, rebuilt("wireguard", 1420, func(*facts.Interface) {}), all()...)
	for i := range wireguard.Nodes {
		wireguard.Nodes[i].PodAgent.MTU = 1420
	}
	ipip := factstest.Healthy(3)
	looks(ipip, rebuilt("ipip", 1480, func(i *facts.Interface) { i.Parent = "eth0" }), all()...)
	gateways := factstest.Healthy(3)
	looks(gateways, func(h *facts.HostLook) {
		h.Interfaces = slices.DeleteFunc(h.Interfaces, func(i facts.Interface) bool { return i.Name == "flannel.1" })
		for i := range h.Routes {
			if h.Routes[i].Dev == "flannel.1" {
				h.Routes[i].Dev = "eth0"
			}
		}
	}, all()...)
	leftover := factstest.Healthy(3)
	looks(leftover, func(h *facts.HostLook) {
		h.Interfaces = append(h.Interfaces, facts.Interface{Name: "tunl0", Kind: "ipip", MTU: 9000, Up: true})
	}, "n2")
	factstest.Passes(t, []check.Check{mtu.Overlay()}, map[string]*facts.Snapshot{
		"WireGuard over the default route": wireguard, "IPIP": ipip, "host-gw": gateways, "a tunnel that nobody uses": leftover,
		"ten nodes": factstest.Healthy(10),
	})
	factstest.Expect(t, mtu.Overlay().Evaluate(gateways), check.Pass, "on 3 of 3 nodes pods fit what carries them; no tunnel carries pod traffic between the nodes")
}

func TestATunnelOfACNIWithItsOwnBlocksIsFound(t *testing.T) {
	s := factstest.Healthy(3)
	s.Cluster.PodCIDRs = nil
	for i := range s.Nodes {
		s.Nodes[i].PodCIDRs = nil
	}
	looks(s, resize("eth0", 1400), all()...)
	s.Matrices = nil
	if r := mtu.Overlay().Evaluate(s); r.Verdict != check.Fail {
		t.Errorf("%s %+v", r.Why, r.Findings)
	}
}

func TestATunnelThatDoesNotFit(t *testing.T) {
	s := factstest.Healthy(3)
	looks(s, resize("eth0", 1400), "n2")
	s.Matrices = nil
	r := mtu.Overlay().Evaluate(s)
	factstest.Expect(t, r, check.Fail, "on 2 of 3 nodes pods fit what carries them (VXLAN flannel.1)",
		"on n2: flannel.1 has MTU 1450, and VXLAN over IPv4 adds 50 bytes: that makes 1500, more than the 1400 of eth0 which carries it")
	if m := r.Findings[0].Remedy; m[1].Command != "ip link set dev eth0 mtu 1500" || m[1].Purpose != check.Repair {
		t.Errorf("the other nodes' interfaces are larger: %+v", m)
	}
	looks(s, resize("eth0", 1400), all()...)
	if r := mtu.Overlay().Evaluate(s); len(r.Findings) != 1 || r.Findings[0].Subject != "all nodes" {
		t.Errorf("one finding for all: %+v", r.Findings)
	} else if m := r.Findings[0].Remedy; m[1].Command != "ip link set dev flannel.1 mtu 1350" {
		t.Errorf("all interfaces are as small, so the tunnel is too large: %+v", m)
	}
	wireguard := factstest.Healthy(2, facts.IPv6)
	looks(wireguard, rebuilt("wireguard", 1440, func(*facts.Interface) {}), all()...)
	looks(wireguard, resize("cni0", 1440), all()...)
	wireguard.Matrices = nil
	if r := mtu.Overlay().Evaluate(wireguard); r.Verdict != check.Fail || !strings.Contains(r.Findings[0].Says, "WireGuard over IPv6 adds 80 bytes: that makes 1520") {
		t.Errorf("%+v", r.Findings)
	}
}

func TestATunnelTooLargeThroughWhichFullPacketsArriveIsAWarning(t *testing.T) {
	s := factstest.Healthy(3)
	looks(s, resize("flannel.1", 1480), "n2")
	if r := mtu.Overlay().Evaluate(s); r.Verdict != check.Warn || !strings.HasSuffix(r.Findings[0].Says, "cut in pieces on the way") {
		t.Errorf("%s %+v", r.Verdict, r.Findings)
	}
}

func TestPodsLargerThanTheTunnelAreAWarningUnlessPacketsVanish(t *testing.T) {
	s := dual()
	for _, row := range s.Matrix(factstest.Flow("pod>pod/pmtu/ipv6@main")).Rows {
		factstest.Set(s, "pod>pod/pmtu/ipv6@main", row.From.String(), "pod/n2", facts.Cell{Outcome: facts.TooBig}, &facts.Detail{PathMTU: 1430})
	}
	factstest.Expect(t, mtu.Overlay().Evaluate(s), check.Warn, "on 0 of 3 nodes pods fit what carries them (VXLAN flannel-v6.1, VXLAN flannel.1)",
		"on all nodes: pods have MTU 1450, and flannel-v6.1, which carries their IPv6 packets to other nodes, only 1430; the node tells the sender, so connections adapt")
	uneven := factstest.Healthy(3)
	looks(uneven, resize("flannel.1", 1400), "n3")
	factstest.Letters(uneven, pods, "...", "...", "TT.")
	r := mtu.Overlay().Evaluate(uneven)
	if r.Verdict != check.Fail || !slices.Equal(r.Findings[0].Nodes, []string{"n3"}) || !strings.Contains(r.Findings[0].Says, "vanish in silence") {
		t.Errorf("%s %+v", r.Verdict, r.Findings)
	}
}

func TestWhatWasNotSeenIsUnknown(t *testing.T) {
	s := factstest.Healthy(3)
	looks(s, func(h *facts.HostLook) { *h = facts.HostLook{Node: h.Node, Look: h.Look, NotRun: "exec: timed out"} }, "n2")
	factstest.Expect(t, mtu.Overlay().Evaluate(s), check.Unknown, "on n2: the MTUs could not be compared: exec: timed out",
		"on n2: the MTUs could not be compared: exec: timed out")
	factstest.Expect(t, mtu.Uniform().Evaluate(s), check.Unknown, "on n2: the MTUs could not be compared: exec: timed out",
		"on n2: the MTUs could not be compared: exec: timed out")
	s = factstest.Healthy(3)
	s.Node("n1").PodAgent = facts.Agent{}
	if r := mtu.Overlay().Evaluate(s); r.Verdict != check.Unknown || !strings.Contains(r.Why, "the MTU of its pods was not seen") {
		t.Errorf("%s: %s", r.Verdict, r.Why)
	}
	looks(s, func(h *facts.HostLook) {
		if h.Look == facts.Last {
			h.NotRun = "the deadline passed"
		}
	}, "n3")
	if r := mtu.Uniform().Evaluate(s); r.Verdict != check.Pass {
		t.Errorf("the first look serves where there is no last: %s %+v", r.Why, r.Findings)
	}
}

func TestUniformNamesTheOddOnes(t *testing.T) {
	s := factstest.Healthy(10)
	looks(s, resize("flannel.1", 1400), "n3", "n7")
	looks(s, resize("eth0", 9000), "n5")
	s.Node("n2").PodAgent.MTU = 1400
	factstest.Expect(t, mtu.Uniform().Evaluate(s), check.Warn,
		"MTUs over 10 nodes: bridge cni0 1450; interface with the node's address 1500 on 9 of 10; pods 1450 on 9 of 10; tunnel flannel.1 1450 on 8 of 10",
		"on n5: the MTU of the interface with the node's address is 9000; on 9 of 10 nodes it is 1500",
		"on n2: the MTU of the pods is 1400; on 9 of 10 nodes it is 1450",
		"on n3, n7: the MTU of the tunnel flannel.1 is 1400; on 8 of 10 nodes it is 1450")
	two := factstest.Healthy(2)
	looks(two, resize("eth0", 1400), "n2")
	r := mtu.Uniform().Evaluate(two)
	if r.Verdict != check.Warn || r.Findings[0].Says != "the MTU of the interface with the node's address is not the same on all nodes, and no size has a majority: 1400 on n2; 1500 on n1" {
		t.Errorf("%+v", r.Findings)
	}
}

func TestANodeAloneHasNothingToCompare(t *testing.T) {
	s := factstest.Healthy(1)
	factstest.Expect(t, mtu.Overlay().Evaluate(s), check.Skip, "one node in this cluster: no pod traffic leaves it, so no tunnel carries any")
	factstest.Expect(t, mtu.Uniform().Evaluate(s), check.Skip, "one node under test: there is no other to compare it with")
}

// links leaves of a snapshot what these checks read.
func links(s *facts.Snapshot, keys ...string) *facts.Snapshot {
	hosts := s.Hosts
	factstest.Trim(s, append(keys, "none")...)
	s.Cluster.CNIPods, s.Cluster.CNIPodsLast, s.Cluster.CNILogs, s.Cluster.Services, s.Further = nil, nil, nil, nil, nil
	for _, h := range hosts {
		if h.Look == facts.Last {
			s.Hosts = append(s.Hosts, facts.HostLook{Node: h.Node, Look: h.Look, NotRun: h.NotRun, Interfaces: h.Interfaces, Routes: h.Routes})
		}
	}
	return s
}

func TestRecordingsOfLinks(t *testing.T) {
	narrow, uneven, silent := factstest.Healthy(3), factstest.Healthy(3), factstest.Healthy(3)
	looks(narrow, resize("eth0", 1400), "n2")
	factstest.Letters(narrow, pods, ".T.", "T.T", ".T.")
	looks(uneven, resize("flannel.1", 1400), "n3")
	looks(silent, func(h *facts.HostLook) {
		*h = facts.HostLook{Node: h.Node, Look: h.Look, NotRun: "exec: the kubelet at 10.0.0.12:10250 did not answer within 10 s"}
	}, "n2")
	factstest.Recordings(t, mtu.Overlay(), *update, links(factstest.Healthy(3), pods), links(narrow, pods), links(silent, pods))
	factstest.Recordings(t, mtu.Uniform(), *update, links(factstest.Healthy(3)), links(uneven), links(silent))
}

func TestAnAddressOutsideEverythingHasNoHolder(t *testing.T) {
	s := factstest.Healthy(3)
	looks(s, func(h *facts.HostLook) {
		for i := range h.Interfaces {
			if v := h.Interfaces[i].Vxlan; v != nil {
				v.Device, v.Local = "", netip.MustParseAddr("192.0.2.77")
			}
		}
	}, all()...)
	if r := mtu.Overlay().Evaluate(s); r.Verdict != check.Pass {
		t.Errorf("the way to the peers carries it: %s %+v", r.Why, r.Findings)
	}
}
