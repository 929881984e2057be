package capture

import (
	"errors"
	"net/netip"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/plumbline-net/plumbline/framework/facts"
	"github.com/plumbline-net/plumbline/framework/netlab"
	"github.com/plumbline-net/plumbline/framework/wire"
)

const port = 8080

var labPodA, labPodB = netip.MustParseAddr("10.244.1.5"), netip.MustParseAddr("10.244.2.7")

// between watches the pods' port.
func between(addrs ...string) wire.Watch {
	ask := wire.Watch{
		Addrs: []netip.Addr{labPodA, labPodB}, Ports: []uint16{port}, Protos: []string{"tcp", "udp", "icmp"}, TunnelPorts: []uint16{8472},
		Millis: longWatch, Packets: 1000, Bytes: 1 << 20, Capture: true,
	}
	for _, a := range addrs {
		ask.Addrs = append(ask.Addrs, netip.MustParseAddr(a))
	}
	return ask
}

func udp(s facts.Sighting) bool { return s.Proto == "udp" }

func equal(t *testing.T, got, want string) {
	t.Helper()
	want = strings.ReplaceAll(strings.TrimSpace(want), "\t", "")
	if got != want {
		t.Errorf("seen\n%s\nexpected\n%s", got, want)
	}
}

func TestAFlowThroughATunnelIsSeenOnEveryInterfaceOfBothNodes(t *testing.T) {
	c := newCluster(t)
	serve(t, c.pod[1], netip.AddrPortFrom(labPodB, port))
	send := func() {
		if err := exchange(t, c.pod[0], "udp", "10.244.2.7:8080", []byte("hello")); err != nil {
			t.Error(err)
		}
	}
	var far told
	near := watched(t, c.node[0], between(), func() { far = watched(t, c.node[1], between(), send) })
	for name, seen := range map[string]told{"near": near, "far": far} {
		if seen.Watch.Truncated || seen.Watch.NotRun != "" {
			t.Errorf("%s: %+v", name, seen.Watch)
		}
		if got := parsed(t, seen.File); len(got) != len(seen.Watch.Packets) {
			t.Errorf("%s: %d packets are captured, %d seen", name, len(got), len(seen.Watch.Packets))
		}
	}
	equal(t, way(near.Watch.Packets, udp), `
		vethpod(veth) in 10.244.1.5>10.244.2.7
		cni0(bridge) in 10.244.1.5>10.244.2.7
		flannel.1(vxlan) out 10.244.1.5>10.244.2.7
		eth0(veth) out 10.244.1.5>10.244.2.7 vxlan 1 192.0.2.11>192.0.2.12:8472
		eth0(veth) in 10.244.2.7>10.244.1.5 vxlan 1 192.0.2.12>192.0.2.11:8472
		flannel.1(vxlan) in 10.244.2.7>10.244.1.5
		cni0(bridge) out 10.244.2.7>10.244.1.5
		vethpod(veth) out 10.244.2.7>10.244.1.5`)
	equal(t, way(far.Watch.Packets, udp), `
		eth0(veth) in 10.244.1.5>10.244.2.7 vxlan 1 192.0.2.11>192.0.2.12:8472
		flannel.1(vxlan) in 10.244.1.5>10.244.2.7
		cni0(bridge) out 10.244.1.5>10.244.2.7
		vethpod(veth) out 10.244.1.5>10.244.2.7
		vethpod(veth) in 10.244.2.7>10.244.1.5
		cni0(bridge) in 10.244.2.7>10.244.1.5
		flannel.1(vxlan) out 10.244.2.7>10.244.1.5
		eth0(veth) out 10.244.2.7>10.244.1.5 vxlan 1 192.0.2.12>192.0.2.11:8472`)
	for i := 1; i < 4; i++ {
		if p := near.Watch.Packets; p[i].ID != p[0].ID || p[i].Length != 33 || p[i].Src != p[0].Src || p[i].AtMicros < p[i-1].AtMicros {
			t.Errorf("one packet is seen as %+v and as %+v", p[0], p[i])
		}
	}
}

func TestAConnectionIsSeenWithItsFlagsAndNumbers(t *testing.T) {
	c := newCluster(t)
	serve(t, c.pod[1], netip.AddrPortFrom(labPodB, port))
	seen := watched(t, c.node[0], between(), func() {
		_ = exchange(t, c.pod[0], "tcp", "10.244.2.7:8080", []byte("hello")) // it is closed at once
		if err := exchange(t, c.pod[0], "ip4:icmp", "10.244.2.7", []byte{8, 0, 0xf7, 0xe9, 0, 9, 0, 13}); err != nil {
			t.Error(err)
		}
	}).Watch
	var flags, echoes []string
	var syn facts.Sighting
	for _, s := range seen.Packets {
		switch {
		case s.Dev != "flannel.1":
		case s.Proto == "tcp":
			flags = append(flags, s.Flags)
			if s.Flags == "SYN ACK" && s.Ack != syn.Seq+1 {
				t.Errorf("%+v does not answer %+v", s, syn)
			}
			if s.Flags == "SYN" {
				syn = s
			}
		case s.Proto == "icmp" && s.ID == 13:
			echoes = append(echoes, s.ICMP)
		}
	}
	if len(flags) < 4 || !slices.Equal(flags[:3], []string{"SYN", "SYN ACK", "ACK"}) || !slices.Contains(flags, "PSH ACK") {
		t.Errorf("%q", flags)
	}
	if !slices.Equal(echoes, []string{"echo request", "echo reply"}) {
		t.Errorf("%q", echoes)
	}
}

