package firewall_test

import (
	"testing"

	"github.com/plumbline-net/plumbline/framework/check"
	"github.com/plumbline-net/plumbline/framework/facts"
	"github.com/plumbline-net/plumbline/suites/firewall"
)

func nativeDrop(family, hook string, prio string, port string) string {
	return `{"nftables": [{"table": {"family": "` + family + `", "name": "site"}},
 {"chain": {"family": "` + family + `", "table": "site", "name": "guard", "type": "filter", "hook": "` + hook + `", "prio": ` + prio + `, "policy": "accept"}},
 {"rule": {"family": "` + family + `", "table": "site", "chain": "guard", "handle": 4, "expr": [
  {"match": {"op": "==", "left": {"payload": {"protocol": "udp", "field": "dport"}}, "right": ` + port + `}}, {"counter": {"packets": 0, "bytes": 0}}, {"drop": null}]}}]}`
}

func overlayDropped(s *facts.Snapshot) {
	at(s, "n2", nftSave, above("filter", "INPUT", "-A INPUT -s 10.0.0.11/32 -p udp -m udp --dport 8472 -j DROP"))
}

func TestWhatKeepsANodeFromTakingPacketsIn(t *testing.T) {
	judge(t, firewall.Input(), []shape{
		{name: "the overlay's port from one node", verdict: check.Fail, spoil: overlayDropped, says: []string{
			"iptables-nft, table filter, chain INPUT, rule 1 drops the overlay (UDP 8472) from n1: ", "iptables-nft -D INPUT -s 10.0.0.11/32 -p udp -m udp --dport 8472 -j DROP", "2 of 3 nodes take in",
		}},
		{name: "the overlay's port in a native table", verdict: check.Fail, spoil: func(s *facts.Snapshot) {
			at(s, "n2", nft, text(nativeDrop("inet", "input", "0", "8472")))
		}, says: []string{"nft table inet site, chain guard, rule 1 drops the overlay (UDP 8472)", "nft delete rule inet site guard handle 4"}},
		{name: "another port", verdict: check.Pass, spoil: func(s *facts.Snapshot) {
			at(s, "n2", nft, text(nativeDrop("inet", "input", "0", "4789")))
		}},
		{name: "the NodePort range at INPUT, which NodePorts never meet", verdict: check.Warn, spoil: func(s *facts.Snapshot) {
			at(s, "n2", nftSave, above("filter", "INPUT", "-A INPUT -p tcp -m tcp --dport 30000:32767 -j DROP"))
		}, says: []string{"NodePorts (TCP 31080, TCP 30000, TCP 32767) from the other nodes, without effect at the moment: kube-proxy (iptables)"}},
		{name: "the same where IPVS serves NodePorts", verdict: check.Fail, spoil: func(s *facts.Snapshot) {
			s.Cluster.ProxyMode = "ipvs"
			at(s, "n2", nftSave, above("filter", "INPUT", "-A INPUT -p tcp -m tcp --dport 30000:32767 -j DROP"))
		}, says: []string{"rule 1 drops NodePorts ("}},
		{name: "the NodePort range before translation", verdict: check.Fail, spoil: func(s *facts.Snapshot) {
			at(s, "n2", nftSave, above("mangle", "PREROUTING", "-A PREROUTING -p tcp -m tcp --dport 30000:32767 -j DROP"))
		}, says: []string{"table mangle, chain PREROUTING, rule 1 drops NodePorts ("}},
		{name: "NodePorts for clients outside only", verdict: check.Warn, spoil: func(s *facts.Snapshot) {
			at(s, "n2", nftSave, above("mangle", "PREROUTING", "-A PREROUTING ! -s 10.0.0.0/8 -p tcp -m tcp --dport 30000:32767 -j DROP"))
		}, says: []string{"for clients outside the cluster (other nodes pass)"}},
		{name: "the kubelet's port, by its policy", verdict: check.Fail, spoil: func(s *facts.Snapshot) {
			at(s, "n2", legacySave, text("*filter\n:INPUT DROP [0:0]\n-A INPUT -p udp -j ACCEPT\nCOMMIT\n"))
		}, says: []string{"iptables-legacy, table filter, policy of chain INPUT drops the kubelet (TCP 10250)", "iptables-legacy -P INPUT ACCEPT"}},
		{name: "a policy behind the accepts", verdict: check.Pass, spoil: func(s *facts.Snapshot) {
			at(s, "n2", legacySave, text("*filter\n:INPUT DROP [0:0]\n-A INPUT -s 10.0.0.0/24 -j ACCEPT\n-A INPUT -p tcp -m tcp --dport 30000:32767 -j ACCEPT\n-A INPUT -p udp -m udp --dport 30000:32767 -j ACCEPT\nCOMMIT\n"))
		}},
		{name: "a rule that depends on a set is not certain", verdict: check.Pass, spoil: func(s *facts.Snapshot) {
			at(s, "n2", nftSave, above("filter", "INPUT", "-A INPUT -m set --match-set banned src -j DROP"))
		}},
		{name: "a rule that was there at first only", verdict: check.Fail, spoil: func(s *facts.Snapshot) {
			at(s, "n2", nftSave, above("filter", "INPUT", "-A INPUT -p tcp -m tcp --dport 10250 -j REJECT"), facts.First)
		}, says: []string{"rejects the kubelet (TCP 10250) from n1 (at the first look only)"}},
		{name: "kube-proxy's own refusal for a Service without endpoints", verdict: check.Pass, spoil: func(s *facts.Snapshot) {
			at(s, "n2", nftSave, above("filter", "KUBE-FIREWALL", `-A KUBE-FIREWALL -p tcp -m comment --comment "a/b:c has no local endpoints" -m addrtype --dst-type LOCAL -m tcp --dport 30000 -j DROP`))
		}},
		{name: "two nodes with the same rule are one finding", verdict: check.Fail, spoil: func(s *facts.Snapshot) {
			for _, n := range []string{"n2", "n3"} {
				at(s, n, nftSave, above("filter", "INPUT", "-A INPUT -p udp -j DROP"))
			}
		}, says: []string{"Subject:n2, n3: iptables-nft, table filter, chain INPUT, rule 1"}},
		{name: "two nodes with different rules stay two findings", verdict: check.Fail, spoil: func(s *facts.Snapshot) {
			overlayDropped(s)
			at(s, "n3", nftSave, above("filter", "INPUT", "-A INPUT -p udp -j DROP"))
		}, says: []string{"1 of 3 nodes", "n2: iptables-nft", "n3: iptables-nft"}},
		{name: "no last look", verdict: check.Unknown, spoil: func(s *facts.Snapshot) {
			*s.Host("n2", facts.Last) = facts.HostLook{Node: "n2", Look: facts.Last, NotRun: "the deadline passed"}
		}, says: []string{"the deadline passed"}},
	})
}

