package probe_test

import (
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/plumbline-net/plumbline/framework/facts"
	"github.com/plumbline-net/plumbline/framework/netlab"
)

// segment is two hosts on one wire, the far one with an echo server.
//
//	near 10.3.0.1 ── 10.3.0.2 far
//	     fd03::1  ── fd03::2
type segment struct {
	near, far *netlab.Namespace
	ports     facts.Ports
}

func newSegment(t testing.TB) segment {
	t.Helper()
	s := segment{near: netlab.New(t, "near"), far: netlab.New(t, "far")}
	netlab.Join(t, s.near, "eth0", s.far, "eth0")
	s.near.IP(t, "address add 10.3.0.1/24 dev eth0\naddress add fd03::1/64 dev eth0 nodad")
	s.far.IP(t, "address add 10.3.0.2/24 dev eth0\naddress add fd03::2/64 dev eth0 nodad")
	s.ports = serveIn(t, s.far, "host/far")
	return s
}

func (s segment) target(addr string, port uint16) facts.Target {
	return facts.Target{ID: "host/far", Node: "far", Addr: netip.MustParseAddr(addr), Port: port, Peers: []string{"host/far"}}
}

func (s segment) drop(t testing.TB, rule string) {
	t.Helper()
	s.far.NFT(t, "table inet spoil {\n chain input {\n type filter hook input priority 0;\n "+rule+"\n }\n}")
}

func TestASeriesOfAHealthyWayLosesNothing(t *testing.T) {
	s := newSegment(t)
	for _, addr := range []string{"10.3.0.2", "fd03::2"} {
		got := probeOne(t, s.near, facts.Series, s.target(addr, s.ports.TCP))
		c := got.row.Series
		if got.Outcome != facts.OK || got.Partial || got.detail != nil || len(c) != 1 || c[0].Sent != 40 || c[0].Lost != 0 {
			t.Fatalf("%s: %+v %+v %+v", addr, got.Cell, c, got.detail)
		}
		if c[0].Median == 0 || c[0].P95 < c[0].Median || c[0].Worst < c[0].P95 || got.RTT != c[0].Median {
			t.Errorf("%s: figures %+v, cell %+v", addr, c[0], got.Cell)
		}
	}
}

func TestALossyWayIsSeenInItsSeriesAlsoWhereTheSYNIsSentAgain(t *testing.T) {
	s := newSegment(t)
	s.drop(t, "tcp flags & (syn|ack) == syn numgen inc mod 4 == 0 drop")
	got := probeOne(t, s.near, facts.Series, s.target("10.3.0.2", s.ports.TCP))
	c := got.row.Series[0]
	// Every fourth SYN is dropped, and each repetition is one more SYN.
	if got.Outcome != facts.OK || !got.Partial || c.Sent != 40 || c.Lost < 8 || c.Lost > 16 {
		t.Errorf("%+v %+v", got.Cell, c)
	}
	if c.P95 > 900_000 {
		t.Errorf("a lost attempt is among the answers: %+v", c)
	}
}

func TestASeriesToNobodyIsAllLost(t *testing.T) {
	s := newSegment(t)
	s.drop(t, "tcp dport 9 drop")
	for port, want := range map[uint16]facts.Outcome{9: facts.Timeout, s.ports.Closed: facts.Refused} {
		got := probeOne(t, s.near, facts.Series, s.target("10.3.0.2", port))
		c := got.row.Series[0]
		if got.Outcome != want || c.Sent != 40 || c.Lost != 40 || got.detail == nil || len(got.detail.Attempts) != 5 {
			t.Errorf("port %d: %+v %+v %+v", port, got.Cell, c, got.detail)
		}
	}
}

func TestALargeTransferGoesBothWays(t *testing.T) {
	s := newSegment(t)
	for _, addr := range []string{"10.3.0.2", "fd03::2"} {
		got := probeOne(t, s.near, facts.Bulk, s.target(addr, s.ports.TCP))
		if got.Outcome != facts.OK || got.detail != nil {
			t.Errorf("%s: %+v %+v", addr, got.Cell, got.detail)
		}
	}
}

func TestALargeTransferThatIsStuckSaysWhere(t *testing.T) {
	cases := map[string]struct{ hook, note string }{
		"large packets vanish on the way out":  {"input", "on the way out"},
		"large packets vanish on the way back": {"output", "on the way back"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			s := newSegment(t)
			// What leaves must be as large as the wire takes, not as the device cuts it.
			for _, n := range []*netlab.Namespace{s.near, s.far} {
				n.IP(t, "link set eth0 gso_max_segs 1 gso_max_size 1500 gro_max_size 1500")
			}
			s.far.NFT(t, "table inet spoil {\n chain c {\n type filter hook "+c.hook+" priority 0;\n ip length > 1400 drop\n }\n}")
			got := probeOne(t, s.near, facts.Bulk, s.target("10.3.0.2", s.ports.TCP))
			a := got.failed(t)
			if got.Outcome != facts.Timeout || !a.Connected || !strings.Contains(a.Note, c.note) {
				t.Errorf("%+v %+v", got.Cell, a)
			}
		})
	}
}

