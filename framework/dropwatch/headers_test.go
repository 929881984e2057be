package dropwatch

import (
	"context"
	"net"
	"net/netip"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/plumbline-net/plumbline/framework/facts"
	"github.com/plumbline-net/plumbline/framework/netlab"
)

func TestLaterFragmentsAreTakenByTheirAddresses(t *testing.T) {
	netlab.Require(t, "ip", "nft")
	for _, c := range []struct{ name, src, dst string }{
		{"IPv4", near4 + ":4000", far4 + ":9000"},
		{"IPv6", "[" + near6 + "]:4000", "[" + far6 + "]:9000"},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := newPair(t)
			// Before anything puts the fragments together.
			p.far.NFT(t, "table inet t { chain early { type filter hook prerouting priority -500; meta l4proto udp drop; ip6 nexthdr 44 drop; }; }")
			w, other := watchIn(t, p.far, flow(9000, "udp")), watchIn(t, p.far, flow(9000, "tcp"))
			send(t, p.near, c.src, c.dst, 1, 3500)
			none := func(of string) string { return netip.AddrPortFrom(netip.MustParseAddrPort(of).Addr(), 0).String() }
			expect(t, placed(t, stopAfter(t, w, 3)), []facts.KernelDrop{
				drop("NETFILTER_DROP", "", "udp", none(c.src), none(c.dst), 2),
				drop("NETFILTER_DROP", "", "udp", c.src, c.dst, 1),
			})
			expect(t, stopAfter(t, other, 0), []facts.KernelDrop{})
		})
	}
}

func TestExtensionHeadersArePassedOver(t *testing.T) {
	netlab.Require(t, "ip", "nft")
	p := newPair(t)
	p.far.NFT(t, "table inet t { chain input { type filter hook input priority 0; udp dport 9000 drop; }; }")
	w := watchIn(t, p.far, flow(9000, "udp"))
	// Headers of 16 bytes with an option to be skipped (RFC 4727: 0x1e is for experiments).
	option := string([]byte{0, 1, 0x1e, 12, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0})
	var failed error
	set := func(_, _ string, c syscall.RawConn) error {
		err := c.Control(func(fd uintptr) {
			for _, name := range []int{unix.IPV6_HOPOPTS, unix.IPV6_DSTOPTS} {
				if err := unix.SetsockoptString(int(fd), unix.IPPROTO_IPV6, name, option); err != nil {
					failed = err
				}
			}
		})
		return err
	}
	err := p.near.Do(func() error {
		c, err := (&net.ListenConfig{Control: set}).ListenPacket(context.Background(), "udp6", "["+near6+"]:4000")
		if err != nil {
			return err
		}
		defer func() { _ = c.Close() }()
		_, err = c.WriteTo([]byte("x"), net.UDPAddrFromAddrPort(netip.MustParseAddrPort("["+far6+"]:9000")))
		return err
	})
	if err != nil || failed != nil {
		t.Fatal(err, failed)
	}
	expect(t, placed(t, stopAfter(t, w, 1)), []facts.KernelDrop{drop("NETFILTER_DROP", "", "udp", "["+near6+"]:4000", "["+far6+"]:9000", 1)})
}
