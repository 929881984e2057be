package inspect

import (
	"context"
	"encoding/json"
	"net/netip"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/plumbline-net/plumbline/framework/facts"
	"github.com/plumbline-net/plumbline/framework/netlab"
	"github.com/plumbline-net/plumbline/framework/wire"
)

// childRole makes the test binary look at the namespace it is in, as asked there.
const childRole = "PLUMBLINE_TEST_ROLE"

func TestMain(m *testing.M) {
	if os.Getenv(laggardRole) != "" {
		lagBehind()
		return
	}
	if os.Getenv(childRole) == "" {
		m.Run()
		return
	}
	var ask wire.Inspect
	if err := json.Unmarshal([]byte(os.Getenv(childRole)), &ask); err != nil {
		panic(err)
	}
	mtu, _ := MTU()
	seen := sight{Look(context.Background(), ask), mtu}
	if err := json.NewEncoder(os.Stdout).Encode(seen); err != nil {
		panic(err)
	}
}

type sight struct {
	Host facts.HostLook
	MTU  int
}

func lookIn(t *testing.T, n *netlab.Namespace) sight {
	t.Helper()
	return lookWith(t, n, wire.Inspect{Look: facts.Main})
}

func lookWith(t *testing.T, n *netlab.Namespace, ask wire.Inspect) sight {
	t.Helper()
	asked, err := json.Marshal(ask)
	if err != nil {
		t.Fatal(err)
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	c := exec.CommandContext(t.Context(), self)
	c.Env, c.Stderr = append(os.Environ(), childRole+"="+string(asked)), os.Stderr
	var out strings.Builder
	c.Stdout = &out
	if err := n.Do(c.Run); err != nil {
		t.Fatal(err)
	}
	var s sight
	if err := json.Unmarshal([]byte(out.String()), &s); err != nil {
		t.Fatal(err)
	}
	return s
}

func newNode(t *testing.T) *netlab.Namespace {
	t.Helper()
	n := netlab.New(t, "node")
	n.IP(t, `
		link add eth0 type veth peer name far0
		link set far0 up
		link set eth0 mtu 1400 address 02:00:00:00:00:01 up
		address add 192.0.2.10/24 dev eth0
		address add 2001:db8::10/64 dev eth0 nodad
		link add cni0 type bridge
		link add port type veth peer name far1
		link set port master cni0
		link set cni0 up
		address add 10.244.1.1/24 dev cni0
		link add vxlan1 type vxlan id 1 dstport 8472 local 192.0.2.10 dev eth0 nolearning
		link set vxlan1 up
		link add vxlan2 type vxlan external dstport 8473
		route add default via 192.0.2.1
		route add default via 2001:db8::1
		route add 10.244.2.0/24 via 192.0.2.12 metric 7
		route add blackhole 10.244.3.0/26 proto 80
		route add unreachable 2001:db8:3::/48
		route add 10.9.0.0/16 nexthop via 192.0.2.21 nexthop via 192.0.2.22
		route add 203.0.113.0/24 dev eth0 src 192.0.2.10 table 100
		rule add from 10.244.0.0/16 to 10.96.0.0/12 iif cni0 fwmark 0x10 lookup 100 priority 500
		rule add from 198.51.100.0/24 prohibit priority 600`)
	n.IP6(t, "rule add from 2001:db8:6::/48 oif eth0 lookup 200 priority 700")
	return n
}

func TestInterfacesAreSeenWithTheirAddressesAndTunnels(t *testing.T) {
	s := lookIn(t, newNode(t))
	if s.MTU != 1400 {
		t.Errorf("the MTU towards the default route is %d", s.MTU)
	}
	eth, _ := s.Host.Interface("eth0")
	has := func(p string) bool { return slices.Contains(eth.Addrs, netip.MustParsePrefix(p)) }
	if eth.MTU != 1400 || eth.MAC != "02:00:00:00:00:01" || !eth.Up || eth.Kind != "veth" || !has("192.0.2.10/24") || !has("2001:db8::10/64") {
		t.Errorf("eth0 is %+v", eth)
	}
	port, _ := s.Host.Interface("port")
	if port.Master != "cni0" || port.Up {
		t.Errorf("port is %+v", port)
	}
	tunnel, _ := s.Host.Interface("vxlan1")
	want := facts.Vxlan{VNI: 1, Port: 8472, Local: netip.MustParseAddr("192.0.2.10"), Device: "eth0"}
	if tunnel.Kind != "vxlan" || tunnel.Vxlan == nil || *tunnel.Vxlan != want {
		t.Errorf("vxlan1 is %+v with %+v", tunnel, tunnel.Vxlan)
	}
	if external, _ := s.Host.Interface("vxlan2"); external.Vxlan == nil || !external.Vxlan.External || external.Vxlan.Port != 8473 {
		t.Errorf("vxlan2 is %+v with %+v", external, external.Vxlan)
	}
	if len(s.Host.Errors) > 0 {
		t.Errorf("errors %+v", s.Host.Errors)
	}
}

func TestRoutesOfAllTablesAndTypesAreSeen(t *testing.T) {
	routes := lookIn(t, newNode(t)).Host.Routes
	prefix, addr := netip.MustParsePrefix, netip.MustParseAddr
	eth := func(r facts.Route) facts.Route {
		r.Dev, r.Type, r.Proto = "eth0", "unicast", 3 // RTPROT_BOOT: by hand
		return r
	}
	for name, want := range map[string]facts.Route{
		"default":            eth(facts.Route{Gateway: addr("192.0.2.1"), Table: 254, Family: facts.IPv4}),
		"default of IPv6":    eth(facts.Route{Gateway: addr("2001:db8::1"), Table: 254, Metric: 1024, Family: facts.IPv6}),
		"gateway and metric": eth(facts.Route{Dst: prefix("10.244.2.0/24"), Gateway: addr("192.0.2.12"), Table: 254, Metric: 7, Family: facts.IPv4}),
		"blackhole":          {Dst: prefix("10.244.3.0/26"), Type: "blackhole", Table: 254, Proto: 80, Family: facts.IPv4},
		"unreachable":        {Dst: prefix("2001:db8:3::/48"), Type: "unreachable", Dev: "lo", Table: 254, Metric: 1024, Proto: 3, Family: facts.IPv6},
		"first next hop":     eth(facts.Route{Dst: prefix("10.9.0.0/16"), Gateway: addr("192.0.2.21"), Table: 254, Family: facts.IPv4}),
		"second next hop":    eth(facts.Route{Dst: prefix("10.9.0.0/16"), Gateway: addr("192.0.2.22"), Table: 254, Family: facts.IPv4}),
		"another table":      eth(facts.Route{Dst: prefix("203.0.113.0/24"), Src: addr("192.0.2.10"), Table: 100, Family: facts.IPv4}),
		"local":              {Dst: prefix("192.0.2.10/32"), Src: addr("192.0.2.10"), Dev: "eth0", Type: "local", Table: 255, Proto: 2, Family: facts.IPv4},
	} {
		if !slices.Contains(routes, want) {
			t.Errorf("%s: %+v is missing in\n%+v", name, want, routes)
		}
	}
}

func TestRulesAreSeenWithTheirActions(t *testing.T) {
	rules := lookIn(t, newNode(t)).Host.Rules
	prefix := netip.MustParsePrefix
	for name, want := range map[string]facts.Rule{
		"local":    {Priority: 0, Table: 255, Action: "lookup", Family: facts.IPv4},
		"main":     {Priority: 32766, Table: 254, Action: "lookup", Family: facts.IPv4},
		"by all":   {Priority: 500, Src: prefix("10.244.0.0/16"), Dst: prefix("10.96.0.0/12"), IifName: "cni0", Mark: 0x10, Table: 100, Action: "lookup", Family: facts.IPv4},
		"prohibit": {Priority: 600, Src: prefix("198.51.100.0/24"), Action: "prohibit", Family: facts.IPv4},
		"IPv6":     {Priority: 700, Src: prefix("2001:db8:6::/48"), OifName: "eth0", Table: 200, Action: "lookup", Family: facts.IPv6},
	} {
		if !slices.Contains(rules, want) {
			t.Errorf("%s: %+v is missing in\n%+v", name, want, rules)
		}
	}
}

func TestFirewallRulesOfBothBackEndsAreDumped(t *testing.T) {
	netlab.Require(t, "nft", "iptables-nft", "iptables-legacy", "iptables-nft-save", "iptables-legacy-save")
	n := newNode(t)
	dump := func() map[string]facts.Dump {
		out := map[string]facts.Dump{}
		for _, d := range lookIn(t, n).Host.Firewall {
			out[d.Tool] = d
		}
		return out
	}
	before := dump()
	if d := before["iptables-legacy-save"]; d.NotRun != "" || !strings.HasPrefix(d.Text, "# /proc/net/ip_tables_names") {
		t.Errorf("without legacy tables: %+v", d)
	}
	n.NFT(t, "table inet native { chain c { type filter hook forward priority 5; drop\n}\n}\n")
	for _, tool := range []string{"iptables-nft", "iptables-legacy"} {
		if err := n.Do(exec.CommandContext(t.Context(), tool, "-A", "FORWARD", "-s", "198.51.100.1", "-j", "DROP").Run); err != nil {
			t.Fatalf("%s: %v", tool, err)
		}
	}
	after := dump()
	for tool, says := range map[string]string{
		"iptables-nft-save": "[0:0] -A FORWARD -s 198.51.100.1/32 -j DROP", "iptables-legacy-save": "[0:0] -A FORWARD -s 198.51.100.1/32 -j DROP",
		"nft": `"family": "inet", "name": "native"`,
	} {
		if d := after[tool]; d.NotRun != "" || !strings.Contains(d.Text, says) {
			t.Errorf("%s: not run %q, %q is missing in %.400q", tool, d.NotRun, says, d.Text)
		}
	}
	if d := after["ip6tables-legacy-save"]; !strings.HasPrefix(d.Text, "# /proc/net/ip6_tables_names") {
		t.Errorf("looking has made IPv6 tables: %+v", d)
	}
}
