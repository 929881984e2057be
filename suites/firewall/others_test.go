package firewall_test

import (
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/plumbline-net/plumbline/framework/check"
	"github.com/plumbline-net/plumbline/framework/facts"
	"github.com/plumbline-net/plumbline/framework/facts/factstest"
	"github.com/plumbline-net/plumbline/suites/firewall"
)

func replaced(text, old, with string) string { return strings.ReplaceAll(text, old, with) }

const legacyKube = "*nat\n:PREROUTING ACCEPT [0:0]\n:KUBE-SERVICES - [0:0]\n-A PREROUTING -j KUBE-SERVICES\n-A KUBE-SERVICES -d 10.96.0.1/32 -j RETURN\nCOMMIT\n"

func TestTwoBackEnds(t *testing.T) {
	judge(t, firewall.Backends(), []shape{
		{name: "a rule of the other back end", verdict: check.Fail, spoil: func(s *facts.Snapshot) {
			at(s, "n2", legacySave, text("*filter\n:FORWARD ACCEPT [0:0]\n-A FORWARD -j DROP\nCOMMIT\n"))
		}, says: []string{"both hold rules", "1 rule in filter", "iptables-legacy-save | grep", "2 of 3 nodes"}},
		{name: "kube-proxy twice", verdict: check.Fail, spoil: func(s *facts.Snapshot) { at(s, "n2", legacySave, text(legacyKube)) }, says: []string{"kube-proxy's rules are in iptables-legacy and in iptables-nft"}},
		{name: "on two nodes it is one finding", verdict: check.Fail, spoil: func(s *facts.Snapshot) {
			at(s, "n2", legacySave, text(legacyKube))
			at(s, "n3", legacySave, text(legacyKube))
		}, says: []string{"Subject:n2, n3"}},
		{name: "tables that are there and empty", verdict: check.Pass, spoil: func(s *facts.Snapshot) {
			at(s, "n2", legacySave, text("*filter\n:INPUT ACCEPT [5:400]\n:FORWARD ACCEPT [0:0]\nCOMMIT\n"))
		}},
		{name: "hints", verdict: check.Pass, spoil: func(s *facts.Snapshot) {
			at(s, "n2", legacySave, text("*mangle\n:KUBE-IPTABLES-HINT - [0:0]\n:KUBE-KUBELET-CANARY - [0:0]\n-A KUBE-IPTABLES-HINT -j RETURN\nCOMMIT\n"))
		}},
		{name: "everything in the legacy one", verdict: check.Pass, spoil: func(s *facts.Snapshot) {
			at(s, "n2", legacySave, text(legacyKube))
			at(s, "n2", nftSave, text(""))
		}},
		{name: "a tool that did not run", verdict: check.Unknown, spoil: unreadable},
	})
}

func unreadable(s *facts.Snapshot) {
	for _, look := range []facts.Look{facts.First, facts.Last} {
		*dump(s, "n2", look, nftSave) = facts.Dump{Tool: nftSave, NotRun: "exit status 4: Permission denied"}
	}
}

// nat puts a rule above all of POSTROUTING.
func nat(rule string) func(string) string {
	return func(text string) string { return strings.Replace(text, "-A POSTROUTING", rule+"\n-A POSTROUTING", 1) }
}

func TestWhatRewritesPodsSources(t *testing.T) {
	judge(t, firewall.Masquerade(), []shape{
		{name: "everything that leaves", verdict: check.Fail, spoil: func(s *facts.Snapshot) {
			at(s, "n2", nftSave, nat("-A POSTROUTING -s 10.244.0.0/16 -j MASQUERADE"))
		}, says: []string{"table nat, chain POSTROUTING, rule 1 gives packets between pods, to and from other nodes, the node's address", "iptables-nft -t nat -D POSTROUTING -s 10.244.0.0/16 -j MASQUERADE"}},
		{name: "one node's pods", verdict: check.Fail, spoil: func(s *facts.Snapshot) {
			at(s, "n2", nftSave, nat("-A POSTROUTING -s 10.244.2.0/24 ! -o cni0 -j MASQUERADE"))
		}, says: []string{"to other nodes"}},
		{name: "what leaves the pods' network", verdict: check.Pass, spoil: func(s *facts.Snapshot) {
			at(s, "n2", nftSave, nat("-A POSTROUTING -s 10.244.0.0/16 ! -d 10.244.0.0/16 -j MASQUERADE"))
		}},
		{name: "what is marked, which pods' packets are not", verdict: check.Pass, spoil: func(s *facts.Snapshot) {
			at(s, "n2", nftSave, nat("-A POSTROUTING -m mark --mark 0x4000/0x4000 -j MASQUERADE"))
		}},
		{name: "another plugin's rules", verdict: check.Warn, spoil: func(s *facts.Snapshot) {
			at(s, "n2", legacySave, text("*nat\n:POSTROUTING ACCEPT [0:0]\n:cali-POSTROUTING - [0:0]\n-A POSTROUTING -j cali-POSTROUTING\n-A cali-POSTROUTING -o tunl0 -j MASQUERADE\nCOMMIT\n"))
		}, says: []string{"rules of Calico are left, while the cluster's network plugin is flannel", "nat/cali-POSTROUTING"}},
		{name: "rules that could not be read", verdict: check.Unknown, spoil: unreadable, says: []string{"Permission denied"}},
	})
}

