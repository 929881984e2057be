package diagnose

import (
	"strings"
	"testing"

	"github.com/plumbline-net/plumbline/framework/facts"
	"github.com/plumbline-net/plumbline/framework/facts/factstest"
)

// overTunnel is what is lost when nodes cannot exchange VXLAN with the others:
// everything that reaches a pod on another node, from pods and from hosts.
func overTunnel(lost func(a, b string) bool) cellTest {
	return func(f facts.Flow, from facts.Vantage, to facts.Target) bool {
		pods := f.To == facts.ToPod || f.To == facts.ToDNSReplica
		return pods && from.Node != to.Node && lost(from.Node, to.Node)
	}
}

func of(node string) func(a, b string) bool {
	return func(a, b string) bool { return a == node || b == node }
}

func TestADroppedTunnelIsReadFromTheShape(t *testing.T) {
	s := factstest.Healthy(3)
	cut(s, overTunnel(of("n2")))
	causes := Diagnose(s, traffic(s))
	c := find(t, causes, "vxlan-blocked")
	equal(t, c.Key, "vxlan-blocked/n2")
	contains(t, c.Says, "n2: the tunnel to the other nodes carries nothing (VXLAN, UDP port 8472, device flannel.1)")
	red := len(newInput(s, traffic(s)).red)
	contains(t, c.Says, "it explains "+share(red, red)+" red pairs")
	contains(t, c.Evidence[1].Text, "12 right answers")
	contains(t, c.Remedy[0].Command, "iptables-save | grep -w 8472")
	if len(causes) != 1 {
		t.Errorf("one fault, and %s", said(causes))
	}
}

func TestAPairCutOffFromEachOtherIsNamedAsAPair(t *testing.T) {
	s := factstest.Healthy(4)
	cut(s, overTunnel(func(a, b string) bool { return a == "n1" && b == "n3" || a == "n3" && b == "n1" }))
	c := find(t, Diagnose(s, traffic(s)), "vxlan-blocked")
	contains(t, c.Says, "the tunnel between n1 and n3 carries nothing")
}

func TestAllNodesCutOffAreSaidTogether(t *testing.T) {
	s := factstest.Healthy(3)
	cut(s, overTunnel(func(string, string) bool { return true }))
	causes := Diagnose(s, traffic(s))
	contains(t, find(t, causes, "vxlan-blocked").Says, "n1, n2, n3: the tunnel between the nodes carries nothing")
}

func TestTheRuleThatDropsTheTunnelIsQuotedWithItsUndoing(t *testing.T) {
	for _, tc := range []struct{ name, tool, text, quote, undo string }{
		{
			"iptables", "iptables-nft-save",
			"*filter\n:INPUT ACCEPT [0:0]\n-A INPUT -p udp -m udp --dport 8472 -j DROP\nCOMMIT\n",
			"--dport 8472 -j DROP", "iptables-nft -t filter -D INPUT -p udp -m udp --dport 8472 -j DROP",
		},
		{
			"nft", "nft",
			`{"nftables":[{"table":{"family":"inet","name":"t","handle":1}},
			{"chain":{"family":"inet","table":"t","name":"in","handle":1,"type":"filter","hook":"input","prio":0,"policy":"accept"}},
			{"rule":{"family":"inet","table":"t","chain":"in","handle":7,"expr":[
			{"match":{"op":"==","left":{"payload":{"protocol":"udp","field":"dport"}},"right":8472}},{"drop":null}]}}]}`,
			"8472", "nft delete rule inet t in handle 7",
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			s := factstest.Healthy(3)
			cut(s, overTunnel(of("n2")))
			s.Host("n2", facts.First).Firewall = []facts.Dump{{Tool: tc.tool, Text: tc.text}}
			c := find(t, Diagnose(s, traffic(s)), "vxlan-blocked")
			contains(t, c.Says, "n2: rule 1 of ")
			contains(t, c.Evidence[2].Text, tc.quote)
			equal(t, c.Remedy[0].Command, tc.undo)
			equal(t, c.Remedy[0].Node, "n2")
		})
	}
}

func TestTheTunnelIsNotBlamedFor(t *testing.T) {
	for _, tc := range []struct {
		name  string
		spoil func(*facts.Snapshot)
		more  []Judged
	}{
		{"hosts that do not reach one another either", func(s *facts.Snapshot) {
			cut(s, func(f facts.Flow, from facts.Vantage, to facts.Target) bool {
				return f.To == facts.ToHost && from.Node != to.Node && of("n2")(from.Node, to.Node)
			})
		}, nil},
		{"a node that does not forward", func(*facts.Snapshot) {}, []Judged{failed(ipForward, about("n2", "off"))}},
		{"a reject that answers", func(s *facts.Snapshot) {
			factstest.Letters(s, "pod>pod/tcp/ipv4@main", ".U.", "U.U", ".U.")
		}, nil},
		{"pods that do not hear each other on their own node", func(s *facts.Snapshot) {
			factstest.Set(s, "pod>pod/udp/ipv4@main", "pod/n2", "pod/n2", facts.Cell{Outcome: facts.Timeout}, nil)
		}, nil},
		{"a network without a tunnel", func(s *facts.Snapshot) {
			for i := range s.Hosts {
				s.Hosts[i].Interfaces = nil
			}
		}, nil},
		{"a route that is missing", func(s *facts.Snapshot) {
			for i := range s.Hosts {
				for j := range s.Hosts[i].Routes {
					if strings.HasPrefix(s.Hosts[i].Routes[j].Dev, "flannel") {
						s.Hosts[i].Routes[j].Dev = "eth0"
					}
				}
			}
		}, nil},
		{"one way of probing only", func(s *facts.Snapshot) {
			factstest.Letters(s, "pod>pod/icmp/ipv4@main", "...", "...", "...")
		}, nil},
	} {
		t.Run(tc.name, func(t *testing.T) {
			s := factstest.Healthy(3)
			cut(s, overTunnel(of("n2")))
			tc.spoil(s)
			if causes := Diagnose(s, append(traffic(s), tc.more...)); has(causes, "vxlan-blocked") {
				t.Errorf("got %s", said(causes))
			}
		})
	}
}
