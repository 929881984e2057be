package inspect

import (
	"net"
	"net/netip"
	"os/exec"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"github.com/plumbline-net/plumbline/framework/facts"
	"github.com/plumbline-net/plumbline/framework/netlab"
	"github.com/plumbline-net/plumbline/framework/topology"
	"github.com/plumbline-net/plumbline/framework/wire"
)

func wants[T any](t *testing.T, what string, all []T, want map[string]T) {
	t.Helper()
	for name, w := range want {
		if !slices.ContainsFunc(all, func(one T) bool { return reflect.DeepEqual(one, w) }) {
			t.Errorf("%s, %s: %+v is missing in\n%+v", what, name, w, all)
		}
	}
}

func run(t *testing.T, n *netlab.Namespace, words ...string) {
	t.Helper()
	c := exec.CommandContext(t.Context(), words[0], words[1:]...)
	var says strings.Builder
	c.Stdout, c.Stderr = &says, &says
	if err := n.Do(c.Run); err != nil {
		t.Fatalf("%s: %v\n%s", strings.Join(words, " "), err, says.String())
	}
}

func TestNeighboursAreSeenWithTheirStatesAndBridgesByThemselves(t *testing.T) {
	n := newNode(t)
	n.IP(t, `
		neigh add 192.0.2.1 lladdr 02:00:00:00:00:99 dev eth0 nud permanent
		neigh add 2001:db8::1 lladdr 02:00:00:00:00:98 dev eth0 nud stale router
		neigh add 192.0.2.66 dev eth0 nud failed
		neigh add 10.244.2.0 lladdr 02:00:00:00:01:02 dev vxlan1 nud permanent extern_learn
		neigh add proxy 192.0.2.77 dev eth0`)
	h := lookIn(t, n).Host
	addr := netip.MustParseAddr
	wants(t, "neighbours", h.Neighbors, map[string]facts.Neighbor{
		"permanent":             {Addr: addr("192.0.2.1"), Dev: "eth0", MAC: "02:00:00:00:00:99", State: "permanent"},
		"a router of IPv6":      {Addr: addr("2001:db8::1"), Dev: "eth0", MAC: "02:00:00:00:00:98", State: "stale", Flags: []string{"router"}},
		"failed":                {Addr: addr("192.0.2.66"), Dev: "eth0", State: "failed"},
		"of a tunnel":           {Addr: addr("10.244.2.0"), Dev: "vxlan1", MAC: "02:00:00:00:01:02", State: "permanent", Flags: []string{"extern_learn"}},
		"answered by this host": {Addr: addr("192.0.2.77"), Dev: "eth0", State: "none", Flags: []string{"proxy"}},
	})
	for _, one := range h.Neighbors {
		if one.State == "noarp" || one.Addr.IsMulticast() {
			t.Errorf("%+v is nothing to resolve", one)
		}
	}
}

