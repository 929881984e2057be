package service_test

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"

	"github.com/plumbline-net/plumbline/framework/check"
	"github.com/plumbline-net/plumbline/framework/facts"
	"github.com/plumbline-net/plumbline/framework/facts/factstest"
	"github.com/plumbline-net/plumbline/suites/service"
)

// hexadecimal writes an address and a port as the kernel does in /proc/net/ip_vs.
func hexadecimal(a netip.Addr, port uint16) string {
	if a.Is4() {
		return fmt.Sprintf("%08X:%04X", a.AsSlice(), port)
	}
	return fmt.Sprintf("[%s]:%04X", a.StringExpanded(), port)
}

// ipvs is a healthy cluster whose kube-proxy works with IPVS.
func ipvs(families ...facts.Family) *facts.Snapshot {
	s := factstest.Healthy(2, families...)
	mode(s, "ipvs")
	for i := range s.Hosts {
		h := &s.Hosts[i]
		device := facts.Interface{Name: "kube-ipvs0", Index: 9, Kind: "dummy"}
		var b strings.Builder
		b.WriteString("IP Virtual Server version 1.2.1 (size=4096)\nProt LocalAddress:Port Scheduler Flags\n  -> RemoteAddress:Port Forward Weight ActiveConn InActConn\n")
		for _, svc := range s.Cluster.Services {
			for _, a := range svc.Addrs {
				device.Addrs = append(device.Addrs, netip.PrefixFrom(a, a.BitLen()))
				for _, p := range svc.Ports {
					virtualServers(&b, s.Node(h.Node).Internal, svc, a, p)
				}
			}
		}
		h.Interfaces, h.IPVS = append(h.Interfaces, device), &facts.Text{Path: "/proc/net/ip_vs", Text: b.String()}
	}
	return s
}

func virtualServers(b *strings.Builder, own []netip.Addr, svc facts.ClusterService, a netip.Addr, p facts.ServicePort) {
	at := map[netip.Addr]uint16{a: p.Port}
	for _, o := range own {
		if p.NodePort != 0 && o.Is4() == a.Is4() {
			at[o] = p.NodePort
		}
	}
	for addr, port := range at {
		fmt.Fprintf(b, "%s  %s rr \n", p.Proto, hexadecimal(addr, port))
		for _, e := range svc.Endpoints {
			if e.PortName == p.Name && e.Addr.Is4() == a.Is4() {
				fmt.Fprintf(b, "  -> %s      Masq    1      0          0         \n", hexadecimal(e.Addr, e.Port))
			}
		}
	}
}

func TestTheServersOfIPVSAreCompared(t *testing.T) {
	dns := hexadecimal(netip.MustParseAddr("10.96.0.10"), 53)
	replica := hexadecimal(netip.MustParseAddr("10.244.1.11"), 53)
	factstest.Passes(t, []check.Check{service.Programmed()}, map[string]*facts.Snapshot{
		"IPv4": ipvs(), "IPv6": ipvs(facts.IPv6), "dual stack": ipvs(facts.IPv4, facts.IPv6),
	})
	cases := []struct {
		name, old, with string
		verdict         check.Verdict
		says            string
	}{
		{"no virtual server", "UDP  " + dns, "UDP  0A600A0A:0035", check.Fail, "IPVS has no virtual server for 10.96.0.10 UDP 53 (kube-system/kube-dns:dns), at both looks"},
		{"an old real server", replica, "0AF40163:0035", check.Fail, "still leads to 10.244.1.99:53, which is none of its endpoints"},
		{"a real server that is being taken away", replica + "      Masq    1", replica + "      Masq    0", check.Fail, "does not lead to its ready endpoint 10.244.1.11:53"},
		{"no NodePort", ":7968", ":7967", check.Fail, "IPVS has no virtual server at the node's address for NodePort TCP 31080"},
		{"a table that is none", "UDP  " + dns, "UDP  nonsense", check.Unknown, "line 6"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			s := ipvs()
			for i := range s.Hosts {
				s.Hosts[i].IPVS.Text = strings.ReplaceAll(s.Hosts[i].IPVS.Text, c.old, c.with)
			}
			r := service.Programmed().Evaluate(s)
			if whole := fmt.Sprintf("%s %+v", r.Why, r.Findings); r.Verdict != c.verdict || !strings.Contains(whole, c.says) {
				t.Errorf("judged %s, %q is not said: %s", r.Verdict, c.says, whole)
			}
		})
	}
	s := ipvs()
	for i := range s.Hosts {
		last := len(s.Hosts[i].Interfaces) - 1
		s.Hosts[i].Interfaces[last].Addrs = nil
	}
	if r := service.Programmed().Evaluate(s); r.Verdict != check.Fail || !strings.Contains(r.Findings[0].Says, "kube-ipvs0 does not hold the address of 10.96.0.1") {
		t.Errorf("%+v", r)
	}
}

// FuzzIPVS: whatever the table holds, judging it ends without a panic.
func FuzzIPVS(f *testing.F) {
	s := ipvs(facts.IPv4, facts.IPv6)
	s.Cluster.Services = s.Cluster.Services[:2]
	f.Add(s.Hosts[0].IPVS.Text)
	f.Add("a\nb\nc\nTCP  0A600001:01BB rr\n  -> 0A590011:192B Masq 0 0 0\nFWM  00000001 rr\n")
	f.Fuzz(func(t *testing.T, text string) {
		for i := range s.Hosts {
			s.Hosts[i].IPVS.Text = text
		}
		if r := service.Programmed().Evaluate(s); r.Verdict == check.Skip {
			t.Errorf("%+v", r)
		}
	})
}