func process(s *facts.Snapshot, node, name string) {
	h := s.Host(node, facts.First)
	h.Processes = append(h.Processes, facts.Process{Name: name, PID: 911, Count: 1})
}

func unlisted(s *facts.Snapshot) {
	for _, look := range []facts.Look{facts.First, facts.Last} {
		s.Host("n2", look).Processes = nil
	}
}

func firewalldTable(s *facts.Snapshot) {
	at(s, "n2", nft, text(replaced(replaced(nativeDrop("inet", "input", "10", "9"), `"site"`, `"firewalld"`), `"guard"`, `"filter_INPUT"`)))
}

func TestFirewallManagers(t *testing.T) {
	judge(t, firewall.Services(), []shape{
		{name: "by its process and its chains", verdict: check.Warn, spoil: func(s *facts.Snapshot) {
			firewalldTable(s)
			process(s, "n2", "firewalld")
		}, says: []string{"firewalld runs and its chains are loaded", "firewalld, pid 911", "firewalld/filter_INPUT", "systemctl disable --now firewalld", "no firewall manager is active on 2 of 3 nodes"}},
		{name: "by its process alone", verdict: check.Warn, spoil: func(s *facts.Snapshot) { process(s, "n2", "firewalld") }, says: []string{"it has no chains at the moment"}},
		{name: "ufw, which has no process", verdict: check.Warn, spoil: func(s *facts.Snapshot) {
			at(s, "n2", legacySave, text("*filter\n:FORWARD ACCEPT [0:0]\n:ufw-before-forward - [0:0]\n-A FORWARD -j ufw-before-forward\nCOMMIT\n"))
		}, says: []string{"ufw's chains are loaded", "ufw disable"}},
		{name: "/etc/nftables.conf", verdict: check.Warn, spoil: func(s *facts.Snapshot) {
			at(s, "n2", nft, text(replaced(nativeDrop("inet", "input", "0", "9"), `"site"`, `"filter"`)))
		}, says: []string{"nftables.service's chains", "systemctl disable --now nftables.service"}},
		{name: "the empty table of /etc/nftables.conf", verdict: check.Pass, spoil: func(s *facts.Snapshot) {
			at(s, "n2", nft, text(`{"nftables": [{"chain": {"family": "inet", "table": "filter", "name": "input", "type": "filter", "hook": "input", "prio": 0, "policy": "accept"}}]}`))
		}},
		{name: "no list of processes", verdict: check.Unknown, spoil: unlisted, says: []string{"no list of them"}},
	})
}

func TestSecuritySoftware(t *testing.T) {
	judge(t, firewall.SecuritySoftware(), []shape{
		{name: "a known agent", verdict: check.Warn, spoil: func(s *facts.Snapshot) { process(s, "n2", "qaxsafed") }, says: []string{"Qi'anxin endpoint security runs (process qaxsafed)", "on 2 of 3 nodes none of"}},
		{name: "a name that the kernel cut", verdict: check.Warn, spoil: func(s *facts.Snapshot) {
			process(s, "n2", "wsssr_defence_daemon"[:15])
		}, says: []string{"Qi'anxin host hardening runs (process wsssr_defence_d)"}},
		{name: "the same on two nodes is one finding", verdict: check.Warn, spoil: func(s *facts.Snapshot) {
			process(s, "n2", "kesl")
			process(s, "n3", "kesl")
		}, says: []string{"Subject:n2, n3", "systemctl stop kesl"}},
		{name: "one that the configuration adds", verdict: check.Warn, spoil: func(s *facts.Snapshot) {
			s.Run.Config = &facts.Config{SecuritySoftware: []facts.SecuritySoftware{{Process: "guardd", Product: "Example Guard", Effect: "drops UDP", Stop: "systemctl stop guardd"}}}
			process(s, "n2", "guardd")
		}, says: []string{"Example Guard runs (process guardd): it drops UDP", "systemctl stop guardd"}},
		{name: "a name that only begins like one", verdict: check.Pass, spoil: func(s *facts.Snapshot) { process(s, "n2", "kesler") }},
		{name: "no list of processes", verdict: check.Unknown, spoil: unlisted},
	})
}

