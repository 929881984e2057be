package capture

import (
	"fmt"
	"net/netip"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/plumbline-net/plumbline/framework/facts"
	"github.com/plumbline-net/plumbline/framework/netlab"
)

// twoNodes are joined by eth0, with addresses of both families.
func twoNodes(t *testing.T) (n [2]*netlab.Namespace) {
	t.Helper()
	n[0], n[1] = netlab.New(t, "a"), netlab.New(t, "b")
	netlab.Join(t, n[0], "eth0", n[1], "eth0")
	for i := range n {
		n[i].IP(t, fmt.Sprintf("address add 192.0.2.1%d/24 dev eth0\naddress add 2001:db8::1%[1]d/64 dev eth0 nodad", i+1))
	}
	return n
}

func TestIPv6InATunnelOverIPv6IsSeen(t *testing.T) {
	n := twoNodes(t)
	for i := range n {
		n[i].IP(t, fmt.Sprintf(`
			link add tunnel type vxlan id 3 dstport 4789 local 2001:db8::1%[1]d remote 2001:db8::1%[2]d dev eth0
			link set tunnel up
			address add fd00::%[1]d/64 dev tunnel nodad`, i+1, 2-i))
	}
	far := netip.MustParseAddrPort("[fd00::2]:8080")
	serve(t, n[1], far)
	ask := between("fd00::1", "fd00::2")
	ask.TunnelPorts = []uint16{4789}
	seen := watched(t, n[0], ask, func() {
		if err := exchange(t, n[0], "udp", far.String(), make([]byte, 1600)); err != nil {
			t.Error(err)
		}
	}).Watch
	// The message is larger than the tunnel's packets: each side sends two fragments.
	var want strings.Builder
	step := func(dev, kind, direction, ends, outer string) {
		fmt.Fprintf(&want, "%s(%s) %s %s%s\n", dev, kind, direction, ends, outer)
	}
	for range 2 {
		step("tunnel", "vxlan", "out", "fd00::1>fd00::2", "")
		step("eth0", "veth", "out", "fd00::1>fd00::2", " vxlan 3 2001:db8::11>[2001:db8::12]:4789")
	}
	for range 2 {
		step("eth0", "veth", "in", "fd00::2>fd00::1", " vxlan 3 2001:db8::12>[2001:db8::11]:4789")
		step("tunnel", "vxlan", "in", "fd00::2>fd00::1", "")
	}
	sorted := func(s string) string { // fragments may be sent before the first is seen further on
		lines := strings.Split(strings.TrimSpace(s), "\n")
		slices.Sort(lines)
		return strings.Join(lines, "\n")
	}
	equal(t, sorted(way(seen.Packets, udp)), sorted(want.String()))
	if p := seen.Packets; len(p) > 2 && (p[0].ID == 0 || p[0].ID != p[2].ID || p[2].Src.Port() != 0) {
		t.Errorf("%+v\n%+v", p[0], p[2])
	}
}

// TestGeneveAndIPIPPassTheKernelsFilter sends such packets by hand, as not every
// kernel has these devices.
func TestGeneveAndIPIPPassTheKernelsFilter(t *testing.T) {
	n := twoNodes(t)
	inner := packet(t, ip(podA, podB, 17), udpTo(port))
	ask := asked()
	ask.Millis = longWatch
	seen := watched(t, n[1], ask, func() {
		geneveHeader := []byte{0, 0, 0x08, 0x00, 0, 0, 5, 0}
		_ = exchange(t, n[0], "udp", "192.0.2.12:6081", append(geneveHeader, inner...)) // nobody answers
		_ = exchange(t, n[0], "ip4:4", "192.0.2.12", inner)
	}).Watch
	of := func(s facts.Sighting) bool { return s.Proto == "udp" && !s.Out }
	equal(t, way(seen.Packets, of), `
		eth0(veth) in 10.244.1.5>10.244.2.7 geneve 5 192.0.2.11>192.0.2.12:6081
		eth0(veth) in 10.244.1.5>10.244.2.7 ipip 0 192.0.2.11>192.0.2.12:0`)
	// The node refuses both, quoting them whole: those refusals belong to the flow.
	if !slices.ContainsFunc(seen.Packets, func(s facts.Sighting) bool { return s.ICMP == "port unreachable (3/3)" && s.Out }) {
		t.Errorf("%+v", seen.Packets)
	}
}

func TestAnInterfaceThatComesLaterHasItsName(t *testing.T) {
	n := twoNodes(t)
	to := netip.MustParseAddrPort("203.0.113.2:8080")
	ask := between("203.0.113.1", "203.0.113.2")
	seen := watched(t, n[0], ask, func() {
		netlab.Join(t, n[0], "later0", n[1], "later0")
		n[0].IP(t, "address add 203.0.113.1/24 dev later0")
		n[1].IP(t, "address add 203.0.113.2/24 dev later0")
		serve(t, n[1], to)
		if err := exchange(t, n[0], "udp", to.String(), []byte("hello")); err != nil {
			t.Error(err)
		}
	}).Watch
	equal(t, way(seen.Packets, udp), `
		later0(veth) out 203.0.113.1>203.0.113.2
		later0(veth) in 203.0.113.2>203.0.113.1`)
}

func TestPromiscuousModeStaysOff(t *testing.T) {
	n := twoNodes(t)
	watched(t, n[0], between(), func() {
		var out strings.Builder
		c := exec.CommandContext(t.Context(), "ip", "-details", "link", "show")
		c.Stdout = &out
		if err := n[0].Do(c.Run); err != nil {
			t.Fatal(err)
		}
		if got := strings.Count(out.String(), "promiscuity 0"); got != strings.Count(out.String(), "promiscuity") || got == 0 {
			t.Error(out.String())
		}
	})
}