func TestALargeTransferToAClosedPortIsRefused(t *testing.T) {
	s := newSegment(t)
	got := probeOne(t, s.near, facts.Bulk, s.target("10.3.0.2", s.ports.Closed))
	if a := got.failed(t); got.Outcome != facts.Refused || a.Connected {
		t.Errorf("%+v %+v", got.Cell, a)
	}
}

func TestTheTunnelsPortIsHeardThoughTheKernelOwnsIt(t *testing.T) {
	s := newSegment(t)
	s.far.IP(t, "link add flannel.1 type vxlan id 1 dstport 8472 local 10.3.0.2 dev eth0 nolearning\nlink set flannel.1 up")
	s.far.IP(t, "link add flannel6.1 type vxlan id 1 dstport 8473 local fd03::2 dev eth0 nolearning\nlink set flannel6.1 up")
	for addr, port := range map[string]uint16{"10.3.0.2": 8472, "fd03::2": 8473} {
		got := probeOne(t, s.near, facts.Tunnel, s.target(addr, port))
		if got.Outcome != facts.OK || got.detail != nil {
			t.Errorf("%s: %+v %+v", addr, got.Cell, got.detail)
		}
	}
	unheld := probeOne(t, s.near, facts.Tunnel, s.target("10.3.0.2", 8475))
	if unheld.Outcome != facts.OK || unheld.detail == nil || unheld.detail.Attempts[0].ICMP == nil {
		t.Errorf("nothing holds the port: %+v %+v", unheld.Cell, unheld.detail)
	}
	s.drop(t, "udp dport { 8472, 8473 } drop")
	for addr, port := range map[string]uint16{"10.3.0.2": 8472, "fd03::2": 8473} {
		got := probeOne(t, s.near, facts.Tunnel, s.target(addr, port))
		if got.Outcome != facts.Timeout {
			t.Errorf("%s, dropped on INPUT: %+v %+v", addr, got.Cell, got.detail)
		}
	}
}

func TestARejectedTunnelPortIsNotTakenForSilence(t *testing.T) {
	s := newSegment(t)
	s.drop(t, "udp dport 8472 reject with icmp type admin-prohibited")
	got := probeOne(t, s.near, facts.Tunnel, s.target("10.3.0.2", 8472))
	if a := got.failed(t); got.Outcome != facts.Unreachable || a.ICMP == nil || a.ICMP.Code != 13 {
		t.Errorf("%+v %+v", got.Cell, a)
	}
}

func TestARPFindsEveryOwnerOfAnAddress(t *testing.T) {
	bridge, near := netlab.New(t, "bridge"), netlab.New(t, "near")
	one, two := netlab.New(t, "one"), netlab.New(t, "two")
	bridge.IP(t, "link add br0 type bridge\nlink set br0 up")
	for name, n := range map[string]*netlab.Namespace{"near": near, "one": one, "two": two} {
		netlab.Join(t, n, "eth0", bridge, name)
		bridge.IP(t, "link set "+name+" master br0")
	}
	near.IP(t, "address add 10.4.0.1/24 dev eth0\nroute add default via 10.4.0.254")
	one.IP(t, "link set eth0 address 02:00:00:00:00:11\naddress add 10.4.0.2/24 dev eth0\naddress add 10.4.0.3/24 dev eth0\naddress add 10.4.0.1/24 dev eth0")
	two.IP(t, "link set eth0 address 02:00:00:00:00:22\naddress add 10.4.0.2/24 dev eth0")
	cases := map[string]struct {
		addr string
		want facts.Outcome
		met  []string
	}{
		"an address that two hosts have":    {"10.4.0.2", facts.OK, []string{"02:00:00:00:00:11", "02:00:00:00:00:22"}},
		"an address that one host has":      {"10.4.0.3", facts.OK, []string{"02:00:00:00:00:11"}},
		"the own one, which another has":    {"10.4.0.1", facts.OK, []string{"02:00:00:00:00:11"}},
		"an address that nobody has":        {"10.4.0.9", facts.Timeout, nil},
		"an address behind a gateway":       {"10.9.0.1", facts.NotRun, nil},
		"an address of the loopback device": {"127.0.0.1", facts.NotRun, nil},
	}
	var targets []facts.Target
	var names []string
	for name, c := range cases {
		names = append(names, name)
		targets = append(targets, facts.Target{ID: name, Addr: netip.MustParseAddr(c.addr)})
	}
	flow := flowOf(facts.ARP, targets[0].Addr)
	row := probeIn(t, near, planOf(flow, targets...))[flow]
	for i, name := range names {
		c, d := cases[name], row.Detail(i)
		if d == nil || row.Cells[i].Outcome != c.want || !slices.Equal(d.Met, c.met) {
			t.Errorf("%s: %+v %+v", name, row.Cells[i], d)
		}
	}
	two.IP(t, "address add 10.4.0.77/24 dev eth0")
	own := probeOne(t, two, facts.ARP, facts.Target{ID: "own", Addr: netip.MustParseAddr("10.4.0.77")})
	if own.Outcome != facts.OK || own.detail == nil || len(own.detail.Met) != 0 {
		t.Errorf("the own address, which nobody else has: %+v %+v", own.Cell, own.detail)
	}
}