func TestRewrittenAddressesAreSeen(t *testing.T) {
	netlab.Require(t, "nft")
	c := newCluster(t)
	serve(t, c.pod[1], netip.AddrPortFrom(labPodB, port))
	c.node[0].NFT(t, `table ip rewrite {
		chain in { type nat hook prerouting priority -100; ip daddr 10.96.0.10 counter dnat to 10.244.2.7; }
		chain out { type nat hook postrouting priority 100; oifname "flannel.1" counter masquerade; }
	}`)
	seen := watched(t, c.node[0], between("10.96.0.10", "10.244.1.0"), func() {
		if err := exchange(t, c.pod[0], "udp", "10.96.0.10:8080", []byte("hello")); err != nil {
			t.Error(err)
		}
	}).Watch
	equal(t, way(seen.Packets, udp), `
		vethpod(veth) in 10.244.1.5>10.96.0.10
		cni0(bridge) in 10.244.1.5>10.96.0.10
		flannel.1(vxlan) out 10.244.1.0>10.244.2.7
		eth0(veth) out 10.244.1.0>10.244.2.7 vxlan 1 192.0.2.11>192.0.2.12:8472
		eth0(veth) in 10.244.2.7>10.244.1.0 vxlan 1 192.0.2.12>192.0.2.11:8472
		flannel.1(vxlan) in 10.244.2.7>10.244.1.0
		cni0(bridge) out 10.96.0.10>10.244.1.5
		vethpod(veth) out 10.96.0.10>10.244.1.5`)
	if !slices.ContainsFunc(seen.Growth, func(g facts.Growth) bool {
		return g.What == "nft, table ip rewrite, chain in, rule 1" && g.After == g.Before+1 && strings.Contains(g.Text, "10.96.0.10")
	}) {
		t.Errorf("the rule that rewrites has not moved: %+v", seen.Growth)
	}
}

func TestARuleThatDropsStandsFirstInWhatMoved(t *testing.T) {
	netlab.Require(t, "nft", "iptables-nft", "iptables-nft-save")
	c := newCluster(t)
	c.node[0].NFT(t, `table inet guard {
		chain forward { type filter hook forward priority -5; counter; ip daddr 10.244.2.7 udp dport 8080 counter drop; }
	}`)
	for _, rule := range []string{"-A OUTPUT -p icmp -j ACCEPT", "-I FORWARD -p tcp --dport 8080 -j REJECT"} {
		if err := c.node[0].Do(exec.CommandContext(t.Context(), "iptables-nft", strings.Fields(rule)...).Run); err != nil {
			t.Fatalf("iptables-nft %s: %v", rule, err)
		}
	}
	seen := watched(t, c.node[0], between(), func() {
		if err := errors.Join(exchange(t, c.pod[0], "udp", "10.244.2.7:8080", []byte("hello"))); err == nil {
			t.Error("it was answered")
		}
		if err := exchange(t, c.pod[0], "tcp", "10.244.2.7:8080", []byte("hello")); err == nil {
			t.Error("it was answered")
		}
	}).Watch
	if len(seen.Growth) < 3 {
		t.Fatalf("%+v", seen)
	}
	moved := map[string]facts.Growth{}
	for _, g := range seen.Growth[:2] {
		moved[g.What] = g
	}
	if g := moved["iptables-nft-save, table filter, chain FORWARD, rule 1"]; g.After <= g.Before || !strings.Contains(g.Text, "-j REJECT") {
		t.Errorf("%+v", seen.Growth)
	}
	if g := moved["nft, table inet guard, chain forward, rule 2"]; g.After != g.Before+1 || !strings.Contains(g.Text, "drop") {
		t.Errorf("%+v", seen.Growth)
	}
	equal(t, way(seen.Packets, udp), `
		vethpod(veth) in 10.244.1.5>10.244.2.7
		cni0(bridge) in 10.244.1.5>10.244.2.7`)
	if !slices.ContainsFunc(seen.Packets, func(s facts.Sighting) bool {
		return s.ICMP == "port unreachable (3/3)" && s.Dev == "vethpod" && s.Out && s.Src.Addr() == netip.MustParseAddr("10.244.1.1")
	}) {
		t.Errorf("the refusal is not seen: %+v", seen.Packets)
	}
}
