package dropwatch

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/cilium/ebpf/btf"

	"github.com/plumbline-net/plumbline/framework/facts"
	"github.com/plumbline-net/plumbline/framework/netlab"
)

// TestEveryFilterIsTaken: the kernel takes no program with an instruction that is never
// reached, so each combination of questions has to be loaded, on a kernel that names
// the receiving socket and on one that does not.
func TestEveryFilterIsTaken(t *testing.T) {
	n := netlab.New(t, "alone")
	watchIn(t, n, Filter{}) // skips where nothing can be loaded
	kernel, err := btf.LoadKernelSpec()
	if err != nil {
		t.Fatal(err)
	}
	addrs := []netip.Addr{netip.MustParseAddr("127.0.0.1"), netip.MustParseAddr("127.0.0.1"), netip.MustParseAddr("::1")}
	for bits := range 16 {
		var f Filter
		if bits&1 != 0 {
			f.Addrs = addrs
		}
		if bits&2 != 0 {
			f.Ports = []uint16{53, 53, 9000}
		}
		if bits&4 != 0 {
			f.Protos = []string{"tcp", "udp", "icmp", "ipip", "esp"}
		}
		l, err := kernelLayout(kernel)
		if err != nil {
			t.Fatal(err)
		}
		l.receiver = l.receiver && bits&8 != 0
		protos, err := f.numbers()
		if err != nil {
			t.Fatal(err)
		}
		w := &Watch{layout: l}
		if err := w.start(f, protos, 1); err != nil {
			t.Errorf("%+v: %v", f, err)
		}
		w.close()
	}
}

func TestAWordThatIsNoProtocolIsRefused(t *testing.T) {
	_, err := Start(t.Context(), Filter{Protos: []string{"TCP"}})
	var unable *Unable
	if !errors.As(err, &unable) || unable.Lack != LackOther {
		t.Errorf("got %v", err)
	}
}

func TestTheEndOfTheContextEndsTheCounting(t *testing.T) {
	p := newPair(t)
	always := watchIn(t, p.far, flow(9000, "udp"))
	ctx, end := context.WithCancel(t.Context())
	var w *Watch
	if err := p.far.Do(func() (err error) { w, err = Start(ctx, flow(9000, "udp")); return err }); err != nil {
		t.Fatal(err)
	}
	send(t, p.near, near4+":4000", far4+":9000", 2, 10)
	poll(func() bool {
		drops, err := w.read()
		if err != nil {
			t.Fatal(err)
		}
		return sum(drops) >= 2
	})
	end()
	_ = w.detach() // returns when the one of the context is done
	send(t, p.near, near4+":4000", far4+":9000", 3, 10)
	if got := sum(stopAfter(t, always, 5)); got != 5 {
		t.Errorf("the other watch counted %d of 5", got)
	}
	drops, err := w.Stop()
	if err != nil || sum(drops) != 2 {
		t.Errorf("got %+v, %v", drops, err)
	}
}

func TestWhatDoesNotFitIsTold(t *testing.T) {
	netlab.Require(t, "ip", "nft")
	p := newPair(t)
	p.far.NFT(t, "table inet t { chain input { type filter hook input priority 0; meta l4proto udp drop; }; }")
	w := watchIn(t, p.far, flow(0, "udp"))
	const ports = maxCounted + 500
	err := p.near.Do(func() error {
		c, err := (&net.ListenConfig{}).ListenPacket(t.Context(), "udp", near4+":4000")
		if err != nil {
			return err
		}
		defer func() { _ = c.Close() }()
		for port := range ports {
			if _, err := c.WriteTo([]byte("x"), &net.UDPAddr{IP: net.ParseIP(far4), Port: 1000 + port}); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	var unable *Unable
	var drops []facts.KernelDrop
	poll(func() bool {
		drops, err = w.read()
		return errors.As(err, &unable) && strings.HasSuffix(unable.Says, "; 500 more packets did not fit")
	})
	if unable == nil || unable.Lack != LackRoom || unable.Says != "the kernel told 8192 different drops, of which the 256 most frequent are given; 500 more packets did not fit" {
		t.Errorf("got %v", err)
	}
	if len(drops) != maxGiven {
		t.Errorf("%d are given", len(drops))
	}
}

// TestAFullSocketDropsWhatDoesNotFit: a packet that waits in a UDP socket has no
// device any more (its field has another use), so the namespace is known by the socket.
func TestAFullSocketDropsWhatDoesNotFit(t *testing.T) {
	p := newPair(t)
	var listener net.PacketConn
	err := p.far.Do(func() (err error) {
		listener, err = (&net.ListenConfig{}).ListenPacket(t.Context(), "udp", far4+":9000")
		if err != nil {
			return err
		}
		return listener.(*net.UDPConn).SetReadBuffer(1)
	})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = listener.Close() }()
	w, other := watchIn(t, p.far, flow(9000, "udp")), watchIn(t, p.near, flow(9000, "udp"))
	const packets = 50
	send(t, p.near, near4+":4000", far4+":9000", packets, 1000)
	received := drain(t, listener)
	if received == packets {
		t.Fatal("everything fitted")
	}
	expect(t, placed(t, stopAfter(t, w, packets-received)), []facts.KernelDrop{
		drop("SOCKET_RCVBUFF", "", "udp", near4+":4000", far4+":9000", packets-received),
	})
	if w.layout.receiver {
		expect(t, stopAfter(t, other, 0), []facts.KernelDrop{})
	}
}

// drain counts what waits in a socket, until nothing more comes.
func drain(t *testing.T, c net.PacketConn) (packets int) {
	t.Helper()
	for {
		if err := c.SetReadDeadline(time.Now().Add(300 * time.Millisecond)); err != nil {
			t.Fatal(err)
		}
		if _, _, err := c.ReadFrom(make([]byte, 2000)); isTimeout(err) {
			return packets
		} else if err != nil {
			t.Fatal(err)
		}
		packets++
	}
}

func isTimeout(err error) bool {
	var e net.Error
	return errors.As(err, &e) && e.Timeout()
}
