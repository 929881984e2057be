package dataplane_test

import (
	"net/netip"
	"slices"
	"testing"

	"github.com/plumbline-net/plumbline/framework/dataplane"
	"github.com/plumbline-net/plumbline/framework/facts"
)

func route(dst, dev string, change ...func(*facts.Route)) facts.Route {
	r := facts.Route{Dev: dev, Type: "unicast", Table: 254, Family: facts.IPv4}
	if dst != "default" {
		r.Dst = netip.MustParsePrefix(dst)
	}
	for _, c := range change {
		c(&r)
	}
	return r
}

func TestTheMostSpecificRouteWins(t *testing.T) {
	other := func(r *facts.Route) { r.Table = 100 }
	hole := func(r *facts.Route) { r.Type, r.Dev = "blackhole", "" }
	h := facts.HostLook{Routes: []facts.Route{
		route("default", "eth1", func(r *facts.Route) { r.Metric = 200 }), route("default", "eth0", func(r *facts.Route) { r.Metric = 100 }),
		route("10.244.2.0/24", "flannel.1"), route("10.244.0.0/16", "tunl0"), route("10.244.2.0/25", "odd"),
		route("10.244.3.0/24", "", hole), route("10.244.4.0/24", "elsewhere", other),
	}}
	cases := []struct{ name, to, want string }{
		{"its own route", "10.244.2.0/24", "flannel.1"},
		{"half of it has a route of its own", "10.244.2.0/26", "odd"},
		{"a wider route", "10.244.9.0/24", "tunl0"},
		{"a blackhole leads nowhere", "10.244.3.0/24", ""},
		{"another table is not asked", "10.244.4.0/24", "tunl0"},
		{"the default route with the smaller metric", "192.0.2.0/24", "eth0"},
		{"no route of that family", "fd00::/64", ""},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			if got := dataplane.RoutesOf(h).Towards(netip.MustParsePrefix(c.to)); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

func TestPodsBehindTheirInterfaces(t *testing.T) {
	pods := []netip.Prefix{netip.MustParsePrefix("10.244.1.0/24")}
	bridge := facts.HostLook{Routes: []facts.Route{route("10.244.1.0/24", "cni0"), route("10.244.2.0/24", "flannel.1"), route("default", "eth0")}}
	if got := dataplane.Local(bridge, pods); !slices.Equal(got, []string{"cni0"}) {
		t.Errorf("behind a bridge: %v", got)
	}
	single := facts.HostLook{Routes: []facts.Route{route("10.244.1.7/32", "cali2"), route("10.244.1.3/32", "cali1")}}
	if got := dataplane.Local(single, pods); !slices.Equal(got, []string{"cali1", "cali2"}) {
		t.Errorf("one interface each: %v", got)
	}
	if got := dataplane.Local(facts.HostLook{Routes: []facts.Route{route("default", "eth0")}}, pods); got != nil {
		t.Errorf("no pod yet: %v", got)
	}
}

func TestAddressesOfPodsAreThoseTheyHave(t *testing.T) {
	n := facts.Node{PodCIDRs: []netip.Prefix{netip.MustParsePrefix("10.244.1.0/24"), netip.MustParsePrefix("fd00:1::/64")}}
	if got := dataplane.Pods(n, facts.IPv4); len(got) != 1 || got[0].String() != "10.244.1.0/24" {
		t.Errorf("the node's CIDR: %v", got)
	}
	n.PodAgent.Addrs = []netip.Addr{netip.MustParseAddr("192.168.7.9")}
	if got := dataplane.Pods(n, facts.IPv4); len(got) != 1 || got[0].String() != "192.168.7.9/32" {
		t.Errorf("a pool of the CNI's own: %v", got)
	}
	if got := dataplane.Pods(n, facts.IPv6); len(got) != 1 || got[0].String() != "fd00:1::/64" {
		t.Errorf("the other family: %v", got)
	}
}
