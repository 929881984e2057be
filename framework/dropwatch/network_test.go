package dropwatch

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"regexp"
	"slices"
	"syscall"
	"testing"
	"time"

	"github.com/plumbline-net/plumbline/framework/facts"
	"github.com/plumbline-net/plumbline/framework/netlab"
)

// pair is two namespaces with both families between them.
type pair struct{ near, far *netlab.Namespace }

const (
	near4, far4 = "10.77.0.1", "10.77.0.2"
	near6, far6 = "fd77::1", "fd77::2"
)

func newPair(t *testing.T) pair {
	t.Helper()
	p := pair{netlab.New(t, "near"), netlab.New(t, "far")}
	netlab.Join(t, p.near, "eth0", p.far, "eth0")
	p.near.IP(t, "addr add "+near4+"/24 dev eth0\naddr add "+near6+"/64 dev eth0 nodad")
	p.far.IP(t, "addr add "+far4+"/24 dev eth0\naddr add "+far6+"/64 dev eth0 nodad")
	return p
}

// watchIn starts a watch in a namespace. It skips only where this machine cannot
// do it, in the watch's own words.
func watchIn(t *testing.T, n *netlab.Namespace, f Filter) *Watch {
	t.Helper()
	var w *Watch
	err := n.Do(func() (err error) {
		w, err = Start(t.Context(), f)
		return err
	})
	var unable *Unable
	if errors.As(err, &unable) && slices.Contains([]Lack{LackReason, LackBTF, LackCapabilities, LackPermission}, unable.Lack) {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(w.close)
	return w
}

// flow is the filter of everything between the two, on a port.
func flow(port uint16, protos ...string) Filter {
	f := Filter{Protos: protos}
	for _, a := range []string{near4, far4, near6, far6} {
		f.Addrs = append(f.Addrs, netip.MustParseAddr(a))
	}
	if port != 0 {
		f.Ports = []uint16{port}
	}
	return f
}

// send sends UDP packets one by one. A refusal that came for the one before is no
// failure of this one, and EPERM is what a rule on the way out answers.
func send(t *testing.T, from *netlab.Namespace, src, dst string, count, size int) {
	t.Helper()
	err := from.Do(func() error {
		c, err := (&net.ListenConfig{}).ListenPacket(context.Background(), "udp", src)
		if err != nil {
			return err
		}
		defer func() { _ = c.Close() }()
		to := net.UDPAddrFromAddrPort(netip.MustParseAddrPort(dst))
		for range count {
			if _, err := c.WriteTo(make([]byte, size), to); err != nil && !errors.Is(err, syscall.ECONNREFUSED) && !errors.Is(err, syscall.EPERM) {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatalf("sending from %s to %s: %v", src, dst, err)
	}
}

// stopAfter waits until so many packets are counted, and stops. More than that shows
// in what it gives.
func stopAfter(t *testing.T, w *Watch, packets int) []facts.KernelDrop {
	t.Helper()
	poll(func() bool {
		drops, err := w.read()
		if err != nil {
			t.Fatal(err)
		}
		return sum(drops) >= packets
	})
	drops, err := w.Stop()
	if err != nil {
		t.Fatal(err)
	}
	return drops
}

// poll asks until the answer is yes, or five seconds are over; what is wrong then shows
// in what is compared afterwards.
func poll(enough func() bool) {
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for end := time.Now().Add(5 * time.Second); !enough() && time.Now().Before(end); <-tick.C {
	}
}

func sum(drops []facts.KernelDrop) (packets int) {
	for _, d := range drops {
		packets += d.Count
	}
	return packets
}

// placed takes the functions away, which differ between releases of the kernel (a rule's
// drop is nf_hook_slow's in one and nft_do_chain's in another), and misses none.
func placed(t *testing.T, drops []facts.KernelDrop) []facts.KernelDrop {
	t.Helper()
	for i := range drops {
		if !regexp.MustCompile(`^[a-z_][a-z0-9_]+$`).MatchString(drops[i].Function) {
			t.Errorf("without the place in the kernel: %+v", drops[i])
		}
		drops[i].Function = ""
	}
	return drops
}

func expect(t *testing.T, got, want []facts.KernelDrop) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
}

func drop(reason, function, proto, src, dst string, count int) facts.KernelDrop {
	return facts.KernelDrop{
		Reason: reason, Function: function, Proto: proto,
		Src: netip.MustParseAddrPort(src), Dst: netip.MustParseAddrPort(dst), Count: count,
	}
}

func TestPacketsDroppedByARuleAreCountedExactly(t *testing.T) {
	netlab.Require(t, "ip", "nft")
	for _, c := range []struct{ name, src, dst, host string }{
		{"IPv4", near4 + ":4000", far4 + ":9000", far4},
		{"IPv6", "[" + near6 + "]:4000", "[" + far6 + "]:9000", far6},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := newPair(t)
			p.far.NFT(t, "table inet t { chain input { type filter hook input priority 0; udp dport { 9000, 9001 } drop; }; }")
			w := watchIn(t, p.far, flow(9000, "udp"))
			other := watchIn(t, p.near, flow(9000, "udp"))
			send(t, p.near, c.src, netip.AddrPortFrom(netip.MustParseAddr(c.host), 9001).String(), 3, 10) // another flow
			send(t, p.near, c.src, c.dst, 7, 10)
			expect(t, placed(t, stopAfter(t, w, 7)), []facts.KernelDrop{drop("NETFILTER_DROP", "", "udp", c.src, c.dst, 7)})
			// The sender's namespace dropped nothing.
			expect(t, stopAfter(t, other, 0), []facts.KernelDrop{})
		})
	}
}

func TestPacketsOnTheirWayOutAreKnownByTheirSocket(t *testing.T) {
	netlab.Require(t, "ip", "nft")
	p := newPair(t)
	p.near.NFT(t, "table inet t { chain output { type filter hook output priority 0; udp dport 9000 drop; }; }")
	w, other := watchIn(t, p.near, flow(9000, "udp")), watchIn(t, p.far, flow(9000, "udp"))
	send(t, p.near, near4+":4000", far4+":9000", 6, 10)
	expect(t, placed(t, stopAfter(t, w, 6)), []facts.KernelDrop{drop("NETFILTER_DROP", "", "udp", near4+":4000", far4+":9000", 6)})
	expect(t, stopAfter(t, other, 0), []facts.KernelDrop{})
}

func TestAClosedPortHasNoSocket(t *testing.T) {
	p := newPair(t)
	w := watchIn(t, p.far, flow(9000, "udp"))
	send(t, p.near, near4+":4000", far4+":9000", 4, 10)
	send(t, p.near, "["+near6+"]:4000", "["+far6+"]:9000", 3, 10)
	expect(t, placed(t, stopAfter(t, w, 7)), []facts.KernelDrop{
		drop("NO_SOCKET", "", "udp", near4+":4000", far4+":9000", 4),
		drop("NO_SOCKET", "", "udp", "["+near6+"]:4000", "["+far6+"]:9000", 3),
	})
}

func TestAForeignSourceIsRefusedByTheReversePathFilter(t *testing.T) {
	p := newPair(t)
	p.near.IP(t, "addr add 10.88.0.1/32 dev lo")
	p.far.Set(t, "net/ipv4/conf/all/rp_filter", "1")
	f := flow(9000, "udp")
	f.Addrs = append(f.Addrs, netip.MustParseAddr("10.88.0.1"))
	w := watchIn(t, p.far, f)
	// The filter refuses ARP from there as well, so the neighbour has to be known before.
	send(t, p.near, near4+":4000", far4+":9001", 1, 10)
	send(t, p.near, "10.88.0.1:4000", far4+":9000", 5, 10)
	expect(t, placed(t, stopAfter(t, w, 5)), []facts.KernelDrop{drop("IP_RPFILTER", "", "udp", "10.88.0.1:4000", far4+":9000", 5)})
}

func TestATCPConnectionToAClosedPortHasNoSocket(t *testing.T) {
	p := newPair(t)
	w := watchIn(t, p.far, flow(9000, "tcp"))
	err := p.near.Do(func() error {
		d := net.Dialer{LocalAddr: net.TCPAddrFromAddrPort(netip.MustParseAddrPort(near4 + ":4000"))}
		_, err := d.DialContext(t.Context(), "tcp", far4+":9000")
		return err
	})
	if !errors.Is(err, syscall.ECONNREFUSED) {
		t.Fatalf("connecting to a closed port: %v", err)
	}
	expect(t, placed(t, stopAfter(t, w, 1)), []facts.KernelDrop{drop("NO_SOCKET", "", "tcp", near4+":4000", far4+":9000", 1)})
}
