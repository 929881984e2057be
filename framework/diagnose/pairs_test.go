package diagnose

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/plumbline-net/plumbline/framework/check"
	"github.com/plumbline-net/plumbline/framework/facts"
	"github.com/plumbline-net/plumbline/framework/facts/factstest"
	"github.com/plumbline-net/plumbline/reporters/report"
)

// rule is a finding about a rule of a node; grown is what it counted, 0 for none.
func rule(node, chain, text, says string, grown int) check.Finding {
	f := about(node, "chain "+chain+", rule 1 "+says+": "+text)
	f.Evidence = []check.Evidence{{Node: node, Source: "iptables, table filter, chain " + chain + ", rule 1", Text: text}}
	if grown > 0 {
		f.Evidence[0].Text += fmt.Sprintf("; counter 10 → %d", 10+grown)
	}
	return f
}

const (
	drop8472   = "-A INPUT -p udp -m udp --dport 8472 -j DROP"
	rejectAll  = "-A FORWARD -j REJECT --reject-with icmp-host-prohibited"
	iptables   = "*filter\n:INPUT ACCEPT [0:0]\n:FORWARD ACCEPT [0:0]\n"
	forwardAll = "rejects all forwarded pod traffic to and from other nodes"
)

func dump(s *facts.Snapshot, node string, rules ...string) {
	for _, look := range []facts.Look{facts.First, facts.Last} {
		s.Host(node, look).Firewall = []facts.Dump{{Tool: "iptables-save", Text: iptables + strings.Join(rules, "\n") + "\nCOMMIT\n"}}
	}
}

// dropped is a node whose INPUT drops the tunnel, with what the firewall checks find.
func dropped(s *facts.Snapshot, node string, grown int) []Judged {
	dump(s, node, drop8472)
	cut(s, overTunnel(of(node)))
	return []Judged{
		failed(firewallDrops, rule(node, "INPUT", drop8472, "dropped packets", grown)),
		failed(firewallInput, rule(node, "INPUT", drop8472, "drops the overlay (UDP 8472) from the other nodes", 0)),
	}
}

func switchedOff(s *facts.Snapshot, node string) []Judged {
	off(s, node, "net.ipv4.ip_forward", "0", facts.First)
	off(s, node, "net.ipv4.ip_forward", "0", facts.Last)
	cut(s, forwardedBy(node))
	return []Judged{failed(ipForward, about(node, "net.ipv4.ip_forward is 0"))}
}

func rejecting(s *facts.Snapshot, node string) []Judged {
	cut(s, forwardedBy(node))
	return []Judged{
		failed(firewallForward, rule(node, "FORWARD", rejectAll, forwardAll, 0)),
		failed(firewallDrops, rule(node, "FORWARD", rejectAll, "rejected packets", 42)),
	}
}

// towards is a finding on one node about the way to another.
func towards(id, node, peer, says string) Judged {
	f := about(node, says)
	f.Subject = node + " → " + peer
	return failed(id, f)
}

func routeless(s *facts.Snapshot, node, peer string) []Judged {
	cut(s, overTunnel(func(a, b string) bool { return a == node && b == peer || a == peer && b == node }))
	return []Judged{towards("route/pod-cidr", node, peer, "no route to 10.244.0.0/24 (the pods of "+peer+")")}
}

func misled(s *facts.Snapshot, node, peer string) []Judged {
	cut(s, overTunnel(func(a, b string) bool { return a == node && b == peer || a == peer && b == node }))
	return []Judged{towards("overlay/fdb", node, peer, "flannel.1 sends what is for 02:00, the tunnel of "+peer+", to 192.0.2.9 instead of 192.0.2.1")}
}

func proxyless(s *facts.Snapshot, node string) []Judged {
	cut(s, func(f facts.Flow, from facts.Vantage, to facts.Target) bool {
		if f.To == facts.ToNodePort || f.To == facts.ToNodePortLocal {
			return to.Node == node && !to.Silent
		}
		return from.Node == node && f.ThroughService()
	})
	return []Judged{failed(kubeProxy, about(node, "no kube-proxy pod on this node: no Service works from here, the cluster DNS included"))}
}

