package probe_test

import (
	"context"
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/plumbline-net/plumbline/framework/facts"
	"github.com/plumbline-net/plumbline/framework/netlab"
)

// routed is the network of these tests: a client, a router, and a server with
// one address for each thing that can go wrong on the way to it.
//
//	client 10.1.0.2 ── 10.1.0.1 router 10.2.0.1 ── 10.2.0.2… server
//	       fd01::2  ── fd01::1         fd02::1  ── fd02::2…
type routed struct {
	client, router, server *netlab.Namespace
	ports, other           facts.Ports
}

const serverAddresses = 40

func newRouted(t testing.TB) routed {
	t.Helper()
	r := routed{client: netlab.New(t, "client"), router: netlab.New(t, "router"), server: netlab.New(t, "server")}
	netlab.Join(t, r.client, "eth0", r.router, "left")
	netlab.Join(t, r.server, "eth0", r.router, "right")
	for _, n := range []*netlab.Namespace{r.client, r.router, r.server} {
		n.Set(t, "net/ipv6/conf/all/forwarding", "1")
	}
	r.router.Set(t, "net/ipv4/ip_forward", "1")
	r.router.Set(t, "net/ipv4/icmp_ratelimit", "0")
	r.router.Set(t, "net/ipv4/icmp_msgs_per_sec", "10000")
	r.router.Set(t, "net/ipv6/icmp/ratelimit", "0")
	r.client.Set(t, "net/ipv4/ping_group_range", "0 2147483647")
	r.client.IP(t, `
		address add 10.1.0.2/24 dev eth0
		address add fd01::2/64 dev eth0 nodad
		route add default via 10.1.0.1
		route add default via fd01::1`)
	r.router.IP(t, `
		address add 10.1.0.1/24 dev left
		address add fd01::1/64 dev left nodad
		address add 10.2.0.1/24 dev right
		address add fd02::1/64 dev right nodad`)
	var script, sources strings.Builder
	for i := 2; i < serverAddresses; i++ {
		script.WriteString("address add " + at(4, i) + "/24 dev eth0\n")
		script.WriteString("address add " + at(6, i) + "/64 dev eth0 nodad\n")
		// A source address for each, as routers limit the rate of errors to one address.
		fmt.Fprintf(&sources, "address add 10.1.0.%d/24 dev eth0\nroute add %s/32 via 10.1.0.1 src 10.1.0.%d\n", 100+i, at(4, i), 100+i)
	}
	r.client.IP(t, sources.String())
	r.server.IP(t, script.String()+`
		route add default via 10.2.0.1
		route add default via fd02::1`)
	r.ports, r.other = serveIn(t, r.server, "pod/server"), serveIn(t, r.server, "pod/other")
	r.settle(t)
	return r
}

// settle waits until both families work: IPv6 links take a while to come up.
func (r routed) settle(t testing.TB) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	for _, family := range []int{4, 6} {
		for probeOne(t, r.client, facts.TCP, r.target(facts.TCP, family, 2)).Outcome != facts.OK {
			if ctx.Err() != nil {
				t.Fatalf("the test network does not carry IPv%d", family)
			}
		}
	}
}

// at is the n-th address of the server in a family (4 or 6).
func at(family, n int) string {
	if family == 6 {
		return fmt.Sprintf("fd02::%d", n)
	}
	return fmt.Sprintf("10.2.0.%d", n)
}

func (r routed) target(via facts.Via, family, n int) facts.Target {
	t := facts.Target{ID: "pod/server", Addr: netip.MustParseAddr(at(family, n)), Peers: []string{"pod/server"}}
	switch via {
	case facts.TCP, facts.Series, facts.Bulk, facts.Sticky:
		t.Port = r.ports.TCP
	case facts.UDP, facts.PMTU, facts.Over:
		t.Port = r.ports.UDP
	case facts.Closed:
		t.Port = r.ports.Closed
	case facts.ICMP, facts.TLS, facts.DNSTCP, facts.DNSUDP, facts.HTTP, facts.Record, facts.Race, facts.Big, facts.Connect,
		facts.Tunnel, facts.ARP:
	}
	return t
}

// apart gives the address of the server for the n-th way of probing one fate.
// Where a route refuses a packet, Linux sends one source five errors and then one
// a second (net/ipv4/route.c, ip_error), which no namespace can set for itself; so
// each way has a target, and with it a source, of its own.
func apart(host, n int) int {
	switch host {
	case 11:
		return []int{11, 15, 16}[n]
	case 12:
		return []int{12, 17, 18}[n]
	}
	return host
}

// spoil makes the router treat some addresses of the server badly, in both families.
func (r routed) spoil(t testing.TB) {
	t.Helper()
	for i, kind := range []string{"blackhole", "unreachable", "prohibit"} {
		for n := range 3 {
			host := apart(10+i, n)
			r.router.IP(t, "route replace "+kind+" "+at(4, host)+"/32\nroute replace "+kind+" "+at(6, host)+"/128")
		}
	}
	r.client.IP(t, "route replace blackhole "+at(4, 13)+"/32\nroute replace unreachable "+at(4, 14)+"/32")
	r.router.NFT(t, `
		table inet spoil {
			chain forward {
				type filter hook forward priority 0;
				ip daddr 10.2.0.20 drop
				ip6 daddr fd02::20 drop
				ip daddr 10.2.0.21 reject with icmp type host-prohibited
				ip6 daddr fd02::21 reject with icmpv6 type admin-prohibited
				ip daddr 10.2.0.22 reject with icmp type port-unreachable
				ip6 daddr fd02::22 reject with icmpv6 type port-unreachable
				ip daddr 10.2.0.23 meta l4proto tcp reject with tcp reset
				ip daddr 10.2.0.24 tcp flags & syn == 0 drop
			}
		}`)
	r.client.NFT(t, `
		table inet spoil {
			chain output {
				type filter hook output priority 0;
				ip daddr 10.2.0.25 drop
				ip6 daddr fd02::25 drop
			}
		}`)
}
