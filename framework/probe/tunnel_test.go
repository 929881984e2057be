package probe

import (
	"errors"
	"net"
	"net/netip"
	"os"
	"testing"
	"time"

	"github.com/plumbline-net/plumbline/framework/facts"
)

// TestNothingIsSentToTheOwnTunnel: no tunnel leads to its own node, and a plugin's
// filter may count, or tell of, what does not come from its peers.
func TestNothingIsSentToTheOwnTunnel(t *testing.T) {
	flow := facts.Flow{From: facts.FromHost, To: facts.ToTunnel, Via: facts.Tunnel, Family: facts.IPv4, Look: facts.Main}
	target := func(node string) (facts.Target, net.PacketConn) {
		c, err := new(net.ListenConfig).ListenPacket(t.Context(), "udp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = c.Close() })
		at := netip.MustParseAddrPort(c.LocalAddr().String())
		return facts.Target{ID: "tunnel/" + node, Node: node, Addr: at.Addr(), Port: at.Port(), Peers: []string{"host/" + node}}, c
	}
	own, heardOwn := target("n1")
	peer, heardPeer := target("n2")
	row := linesOf(t, planFor(flow, own, peer))[0].Row.Row
	if got := row.Cells[0].Outcome; got != facts.NotRun {
		t.Errorf("the own tunnel: %s", got)
	}
	if d := row.Detail(0); d == nil || len(d.Attempts) != 1 || d.Attempts[0].Note != noteItself {
		t.Errorf("%+v", d)
	}
	if got := row.Cells[1].Outcome; got != facts.Timeout {
		t.Errorf("the peer's tunnel: %s", got)
	}
	received := func(c net.PacketConn) error {
		if err := c.SetReadDeadline(time.Now().Add(100 * time.Millisecond)); err != nil {
			t.Fatal(err)
		}
		_, _, err := c.ReadFrom(make([]byte, 2048))
		return err
	}
	if err := received(heardOwn); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("the own tunnel was probed (%v)", err)
	}
	if err := received(heardPeer); err != nil {
		t.Errorf("the peer's tunnel was not probed: %v", err)
	}
}