func TestWhatIsDroppedWhileTheProbesRun(t *testing.T) {
	judge(t, firewall.Drops(), []shape{
		{name: "a REJECT of forwarded packets", verdict: check.Fail, spoil: func(s *facts.Snapshot) {
			counted(s, "n2", "FORWARD", "-j REJECT --reject-with icmp-host-prohibited", 4, 61)
		}, says: []string{"iptables-nft, table filter, chain FORWARD, rule 1 rejected 57 packets while the probes ran (counter 4 → 61)", "iptables-nft -D FORWARD -j REJECT", "iptables-nft -t filter -nvL FORWARD"}},
		{name: "the same rule on two nodes is one finding", verdict: check.Fail, spoil: func(s *facts.Snapshot) {
			counted(s, "n2", "FORWARD", "-j REJECT --reject-with icmp-host-prohibited", 4, 61)
			counted(s, "n3", "FORWARD", "-j REJECT --reject-with icmp-host-prohibited", 0, 3)
		}, says: []string{"rejected 60 packets while the probes ran (by the counters of 2 nodes)", "Subject:n2, n3: iptables-nft", "counter 0 → 3"}},
		{name: "a rule that has dropped long ago", verdict: check.Pass, spoil: func(s *facts.Snapshot) { counted(s, "n2", "FORWARD", "-s 203.0.113.9/32 -j DROP", 900, 900) }},
		{name: "the overlay's port", verdict: check.Fail, spoil: func(s *facts.Snapshot) {
			counted(s, "n2", "INPUT", "-s 10.0.0.11/32 -p udp -m udp --dport 8472 -j DROP", 0, 12)
		}, says: []string{"dropped 12 packets"}},
		{name: "strangers at a closed port of the host", verdict: check.Warn, spoil: func(s *facts.Snapshot) {
			counted(s, "n2", "INPUT", "-p tcp -m tcp --dport 23 -j DROP", 10, 17)
		}, says: []string{"nothing that the cluster is known to need ends there"}},
		{name: "NodePorts at INPUT, which they never meet", verdict: check.Warn, spoil: func(s *facts.Snapshot) {
			counted(s, "n2", "INPUT", "-p tcp -m tcp --dport 30000:32767 -j DROP", 0, 3)
		}},
		{name: "what the host sends", verdict: check.Fail, spoil: func(s *facts.Snapshot) {
			counted(s, "n2", "OUTPUT", "-p udp -m udp --dport 53 -j DROP", 0, 3)
		}},
		{name: "a few packets of no connection", verdict: check.Pass, spoil: func(s *facts.Snapshot) {
			counted(s, "n2", "KUBE-FORWARD", "-m conntrack --ctstate INVALID -j DROP", 0, 20)
		}, says: []string{"set aside: 20 packets that belonged to no connection"}},
		{name: "many packets of no connection", verdict: check.Warn, spoil: func(s *facts.Snapshot) {
			counted(s, "n2", "KUBE-FORWARD", "-m conntrack --ctstate INVALID -j DROP", 0, 5000)
		}},
		{name: "our own negative control", verdict: check.Pass, spoil: func(s *facts.Snapshot) {
			counted(s, "n2", "KUBE-FORWARD", `-m comment --comment "plumbline-abcde/plumbline-local:tcp has no local endpoints" -m addrtype --dst-type LOCAL -j DROP`, 0, 9)
		}, says: []string{"set aside: 9 packets for Services without an endpoint"}},
		{name: "a rule that moved down", verdict: check.Pass, spoil: func(s *facts.Snapshot) {
			counted(s, "n2", "FORWARD", "-s 203.0.113.9/32 -j DROP", 900, 900)
			at(s, "n2", nftSave, above("filter", "FORWARD", "[5:300] -A FORWARD -s 10.9.9.9/32 -j ACCEPT"), facts.Last)
		}},
		{name: "a native rule", verdict: check.Fail, spoil: func(s *facts.Snapshot) {
			const first, last = `"packets": 0, "bytes": 0`, `"packets": 8, "bytes": 640`
			drop := nativeDrop("inet", "forward", "0", "53")
			at(s, "n2", nft, text(drop), facts.First)
			at(s, "n2", nft, text(replaced(drop, first, last)), facts.Last)
		}, says: []string{"nft table inet site, chain guard, rule 1 dropped 8 packets", "nft list chain inet site guard"}},
		{name: "a native rule without a counter is told", verdict: check.Pass, spoil: func(s *facts.Snapshot) {
			at(s, "n2", nft, text(replaced(nativeDrop("inet", "forward", "0", "53"), `{"counter": {"packets": 0, "bytes": 0}}, `, "")))
		}, says: []string{"on 1 of them some native nft rules that drop have no counter"}},
		{name: "a policy", verdict: check.Fail, spoil: func(s *facts.Snapshot) {
			at(s, "n2", legacySave, text("*filter\n:FORWARD DROP [3:180]\nCOMMIT\n"), facts.First)
			at(s, "n2", legacySave, text("*filter\n:FORWARD DROP [9:540]\nCOMMIT\n"), facts.Last)
		}, says: []string{"policy of chain FORWARD dropped 6 packets"}},
		{name: "a plugin's network policy", verdict: check.Warn, spoil: func(s *facts.Snapshot) {
			at(s, "n2", legacySave, text("*filter\n:FORWARD ACCEPT [0:0]\n:cali-FORWARD - [0:0]\n-A FORWARD -j cali-FORWARD\n[1:60] -A cali-FORWARD -j DROP\nCOMMIT\n"), facts.First)
			at(s, "n2", legacySave, text("*filter\n:FORWARD ACCEPT [0:0]\n:cali-FORWARD - [0:0]\n-A FORWARD -j cali-FORWARD\n[4:240] -A cali-FORWARD -j DROP\nCOMMIT\n"), facts.Last)
		}, says: []string{"Calico's own"}},
		{name: "no counters", verdict: check.Unknown, spoil: withoutCounters, says: []string{"the output of iptables-nft-save has no counters"}},
	})
}

// withoutCounters is a dump of a tool that was run without -c.
func withoutCounters(s *facts.Snapshot) {
	at(s, "n2", nftSave, func(text string) string { return replaced(text, "[0:0] -A", "-A") })
}