// TestRecordings judges the snapshots from which the recordings are written.
func TestRecordings(t *testing.T) {
	fail := map[string]func(*facts.Snapshot){
		"input": overlayDropped,
		"drops": func(s *facts.Snapshot) {
			counted(s, "n2", "FORWARD", "-j REJECT --reject-with icmp-host-prohibited", 4, 61)
		},
		"backends":   func(s *facts.Snapshot) { at(s, "n2", legacySave, text(legacyKube)) },
		"masquerade": func(s *facts.Snapshot) { at(s, "n2", nftSave, nat("-A POSTROUTING -s 10.244.0.0/16 -j MASQUERADE")) },
		"services": func(s *facts.Snapshot) {
			firewalldTable(s)
			process(s, "n2", "firewalld")
		},
		"security_software": func(s *facts.Snapshot) { process(s, "n2", "qaxsafed") },
	}
	unknown := map[string]func(*facts.Snapshot){"drops": withoutCounters, "services": unlisted, "security_software": unlisted}
	for _, c := range firewall.All() {
		name := factstest.FileName(c.ID)
		if fail[name] == nil {
			continue // the recordings of chains and forward are written with those of other areas
		}
		blind := unknown[name]
		if blind == nil {
			blind = unreadable
		}
		snapshots := []*facts.Snapshot{factstest.Healthy(2), factstest.Healthy(2), factstest.Healthy(2)}
		fail[name](snapshots[1])
		blind(snapshots[2])
		for _, s := range snapshots {
			trimmed(s)
		}
		factstest.Recordings(t, c, *update, snapshots[0], snapshots[1], snapshots[2])
	}
}

// TestRealNodesOfTheLabRaiseNothing: what nodes with kube-proxy 1.36 and flannel
// really hold, in both of kube-proxy's modes.
func TestRealNodesOfTheLabRaiseNothing(t *testing.T) {
	for mode, dir := range map[string]string{"iptables": "lab-worker", "nftables": "kube-nftables-1.36"} {
		s := factstest.Healthy(1)
		s.Cluster.ProxyMode = mode
		pods := netip.MustParsePrefix(map[string]string{"iptables": "10.244.3.0/24", "nftables": "10.244.2.0/24"}[mode])
		s.Nodes[0].PodCIDRs, s.Nodes[0].PodAgent.Addrs = []netip.Prefix{pods}, nil
		for _, look := range []facts.Look{facts.First, facts.Last} {
			for _, tool := range []string{nftSave, "ip6tables-nft-save", legacySave, nft} {
				raw, err := os.ReadFile(filepath.Join("..", "..", "framework", "netfilter", "testdata", dir, tool+".txt"))
				if err != nil {
					t.Fatal(err)
				}
				dump(s, "n1", look, tool).Text = string(raw)
			}
		}
		for _, c := range firewall.All() {
			if c.ID == "firewall/drops" && mode == "iptables" {
				continue // that node was recorded without counters
			}
			if r := c.Evaluate(s); r.Verdict != check.Pass {
				t.Errorf("%s, %s: %s (%s) %+v", mode, c.ID, r.Verdict, r.Why, r.Findings)
			}
		}
	}
}

func TestWhatStopsForwardedPackets(t *testing.T) {
	onBridge := func(s *facts.Snapshot, node, hook string) {
		at(s, node, nft, text(replaced(nativeDrop("bridge", hook, "0", "9"), `{"match": {"op": "==", "left": {"payload": {"protocol": "udp", "field": "dport"}}, "right": 9}}, `, "")))
	}
	judge(t, firewall.Forward(), []shape{
		{name: "frames of the pods' bridge", verdict: check.Fail, spoil: func(s *facts.Snapshot) { onBridge(s, "n2", "prerouting") }, says: []string{
			"nft table bridge site, chain guard, rule 1 drops all forwarded pod traffic to other nodes", "nft delete rule bridge site guard handle 4",
		}},
		{name: "a bridge that pods are not behind", verdict: check.Pass, spoil: func(s *facts.Snapshot) {
			onBridge(s, "n2", "prerouting")
			for _, look := range []facts.Look{facts.First, facts.Last} {
				s.Host("n2", look).Interfaces[3].Kind = "ipvlan"
			}
		}},
		{name: "two nodes with different rules stay two findings", verdict: check.Fail, spoil: func(s *facts.Snapshot) {
			onBridge(s, "n2", "prerouting")
			at(s, "n3", nftSave, above("filter", "FORWARD", "-A FORWARD -j DROP"))
		}, says: []string{"1 of 3 nodes", "Subject:n2: nft table bridge site", "Subject:n3: iptables-nft, table filter, chain FORWARD, rule 1"}},
	})
}
