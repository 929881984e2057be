package probe_test

import (
	"fmt"
	"net/netip"
	"slices"
	"testing"

	"github.com/plumbline-net/plumbline/framework/facts"
)

// balance makes virtual addresses on the router, as kube-proxy would: each
// connection goes to one of several backends.
func (r routed) balance(t testing.TB, third facts.Ports) {
	t.Helper()
	three := fmt.Sprintf("0 : 10.2.0.2 . %d, 1 : 10.2.0.3 . %d, 2 : 10.2.0.4 . %d", r.ports.TCP, r.other.TCP, third.TCP)
	threeUDP := fmt.Sprintf("0 : 10.2.0.2 . %d, 1 : 10.2.0.3 . %d, 2 : 10.2.0.4 . %d", r.ports.UDP, r.other.UDP, third.UDP)
	dead := fmt.Sprintf("0 : 10.2.0.2 . %d, 1 : 10.2.0.3 . %d, 2 : 10.2.0.20 . %d", r.ports.TCP, r.other.TCP, third.TCP)
	two := fmt.Sprintf("0 : 10.2.0.2 . %d, 1 : 10.2.0.3 . %d", r.ports.TCP, r.other.TCP)
	r.router.NFT(t, `
		table ip balance {
			chain prerouting {
				type nat hook prerouting priority -100;
				ip daddr 10.96.0.1 tcp dport 7 dnat ip to numgen random mod 3 map { `+three+` }
				ip daddr 10.96.0.1 udp dport 7 dnat ip to numgen random mod 3 map { `+threeUDP+` }
				ip daddr 10.96.0.2 tcp dport 7 dnat ip to numgen random mod 3 map { `+dead+` }
				ip daddr 10.96.0.3 tcp dport 7 dnat ip to numgen random mod 2 map { `+two+` }
				ip daddr 10.96.0.5 tcp dport 7 dnat ip to 10.2.0.3:`+fmt.Sprint(r.other.TCP)+`
				ip daddr 10.96.0.5 udp dport 7 dnat ip to 10.2.0.3:`+fmt.Sprint(r.other.UDP)+`
			}
			chain forward {
				type filter hook forward priority 0;
				ip daddr 10.2.0.20 drop
			}
			chain early {
				type filter hook prerouting priority -150;
				ip daddr 10.96.0.4 drop
			}
			chain postrouting {
				type nat hook postrouting priority 100;
				ip daddr 10.2.0.6 masquerade
			}
		}`)
}

func TestAServiceMeetsEveryBackendOrSaysWhichItDidNot(t *testing.T) {
	r := newRouted(t)
	third := serveIn(t, r.server, "pod/third")
	r.balance(t, third)
	all := []string{"pod/other", "pod/server", "pod/third"}
	cases := map[string]struct {
		via              facts.Via
		addr             string
		outcome          facts.Outcome
		met              []string
		retried, partial bool
	}{
		"three healthy backends over TCP":                          {facts.TCP, "10.96.0.1", facts.OK, all, false, false},
		"three healthy backends over UDP":                          {facts.UDP, "10.96.0.1", facts.OK, all, false, false},
		"a dead backend":                                           {facts.TCP, "10.96.0.2", facts.Timeout, all[:2], true, true},
		"a backend no rule leads to":                               {facts.TCP, "10.96.0.3", facts.OK, all[:2], false, true},
		"a Service that is dropped":                                {facts.TCP, "10.96.0.4", facts.Timeout, nil, false, true},
		"a Service nobody knows of, told once and then in silence": {facts.TCP, "10.96.0.9", facts.Unreachable, nil, true, true},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			target := facts.Target{ID: "service", Addr: netip.MustParseAddr(c.addr), Port: 7, Peers: all}
			got := probeOne(t, r.client, c.via, target)
			if got.Outcome != c.outcome || got.Retried != c.retried || got.Partial != c.partial {
				t.Fatalf("%+v: %+v", got.Cell, got.detail)
			}
			if got.detail == nil || !slices.Equal(got.detail.Met, c.met) {
				t.Fatalf("met %+v, %v is expected", got.detail, c.met)
			}
			ok := 0
			for _, a := range got.detail.Attempts {
				if a.Outcome == facts.OK {
					ok++
				}
			}
			if ok != min(1, len(c.met)) {
				t.Errorf("%d successes are recorded, the first alone is expected", ok)
			}
		})
	}
}

func TestOneOfSeveralPeersIsEnoughWhereTheTargetSaysSo(t *testing.T) {
	r := newRouted(t)
	r.balance(t, r.other)
	target := facts.Target{
		ID: "nodePort/n1", Addr: netip.MustParseAddr("10.96.0.3"), Port: 7,
		Peers: []string{"pod/other", "pod/server", "pod/third"}, AnyPeer: true,
	}
	got := probeOne(t, r.client, facts.TCP, target)
	if got.Outcome != facts.OK || got.Partial || got.detail != nil {
		t.Errorf("%+v: %+v", got.Cell, got.detail)
	}
}

func TestAStrangerAndARewrittenSourceAreSeen(t *testing.T) {
	r := newRouted(t)
	r.balance(t, r.other)
	for _, via := range []facts.Via{facts.TCP, facts.UDP} {
		t.Run("the wrong far end over "+string(via), func(t *testing.T) {
			target := facts.Target{ID: "pod/server", Addr: netip.MustParseAddr("10.96.0.5"), Port: 7, Peers: []string{"pod/server"}}
			got := probeOne(t, r.client, via, target)
			if got.Outcome != facts.Garbled || got.failed(t).Peer != "pod/other" {
				t.Errorf("%+v: %+v", got.Cell, got.detail)
			}
		})
		t.Run("a masqueraded source over "+string(via), func(t *testing.T) {
			got := probeOne(t, r.client, via, r.target(via, 4, 6))
			if got.Outcome != facts.OK || !got.Rewritten || got.detail == nil {
				t.Fatalf("%+v: %+v", got.Cell, got.detail)
			}
			a := got.failed(t)
			if a.Local.Addr() != netip.MustParseAddr("10.1.0.106") || a.Seen.Addr() != netip.MustParseAddr("10.2.0.1") {
				t.Errorf("local %s, seen %s", a.Local, a.Seen)
			}
		})
	}
}
