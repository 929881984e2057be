package diagnose

import (
	"fmt"
	"strings"
	"testing"

	"github.com/plumbline-net/plumbline/framework/facts"
	"github.com/plumbline-net/plumbline/framework/facts/factstest"
)

// guarded is the rule of a plugin that takes the tunnel's packets from known peers
// only, with what it counted at both looks, on every node.
func guarded(s *facts.Snapshot, before, after int) {
	for _, n := range s.Nodes {
		for look, count := range map[facts.Look]int{facts.First: before, facts.Last: after} {
			s.Host(n.Name, look).Firewall = []facts.Dump{{Tool: "iptables-nft-save", Text: fmt.Sprintf(
				"*filter\n:INPUT ACCEPT [0:0]\n:guard-INPUT - [0:0]\n[1:60] -A INPUT -j guard-INPUT\n"+
					"[9:540] -A guard-INPUT -p udp -m multiport --dports 8472 -m set --match-set peers src -j ACCEPT\n"+
					"[%d:%d] -A guard-INPUT -p udp -m multiport --dports 8472 -j DROP\nCOMMIT\n", count, 60*count)}}
		}
	}
}

func TestARuleThatDroppedNothingOfThePeersDoesNotBlockTheTunnel(t *testing.T) {
	const site = "*filter\n:INPUT ACCEPT [0:0]\n[%d:0] -A INPUT %s -j DROP\nCOMMIT\n"
	for name, tc := range map[string]struct {
		spoil func(s *facts.Snapshot)
		named bool
	}{
		"a guard that only met the host's own probe": {func(s *facts.Snapshot) {
			guarded(s, 6, 9)
			factstest.Letters(s, "host>tunnel/tunnel/ipv4@main", "T..", ".T.", "..T")
		}, false},
		"a guard that met nothing":                    {func(s *facts.Snapshot) { guarded(s, 6, 6) }, false},
		"a guard that met more than the host's probe": {func(s *facts.Snapshot) { guarded(s, 6, 906) }, true},
		"a rule for packets from elsewhere": {func(s *facts.Snapshot) {
			onBoth(s, "n2", fmt.Sprintf(site, 0, "-s 192.0.2.9/32 -p udp -m udp --dport 8472"), fmt.Sprintf(site, 90, "-s 192.0.2.9/32 -p udp -m udp --dport 8472"))
		}, false},
		"a rule for what comes by the loopback interface": {func(s *facts.Snapshot) {
			onBoth(s, "n2", fmt.Sprintf(site, 0, "-i lo -p udp -m udp --dport 8472"), fmt.Sprintf(site, 3, "-i lo -p udp -m udp --dport 8472"))
		}, false},
		"a rule for what pods send": {func(s *facts.Snapshot) {
			const pods = "*filter\n:INPUT ACCEPT [0:0]\n:pods - [0:0]\n[9:0] -A INPUT -i cali+ -j pods\n" +
				"[0:0] -A pods -p udp -m multiport --dports 8472 -j DROP\nCOMMIT\n"
			onBoth(s, "n2", "*filter\n:INPUT ACCEPT [0:0]\nCOMMIT\n", pods)
		}, false},
		"a rule for what the node sends": {func(s *facts.Snapshot) {
			const sends = "*filter\n:OUTPUT ACCEPT [0:0]\n[%d:0] -A OUTPUT -d 10.0.0.11/32 -p udp -m udp --dport 8472 -j DROP\nCOMMIT\n"
			onBoth(s, "n2", fmt.Sprintf(sends, 0), fmt.Sprintf(sends, 90))
		}, true},
		"a rule for everybody": {func(s *facts.Snapshot) {
			onBoth(s, "n2", fmt.Sprintf(site, 0, "-p udp -m udp --dport 8472"), fmt.Sprintf(site, 90, "-p udp -m udp --dport 8472"))
		}, true},
	} {
		t.Run(name, func(t *testing.T) {
			s := factstest.Healthy(3)
			tc.spoil(s)
			in := newInput(s, nil)
			if drops := in.dropsOf([]string{"n1", "n2", "n3"}, 8472); len(drops) > 0 != tc.named {
				t.Errorf("%+v", drops)
			}
		})
	}
}

func onBoth(s *facts.Snapshot, node, first, last string) {
	s.Host(node, facts.First).Firewall = []facts.Dump{{Tool: "iptables-nft-save", Text: first}}
	s.Host(node, facts.Last).Firewall = []facts.Dump{{Tool: "iptables-nft-save", Text: last}}
}

// TestARuleWhosePairsAllPassedDoesNotBlockTheTunnel: what it counted was something else.
func TestARuleWhosePairsAllPassedDoesNotBlockTheTunnel(t *testing.T) {
	const site = "*filter\n:INPUT ACCEPT [0:0]\n[%d:0] " + drop8472 + "\nCOMMIT\n"
	counted := []Judged{failed(firewallDrops, rule("n2", "INPUT", drop8472, "dropped packets", 90))}
	for name, tc := range map[string]struct {
		spoil func(s *facts.Snapshot)
		named bool
	}{
		"all probes of the port came through": {func(*facts.Snapshot) {}, false},
		"one did not": {func(s *facts.Snapshot) {
			factstest.Letters(s, "host>tunnel/tunnel/ipv4@main", ".T.", "...", "...")
		}, true},
		"it was not there at the first look": {func(s *facts.Snapshot) { s.Host("n2", facts.First).Firewall[0].Text = "" }, true},
	} {
		t.Run(name, func(t *testing.T) {
			s := factstest.Healthy(3)
			onBoth(s, "n2", fmt.Sprintf(site, 0), fmt.Sprintf(site, 90))
			tc.spoil(s)
			if causes := Diagnose(s, counted); has(causes, "vxlan-blocked") != tc.named {
				t.Errorf("%s", said(causes))
			}
		})
	}
}

// TestAPluginsOwnRuleIsNotDeleted: it keeps strangers out of the tunnel.
func TestAPluginsOwnRuleIsNotDeleted(t *testing.T) {
	s := factstest.Healthy(3)
	s.Cluster.CNIPods = append(s.Cluster.CNIPods, facts.Pod{Namespace: "plugin", Name: "agent-2", Node: "n2"})
	cut(s, overTunnel(of("n2")))
	guarded(s, 6, 906)
	for i := range s.Hosts {
		s.Hosts[i].Firewall[0].Text = strings.ReplaceAll(s.Hosts[i].Firewall[0].Text, "guard-INPUT", "cali-INPUT")
	}
	c := find(t, Diagnose(s, traffic(s)), "vxlan-blocked")
	for _, r := range c.Remedy {
		if strings.Contains(r.Command, "-D cali-INPUT") {
			t.Errorf("it is deleted: %+v", r)
		}
	}
	contains(t, c.Remedy[0].Text, "the rule is Calico's own")
	contains(t, c.Remedy[0].Command, "kubectl -n ")
}