func TestALongTableIsCutOffAndThatIsSaid(t *testing.T) {
	n := newNode(t)
	n.IP(t, `
		neigh add 192.0.2.31 lladdr 02:00:00:00:00:31 dev eth0 nud permanent
		neigh add 192.0.2.32 lladdr 02:00:00:00:00:32 dev eth0 nud permanent
		neigh add 192.0.2.33 lladdr 02:00:00:00:00:33 dev eth0 nud permanent`)
	err := n.Do(func() error {
		got, err := neighborDump(netlink.Ndmsg{Family: unix.AF_UNSPEC}, 2)
		if len(got) != 2 || err == nil || !strings.Contains(err.Error(), "beyond the first 2 are left out") {
			t.Errorf("%d entries: %v", len(got), err)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestForwardingEntriesOfTunnelsAndBridgesAreSeenAndNoFilters(t *testing.T) {
	n := newNode(t)
	n.IP(t, "link set port up")
	netlab.Require(t, "bridge")
	run(t, n, "bridge", "fdb", "add", "02:00:00:00:01:02", "dev", "vxlan1", "dst", "192.0.2.12", "self", "permanent")
	run(t, n, "bridge", "fdb", "add", "02:00:00:00:05:05", "dev", "port", "master", "static")
	h := lookIn(t, n).Host
	wants(t, "forwarding", h.FDB, map[string]facts.FDBEntry{
		"of the tunnel":   {MAC: "02:00:00:00:01:02", Dev: "vxlan1", Dst: netip.MustParseAddr("192.0.2.12"), State: "permanent"},
		"behind the port": {MAC: "02:00:00:00:05:05", Dev: "port", State: "static"},
	})
	for _, e := range h.FDB {
		if e.Dev == "eth0" {
			t.Errorf("%+v is a filter of the device", e)
		}
	}
	port, _ := h.Interface("port")
	if !port.HairpinOff {
		t.Error("a new bridge port reflects nothing, which is not seen")
	}
	n.IP(t, "link set port type bridge_slave hairpin on")
	port, _ = lookIn(t, n).Host.Interface("port")
	bridge, _ := h.Interface("cni0")
	if port.HairpinOff || bridge.HairpinOff {
		t.Errorf("hairpin is on: port %v, the bridge itself %v", port.HairpinOff, bridge.HairpinOff)
	}
}

func TestTheKernelIsAskedWhichWayPacketsGo(t *testing.T) {
	if interfaceOfPods != topology.InterfaceOfPods {
		t.Fatalf("%q and %q are one word", interfaceOfPods, topology.InterfaceOfPods)
	}
	n := newNode(t)
	n.Set(t, "net/ipv4/ip_forward", "1")
	addr := netip.MustParseAddr
	ask := func(dst, src, iif string) facts.Lookup {
		l := facts.Lookup{Dst: addr(dst), Iif: iif, For: "pod/n2"}
		if src != "" {
			l.Src = addr(src)
		}
		return l
	}
	got := lookWith(t, n, wire.Inspect{Lookups: []facts.Lookup{
		ask("10.244.2.7", "", ""), ask("10.244.2.7", "10.244.1.9", "@pods"), ask("203.0.113.5", "", ""),
		ask("10.244.3.5", "", ""), ask("2001:db8:9::1", "", ""), ask("192.0.2.10", "", ""),
		ask("10.244.2.7", "198.51.100.9", "cni0"), ask("10.244.2.7", "10.244.3.9", "@pods"), ask("10.244.2.7", "10.244.1.9", "gone"),
	}}).Host
	gateway, source := addr("192.0.2.12"), addr("192.0.2.10")
	want := []facts.Lookup{
		{Dev: "eth0", Gateway: gateway, PrefSrc: source, Table: 254, Type: "unicast"},
		{Src: addr("10.244.1.9"), Iif: "cni0", Dev: "eth0", Gateway: gateway, Table: 254, Type: "unicast"},
		{Dev: "eth0", Gateway: addr("192.0.2.1"), PrefSrc: source, Table: 254, Type: "unicast"},
		{Errno: "EINVAL"},
		{Dev: "eth0", Gateway: addr("2001:db8::1"), PrefSrc: addr("2001:db8::10"), Table: 254, Type: "unicast"},
		{Dev: "lo", PrefSrc: source, Table: 255, Type: "local"},
		{Src: addr("198.51.100.9"), Iif: "cni0", Errno: "EACCES"},
	}
	if len(got.Lookups) != len(want) {
		t.Fatalf("%d answers, %d are expected", len(got.Lookups), len(want))
	}
	for i, w := range want {
		w.Dst, w.For = got.Lookups[i].Dst, "pod/n2"
		if g := got.Lookups[i]; g != w {
			t.Errorf("answer %d is\n%+v, expected\n%+v", i, g, w)
		}
	}
	at := slices.IndexFunc(got.Errors, func(e facts.Error) bool { return e.What == "lookups" })
	if at < 0 || !strings.Contains(got.Errors[at].Says, "10.244.3.9") || !strings.Contains(got.Errors[at].Says, "no interface gone") {
		t.Errorf("what could not be asked is not told: %+v", got.Errors)
	}
}

func TestParentsAndPassingAddressesAreSeen(t *testing.T) {
	n := newNode(t)
	n.IP(t, `
		link add link eth0 name upper7 type macvlan
		address add 198.51.100.7/24 dev eth0 valid_lft 600 preferred_lft 600`)
	h := lookIn(t, n).Host
	for name, want := range map[string]string{"upper7": "eth0", "vxlan1": "eth0", "eth0": "", "cni0": "", "lo": ""} {
		if i, ok := h.Interface(name); !ok || i.Parent != want {
			t.Errorf("the parent of %s is %q", name, i.Parent)
		}
	}
	eth, _ := h.Interface("eth0")
	if want := []netip.Prefix{netip.MustParsePrefix("198.51.100.7/24")}; !slices.Equal(eth.Dynamic, want) || len(eth.Addrs) < 3 {
		t.Errorf("of %v those expire: %v", eth.Addrs, eth.Dynamic)
	}
}

// TestTunnelsHaveTwoEnds goes without the kernel, as not every one has all kinds.
func TestTunnelsHaveTwoEnds(t *testing.T) {
	one, other, nobody := net.ParseIP("192.0.2.10"), net.ParseIP("192.0.2.12"), net.IPv4zero
	a, b := netip.MustParseAddr("192.0.2.10"), netip.MustParseAddr("192.0.2.12")
	cases := map[string]struct {
		link          netlink.Link
		local, remote netip.Addr
	}{
		"IPIP":            {&netlink.Iptun{Local: one, Remote: other}, a, b},
		"IPIP to anybody": {&netlink.Iptun{Local: one, Remote: nobody}, a, netip.Addr{}},
		"SIT":             {&netlink.Sittun{Local: one, Remote: other}, a, b},
		"GRE":             {&netlink.Gretun{Local: one, Remote: other}, a, b},
		"GRE of Ethernet": {&netlink.Gretap{Local: one, Remote: other}, a, b},
		"IPv6 outside":    {&netlink.Ip6tnl{Local: net.ParseIP("::"), Remote: net.ParseIP("2001:db8::1")}, netip.Addr{}, netip.MustParseAddr("2001:db8::1")},
		"Geneve":          {&netlink.Geneve{Remote: other}, netip.Addr{}, b},
		"no tunnel":       {&netlink.Bridge{}, netip.Addr{}, netip.Addr{}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			if i := interfaceOf(c.link, nil, nil); i.Local != c.local || i.Remote != c.remote {
				t.Errorf("%+v", i)
			}
		})
	}
}

func TestRulesAreSeenWithWhatNarrowsThem(t *testing.T) {
	n := newNode(t)
	n.IP(t, `
		rule add not fwmark 0x20000/0x20000 lookup 201 priority 800
		rule add lookup main suppress_prefixlength 0 priority 801
		rule add fwmark 0x4 lookup 202 priority 802`)
	h := lookIn(t, n).Host
	wants(t, "rules", h.Rules, map[string]facts.Rule{
		"not, with a mask":        {Priority: 800, Mark: 0x20000, Mask: 0x20000, Not: true, Table: 201, Action: "lookup", Family: facts.IPv4},
		"without a default route": {Priority: 801, SuppressPrefix: 1, Table: 254, Action: "lookup", Family: facts.IPv4},
		"a mark of all bits":      {Priority: 802, Mark: 4, Table: 202, Action: "lookup", Family: facts.IPv4},
	})
}