func TestTwoFaultsAreTwoCauses(t *testing.T) {
	for _, tc := range []struct {
		name  string
		fault func(*facts.Snapshot) []Judged
		want  []string
	}{
		{"forwarding off and the tunnel dropped on one node", func(s *facts.Snapshot) []Judged {
			return append(switchedOff(s, "n2"), dropped(s, "n2", 400)...)
		}, []string{"no-forwarding/n2", "vxlan-blocked/n2"}},
		{"forwarding that was healed and the tunnel dropped on two nodes", func(s *facts.Snapshot) []Judged {
			off(s, "n2", "net.ipv4.ip_forward", "0", facts.First)
			return append(dropped(s, "n3", 400), failed(ipForward, about("n2", "net.ipv4.ip_forward is 0")))
		}, []string{"no-forwarding/n2", "vxlan-blocked/n3"}},
		{"forwarding off and the tunnel dropped on two nodes", func(s *facts.Snapshot) []Judged {
			return append(switchedOff(s, "n2"), dropped(s, "n3", 400)...)
		}, []string{"no-forwarding/n2", "vxlan-blocked/n3"}},
		{"a route missing and FORWARD rejecting on one node", func(s *facts.Snapshot) []Judged {
			return append(routeless(s, "n2", "n1"), rejecting(s, "n2")...)
		}, []string{"forward-rejected/n2", "route-missing/n2"}},
		{"rules of Services flushed and a wrong tunnel entry on one node", func(s *facts.Snapshot) []Judged {
			judged := misled(s, "n2", "n1")
			return append(judged, failed("service/programmed", about("n2", "KUBE-SERVICES has no rule for 10.96.0.1 TCP 443, at both looks")))
		}, []string{"services-not-written/n2", "tunnel-entry/n2"}},
		{"a leftover and a wrong tunnel entry on one node", func(s *facts.Snapshot) []Judged {
			judged := misled(s, "n2", "n3")
			return append(judged, towards("overlay/leftover", "n2", "n1", "tunl0 holds 10.244.1.0/32, which belongs to the pods of n1 (10.244.1.0/24): the route there cannot be set"))
		}, []string{"tunnel-entry/n2", "tunnel-leftover/n2"}},
		{"no kube-proxy on one node and forwarding off on another", func(s *facts.Snapshot) []Judged {
			return append(proxyless(s, "n1"), switchedOff(s, "n3")...)
		}, []string{"kube-proxy-missing/n1", "no-forwarding/n3"}},
		{"a node that is not ready and FORWARD rejecting on another", func(s *facts.Snapshot) []Judged {
			return append(rejecting(s, "n3"), failed(nodeReady, about("n1", "Ready is Unknown")))
		}, []string{"forward-rejected/n3", "node-not-ready/n1"}},
		{"FORWARD rejecting and another rule dropping on one node", func(s *facts.Snapshot) []Judged {
			other := "-A PREROUTING -d 10.244.9.9/32 -j DROP"
			return append(rejecting(s, "n2"), failed(firewallDrops, rule("n2", "PREROUTING", other, "dropped packets", 7)))
		}, []string{"forward-rejected/n2", "rule-drops/n2"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			s := factstest.Healthy(3)
			judged := tc.fault(s)
			var keys []string
			d := Find(s, append(traffic(s), merged(judged)...))
			causes := d.Causes
			if len(d.Open) > 0 {
				t.Errorf("open: %+v", d.Open)
			}
			for _, c := range causes {
				keys = append(keys, c.Key)
			}
			slices.Sort(keys)
			if !slices.Equal(keys, tc.want) {
				t.Errorf("got %s, want %v", said(causes), tc.want)
			}
		})
	}
}

// merged puts the findings of one check together, as a run has them.
func merged(judged []Judged) []Judged {
	var out []Judged
	for _, j := range judged {
		i := slices.IndexFunc(out, func(o Judged) bool { return o.ID == j.ID })
		if i < 0 {
			out = append(out, j)
			continue
		}
		out[i].Result.Findings = append(out[i].Result.Findings, j.Result.Findings...)
	}
	return out
}

func TestARuleThatCountedNothingIsNoProofOfABlockedTunnel(t *testing.T) {
	s := factstest.Healthy(3)
	judged := append(switchedOff(s, "n2"), dropped(s, "n2", 0)[1:]...)
	causes := Diagnose(s, append(traffic(s), judged...))
	if has(causes, "vxlan-blocked") || !has(causes, "no-forwarding") {
		t.Errorf("got %s", said(causes))
	}
}

func TestProbesOfThePortNameABlockedTunnelWithoutARule(t *testing.T) {
	s := factstest.Healthy(3)
	judged := switchedOff(s, "n2")
	cut(s, overTunnel(of("n2")))
	const key = "host>tunnel/tunnel/ipv4@main"
	f := check.Finding{
		Subject: "n2", Nodes: []string{"n2"}, Verdict: check.Fail, Flow: key,
		Says:  "2 of 6 pairs are sent and never seen at the far end; UDP to another port passes between the same nodes, so only this port is blocked",
		Pairs: []check.Pair{{From: "host/n1", To: "tunnel/n2"}, {From: "host/n3", To: "tunnel/n2"}},
	}
	for _, p := range f.Pairs {
		factstest.Set(s, key, p.From, p.To, facts.Cell{Outcome: facts.Timeout}, nil)
	}
	c := find(t, Diagnose(s, append(traffic(s), append(judged, failed(overlayPort, f))...)), "vxlan-blocked")
	equal(t, c.Key, "vxlan-blocked/n2")
	contains(t, c.Says, "while UDP to another port passes")
	if c.Certainty != report.Proved {
		t.Errorf("certainty %q", c.Certainty)
	}
}
