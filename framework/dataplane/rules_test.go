package dataplane_test

import (
	"net/netip"
	"testing"

	"github.com/plumbline-net/plumbline/framework/dataplane"
	"github.com/plumbline-net/plumbline/framework/facts"
)

func host(extra ...facts.Rule) facts.HostLook {
	h := facts.HostLook{Routes: []facts.Route{
		{Type: "unicast", Gateway: netip.MustParseAddr("10.0.0.1"), Dev: "eth0", Table: 254, Family: facts.IPv4},
		{Dst: netip.MustParsePrefix("10.244.2.0/24"), Type: "unicast", Dev: "flannel.1", Table: 254, Family: facts.IPv4},
		{Type: "unreachable", Table: 77, Family: facts.IPv4},
		{Dst: netip.MustParsePrefix("10.244.2.0/24"), Type: "throw", Table: 78, Family: facts.IPv4},
	}}
	for _, r := range append([]facts.Rule{{Priority: 0, Table: 255}, {Priority: 32766, Table: 254}, {Priority: 32767, Table: 253}}, extra...) {
		r.Family = facts.IPv4
		if r.Action == "" {
			r.Action = "lookup"
		}
		h.Rules = append(h.Rules, r)
	}
	return h
}

func TestAPacketGoesThroughTheRulesAsTheKernelDoes(t *testing.T) {
	pods, own := netip.MustParsePrefix("10.244.0.0/16"), netip.MustParseAddr("10.244.1.2")
	forwarded := facts.Lookup{Dst: netip.MustParseAddr("10.244.2.2"), Src: own, Iif: "cni0"}
	sent := facts.Lookup{Dst: forwarded.Dst}
	for _, c := range []struct {
		name  string
		rule  facts.Rule
		q     facts.Lookup
		table int // of the rule that decides
	}{
		{"by source", facts.Rule{Priority: 100, Src: pods, Table: 77}, forwarded, 77},
		{"what the host sends has no source yet", facts.Rule{Priority: 100, Src: pods, Table: 77}, sent, 254},
		{"by destination", facts.Rule{Priority: 100, Dst: pods, Table: 77}, sent, 77},
		{"by interface", facts.Rule{Priority: 100, IifName: "cni0", Table: 77}, forwarded, 77},
		{"by another interface", facts.Rule{Priority: 100, IifName: "cni0", Table: 77}, sent, 254},
		{"by a mark that the packet has not", facts.Rule{Priority: 100, Mark: 0x200, Mask: 0xf00, Table: 77}, forwarded, 254},
		{"by no mark (WireGuard)", facts.Rule{Priority: 100, Mark: 0x200, Not: true, Table: 77}, forwarded, 77},
		{"after the main table", facts.Rule{Priority: 40000, Src: pods, Table: 77}, forwarded, 254},
		{"into an empty table", facts.Rule{Priority: 100, Src: pods, Table: 99}, forwarded, 254},
		{"thrown back", facts.Rule{Priority: 100, Src: pods, Table: 78}, forwarded, 254},
		{"the main table without its default route", facts.Rule{Priority: 100, Table: 254, SuppressPrefix: 1}, sent, 254},
		{"a rule that forbids", facts.Rule{Priority: 100, Src: pods, Action: "prohibit"}, forwarded, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			if w := dataplane.Walk(host(c.rule), c.q); !w.Decided || w.By.Table != c.table {
				t.Errorf("%+v", w)
			}
		})
	}
}

func TestAnEmptyTableIsTold(t *testing.T) {
	rule := facts.Rule{Priority: 100, Dst: netip.MustParsePrefix("10.244.0.0/16"), Table: 99}
	w := dataplane.Walk(host(rule), facts.Lookup{Dst: netip.MustParseAddr("10.244.2.2")})
	for _, s := range w.Passed {
		if s.Table == 99 && s.Empty && !s.Usual() {
			return
		}
	}
	t.Errorf("%+v", w)
}

func TestARuleIsWrittenAsTheToolShowsIt(t *testing.T) {
	for want, r := range map[string]facts.Rule{
		"0: from all lookup 255": {Table: 255},
		"100: not from 10.0.0.0/8 to 10.1.0.0/16 iif cni0 fwmark 0x200/0xf00 lookup 77": {
			Priority: 100, Not: true, Src: netip.MustParsePrefix("10.0.0.0/8"), Dst: netip.MustParsePrefix("10.1.0.0/16"), IifName: "cni0", Mark: 0x200, Mask: 0xf00, Table: 77,
		},
		"5: from all prohibit":                           {Priority: 5, Action: "prohibit"},
		"5: from all lookup 254 suppress_prefixlength 0": {Priority: 5, Table: 254, SuppressPrefix: 1},
	} {
		if got := dataplane.RuleText(r); got != want {
			t.Errorf("%q, not %q", got, want)
		}
	}
}

func TestTheTunnelOfAFamilyIsFound(t *testing.T) {
	n := facts.Node{Published: &facts.Published{VNI: 1}}
	h := facts.HostLook{Interfaces: []facts.Interface{
		{Name: "vxlan0", Vxlan: &facts.Vxlan{VNI: 42}},
		{Name: "flannel.1", Vxlan: &facts.Vxlan{VNI: 1, Local: netip.MustParseAddr("10.0.0.11")}, Addrs: []netip.Prefix{netip.MustParsePrefix("10.244.1.0/32"), netip.MustParsePrefix("fe80::1/64")}},
		{Name: "flannel-v6.1", Vxlan: &facts.Vxlan{VNI: 1, Local: netip.MustParseAddr("fd00::11")}, Addrs: []netip.Prefix{netip.MustParsePrefix("fd00:244:1::/128")}},
	}}
	for f, want := range map[facts.Family]string{facts.IPv4: "flannel.1", facts.IPv6: "flannel-v6.1"} {
		if got, ok := dataplane.TunnelFor(&facts.Snapshot{Cluster: facts.Cluster{CNI: "flannel"}}, h, n, f); !ok || got.Name != want {
			t.Errorf("%s: %s", f, got.Name)
		}
	}
	if got := dataplane.Tunnels(&facts.Snapshot{Cluster: facts.Cluster{CNI: "flannel"}}, h, n); len(got) != 2 {
		t.Errorf("%+v", got)
	}
}
