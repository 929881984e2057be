package probe_test

import (
	"testing"

	"github.com/plumbline-net/plumbline/framework/facts"
)

// narrow makes the path to some addresses of the server smaller than the link.
func (r routed) narrow(t testing.TB) {
	t.Helper()
	// A route with an MTU of its own is told to the sender: fragmentation needed, packet too big.
	r.router.IP(t, `
		route add `+at(4, 30)+`/32 dev right mtu 1300
		route add `+at(6, 30)+`/128 dev right mtu 1300`)
	// A rule that drops what is larger is silent: a black hole.
	r.router.NFT(t, `
		table inet narrow {
			chain forward {
				type filter hook forward priority 0;
				ip daddr 10.2.0.31 meta length > 1337 drop
				ip6 daddr fd02::31 meta length > 1380 drop
				ip daddr 10.2.0.32 drop
				ip daddr 10.2.0.33 meta length > 1450 numgen inc mod 2 == 0 drop
			}
		}`)
	// A route of our own with an MTU is what applications are held to.
	r.client.IP(t, "route replace "+at(4, 34)+"/32 via 10.1.0.1 mtu 1400")
}

// width is what a search must say of a path.
type width struct {
	family, host  int
	outcome       facts.Outcome
	pathMTU, mtu  int
	told, retried bool
}

func widths() map[string]width {
	return map[string]width{
		"a path as wide as the interface needs no record":       {4, 2, facts.OK, 0, 1500, false, false},
		"a path as wide as the interface over IPv6":             {6, 2, facts.OK, 0, 1500, false, false},
		"a router that says fragmentation needed":               {4, 30, facts.TooBig, 1300, 1500, true, false},
		"a router that says packet too big":                     {6, 30, facts.TooBig, 1300, 1500, true, false},
		"a black hole is found by search":                       {4, 31, facts.Timeout, 1337, 1500, false, false},
		"a black hole over IPv6 is found by search":             {6, 31, facts.Timeout, 1380, 1500, false, false},
		"a path on which nothing passes is not a matter of MTU": {4, 32, facts.Timeout, 0, 1500, false, false},
		"one large packet lost by chance is no border":          {4, 33, facts.OK, 0, 1500, false, true},
		"a smaller MTU of our own route is the one that counts": {4, 34, facts.OK, 0, 1400, false, false},
	}
}

func TestThePathMTUIsFoundAndItsReasonTold(t *testing.T) {
	r := newRouted(t)
	r.narrow(t)
	for name, c := range widths() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c.compare(t, probeOne(t, r.client, facts.PMTU, r.target(facts.PMTU, c.family, c.host)))
			// By now the kernel has learnt what routers said; that must not hide it.
			c.compare(t, probeOne(t, r.client, facts.PMTU, r.target(facts.PMTU, c.family, c.host)))
		})
	}
}

func (c width) compare(t *testing.T, got observed) {
	t.Helper()
	if got.Outcome != c.outcome || got.row.MTU != c.mtu || got.Retried != c.retried {
		t.Fatalf("%+v with MTU %d, %s with MTU %d is expected: %+v", got.Cell, got.row.MTU, c.outcome, c.mtu, got.detail)
	}
	if c.outcome == facts.OK {
		if (got.detail != nil) != c.retried {
			t.Errorf("record %+v", got.detail)
		}
		return
	}
	if got.detail.PathMTU != c.pathMTU || got.Partial != (c.pathMTU > 0) {
		t.Errorf("path MTU %d, %d is expected: %+v", got.detail.PathMTU, c.pathMTU, got.detail)
	}
	first := got.detail.Attempts[0]
	if first.Size != c.mtu {
		t.Errorf("the first packet has %d bytes, the interface's MTU is %d", first.Size, c.mtu)
	}
	if c.told && (first.ICMP == nil || first.ICMP.MTU != c.pathMTU || !first.ICMP.From.IsValid()) {
		t.Errorf("the router's message is missing: %+v", first)
	}
	if !c.told && first.ICMP != nil {
		t.Errorf("a message nobody sent: %+v", first.ICMP)
	}
}

func TestAPacketOverTheMTUIsRefusedByOurOwnKernel(t *testing.T) {
	r := newRouted(t)
	r.narrow(t)
	for name, c := range map[string]struct{ family, host, mtu int }{
		"IPv4": {4, 2, 1500}, "IPv6": {6, 2, 1500}, "a route with an MTU": {4, 34, 1400},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := probeOne(t, r.client, facts.Over, r.target(facts.Over, c.family, c.host))
			if got.Outcome != facts.TooBig || got.detail != nil || got.row.MTU != c.mtu {
				t.Errorf("%+v with MTU %d: %+v", got.Cell, got.row.MTU, got.detail)
			}
		})
	}
}
