package dropwatch

import (
	"io"
	"net"
	"net/netip"
	"testing"

	"github.com/plumbline-net/plumbline/framework/facts"
)

// TestAHealthyFlowIsNotThrownAway: the kernel frees a packet with the same function when
// it was delivered; that must not look like a drop, nor may opening and closing.
func TestAHealthyFlowIsNotThrownAway(t *testing.T) {
	for _, c := range []struct{ name, at string }{{"IPv4", far4 + ":9000"}, {"IPv6", "[" + far6 + "]:9000"}} {
		t.Run(c.name, func(t *testing.T) {
			p := newPair(t)
			near, far := watchIn(t, p.near, flow(0)), watchIn(t, p.far, flow(0))
			listener, answerer := serveEcho(t, p, c.at)
			defer func() { _ = listener.Close() }()
			defer func() { _ = answerer.Close() }()
			for _, network := range []string{"tcp", "udp"} {
				for range 5 {
					echo(t, p, network, c.at)
				}
			}
			// A drop that is counted behind it shows that everything before is counted.
			send(t, p.near, netip.AddrPortFrom(sourceOf(c.at), 4000).String(), netip.AddrPortFrom(netip.MustParseAddrPort(c.at).Addr(), 9001).String(), 1, 10)
			got := placed(t, stopAfter(t, far, 1))
			expect(t, got, []facts.KernelDrop{drop("NO_SOCKET", "", "udp",
				netip.AddrPortFrom(sourceOf(c.at), 4000).String(), netip.AddrPortFrom(netip.MustParseAddrPort(c.at).Addr(), 9001).String(), 1)})
			for _, d := range stopAfter(t, near, 0) {
				if d.Proto != "icmp" { // the answer of the closed port meets no socket either
					t.Errorf("the sender's side: %+v", d)
				}
			}
		})
	}
}

func sourceOf(at string) netip.Addr {
	if netip.MustParseAddrPort(at).Addr().Is4() {
		return netip.MustParseAddr(near4)
	}
	return netip.MustParseAddr(near6)
}

// serveEcho answers TCP and UDP in the far namespace.
func serveEcho(t *testing.T, p pair, at string) (net.Listener, net.PacketConn) {
	t.Helper()
	var listener net.Listener
	var answerer net.PacketConn
	err := p.far.Do(func() (err error) {
		if listener, err = (&net.ListenConfig{}).Listen(t.Context(), "tcp", at); err != nil {
			return err
		}
		answerer, err = (&net.ListenConfig{}).ListenPacket(t.Context(), "udp", at)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	go func() {
		for {
			c, err := listener.Accept()
			if err != nil {
				return
			}
			_, _ = io.Copy(c, c)
			_ = c.Close()
		}
	}()
	go func() {
		buffer := make([]byte, 2000)
		for {
			n, from, err := answerer.ReadFrom(buffer)
			if err != nil {
				return
			}
			_, _ = answerer.WriteTo(buffer[:n], from)
		}
	}()
	return listener, answerer
}

// echo sends something and waits for it to come back.
func echo(t *testing.T, p pair, network, at string) {
	t.Helper()
	var c net.Conn
	err := p.near.Do(func() (err error) {
		c, err = (&net.Dialer{}).DialContext(t.Context(), network, at)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.Close() }()
	sent := make([]byte, 1000)
	if _, err := c.Write(sent); err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadFull(c, sent); err != nil {
		t.Fatal(err)
	}
}
