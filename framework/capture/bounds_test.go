package capture

import (
	"errors"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/plumbline-net/plumbline/framework/facts"
	"github.com/plumbline-net/plumbline/framework/netlab"
	"github.com/plumbline-net/plumbline/framework/wire"
)

// loopback is a namespace with a server of its own.
func loopback(t *testing.T) (*netlab.Namespace, wire.Watch, func()) {
	t.Helper()
	n := netlab.New(t, "alone")
	at := netip.MustParseAddrPort("127.0.0.1:8080")
	serve(t, n, at)
	ask := between("127.0.0.1")
	return n, ask, func() {
		for range 20 {
			if err := exchange(t, n, "udp", at.String(), []byte("hello")); err != nil {
				t.Error(err)
			}
		}
	}
}

func TestBoundsThatAreReachedAreTold(t *testing.T) {
	cases := map[string]struct {
		change    func(*wire.Watch)
		packets   int // -1 is as many as there was time for
		captured  int // -1 is all
		truncated bool
	}{
		"none":                         {func(*wire.Watch) {}, 80, -1, false},
		"packets":                      {func(w *wire.Watch) { w.Packets = 7 }, 7, -1, true},
		"bytes, which end the capture": {func(w *wire.Watch) { w.Bytes = 700 }, 80, 4, true},
		"exactly as many packets":      {func(w *wire.Watch) { w.Packets = 80 }, 80, -1, false},
		"time":                         {func(w *wire.Watch) { w.Millis = 2000 }, -1, -1, true},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			n, ask, send := loopback(t)
			c.change(&ask)
			seen := watched(t, n, ask, send)
			if c.packets < 0 {
				c.packets = len(seen.Watch.Packets)
			}
			if len(seen.Watch.Packets) != c.packets || seen.Watch.Truncated != c.truncated {
				t.Errorf("%d packets, truncated %v", len(seen.Watch.Packets), seen.Watch.Truncated)
			}
			want := c.captured
			if want < 0 {
				want = c.packets
			}
			if got := len(parsed(t, seen.File)); got != want || len(seen.File) > ask.Bytes {
				t.Errorf("%d packets in %d bytes", got, len(seen.File))
			}
			if !slices.IsSortedFunc(seen.Watch.Packets, func(a, b facts.Sighting) int { return int(a.AtMicros - b.AtMicros) }) {
				t.Error("not in the order of time")
			}
		})
	}
}

func TestWithoutTheRightToWatchTheCountersAreAllThereIs(t *testing.T) {
	netlab.Require(t, "setpriv")
	n, ask, send := loopback(t)
	seen := watchedBy(t, n, ask, []string{"setpriv", "--bounding-set", "-net_raw,-net_admin", "--inh-caps", "-net_raw,-net_admin"}, send).Watch
	if !strings.Contains(seen.NotRun, "CAP_NET_RAW") || len(seen.Packets) > 0 || !strings.Contains(seen.NoGrowth, "nft") {
		t.Errorf("%+v", seen)
	}
}

func TestTheKernelHandsOverNothingOfOthers(t *testing.T) {
	n, ask, send := loopback(t)
	of := func(ask wire.Watch) *tap {
		code, err := filter(ask)
		if err != nil {
			t.Fatal(err)
		}
		var got *tap
		if err := n.Do(func() (err error) { got, err = openTap(code); return err }); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = got.close() })
		return got
	}
	own := of(ask)
	ask.Addrs = ask.Addrs[:2]
	others := of(ask)
	send()
	if _, err := own.waiting(); err != nil {
		t.Errorf("of its own: %v", err)
	}
	if f, err := others.waiting(); !errors.Is(err, unix.EAGAIN) {
		t.Errorf("of others: %+v %v", f, err)
	}
}

func TestAWatchWithoutBoundsOrAddressesIsRefused(t *testing.T) {
	for says, change := range map[string]func(*wire.Watch){
		"address": func(w *wire.Watch) { w.Addrs = nil }, "protocols": func(w *wire.Watch) { w.Protos = []string{"sctp"} },
		"time": func(w *wire.Watch) { w.Millis = 0 }, "packets": func(w *wire.Watch) { w.Packets = -1 }, "bytes": func(w *wire.Watch) { w.Bytes = 0 },
	} {
		ask := between()
		change(&ask)
		if _, err := Run(t.Context(), ask, func() { t.Error("it began") }, nil); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: %v", says, err)
		}
	}
}
