package firewall_test

import (
	"net/netip"
	"strings"
	"testing"

	"github.com/plumbline-net/plumbline/framework/check"
	"github.com/plumbline-net/plumbline/framework/facts"
	"github.com/plumbline-net/plumbline/framework/facts/factstest"
	"github.com/plumbline-net/plumbline/suites/firewall"
)

func measuredCluster() *facts.Snapshot { return factstest.Healthy(3) }

func rejecting(s *facts.Snapshot, looks ...facts.Look) {
	at(s, "n2", nftSave, above("filter", "FORWARD", "-A FORWARD -j REJECT --reject-with icmp-host-prohibited"), looks...)
}

// TestARuleThatBreaksNoMeasuredPairIsNoFailure: eBPF hands packets on before the kernel's chains.
func TestARuleThatBreaksNoMeasuredPairIsNoFailure(t *testing.T) {
	judgeIn(t, firewall.Forward(), measuredCluster, []shape{
		{name: "all pairs answered", verdict: check.Warn, spoil: func(s *facts.Snapshot) { rejecting(s) }, says: []string{
			"rejects all forwarded pod traffic", "all 12 pairs that it would break answered", "-nvL FORWARD",
		}, silent: []string{"-D FORWARD"}},
		{name: "one pair did not", verdict: check.Fail, spoil: func(s *facts.Snapshot) {
			rejecting(s)
			factstest.Letters(s, "pod>pod/udp/ipv4@main", "...", "..T", "...")
		}},
		{name: "another node's pair did not", verdict: check.Warn, spoil: func(s *facts.Snapshot) {
			rejecting(s)
			factstest.Letters(s, "pod>pod/udp/ipv4@main", "..T", "...", "...")
		}},
		{name: "at the first look only", verdict: check.Fail, spoil: func(s *facts.Snapshot) {
			rejecting(s, facts.First)
		}, says: []string{"at the first look only"}},
		{name: "at the last look only", verdict: check.Fail, spoil: func(s *facts.Snapshot) { rejecting(s, facts.Last) }},
		{name: "pairs that needed another attempt, and a counter that moved", verdict: check.Fail, spoil: func(s *facts.Snapshot) {
			counted(s, "n2", "FORWARD", "-j REJECT", 4, 61)
			factstest.Letters(s, "pod>pod/tcp/ipv4@main", "...", "..~", "...")
		}},
		{name: "pairs that needed another attempt, and a counter that stood still", verdict: check.Warn, spoil: func(s *facts.Snapshot) {
			counted(s, "n2", "FORWARD", "-j REJECT", 4, 5)
			factstest.Letters(s, "pod>pod/tcp/ipv4@main", "...", "..~", "...")
		}},
		{name: "Services alone did not answer, and the counter moved", verdict: check.Fail, spoil: func(s *facts.Snapshot) {
			counted(s, "n2", "FORWARD", "-j REJECT", 4, 61)
			factstest.Letters(s, "pod>nodePort/tcp/ipv4@main", ".U.", "UUU", ".U.")
		}},
		{name: "Services alone did not answer, and the counter stood still", verdict: check.Warn, spoil: func(s *facts.Snapshot) {
			counted(s, "n2", "FORWARD", "-j REJECT", 4, 4)
			factstest.Letters(s, "pod>nodePort/tcp/ipv4@main", ".U.", "UUU", ".U.")
		}},
		{name: "Services of another node did not answer", verdict: check.Warn, spoil: func(s *facts.Snapshot) {
			counted(s, "n2", "FORWARD", "-j REJECT", 4, 5)
			factstest.Letters(s, "pod>nodePort/tcp/ipv4@main", "..U", "...", "...")
		}},
	})
	judgeIn(t, firewall.Drops(), measuredCluster, []shape{
		{name: "what it counted came from elsewhere", verdict: check.Warn, spoil: func(s *facts.Snapshot) {
			counted(s, "n2", "FORWARD", "-j REJECT", 0, 1)
		}, says: []string{"rejected 1 packet", "all 12 pairs that it would break answered"}},
		{name: "pairs failed", verdict: check.Fail, spoil: func(s *facts.Snapshot) {
			counted(s, "n2", "FORWARD", "-j REJECT", 0, 400)
			factstest.Letters(s, "pod>pod/tcp/ipv4@main", ".U.", "U.U", ".U.")
		}},
		{name: "a rule that takes a share", verdict: check.Fail, spoil: func(s *facts.Snapshot) {
			counted(s, "n2", "FORWARD", "-m statistic --mode random --probability 0.03 -j DROP", 0, 40)
		}},
	})
}

func TestNodePortsThatAnswerAreNotKeptOut(t *testing.T) {
	kept := func(s *facts.Snapshot) {
		at(s, "n2", nftSave, above("raw", "PREROUTING", "-A PREROUTING -p tcp -m tcp --dport 30000:32767 -j DROP"))
	}
	judgeIn(t, firewall.Input(), measuredCluster, []shape{
		{name: "eBPF takes them before", verdict: check.Warn, spoil: kept, says: []string{
			"table raw", "all 2 pairs that it would break answered",
		}},
		{name: "they time out", verdict: check.Fail, spoil: func(s *facts.Snapshot) {
			kept(s)
			factstest.Letters(s, "host>nodePort/tcp/ipv4@main", ".T.", "...", ".T.")
		}, says: []string{"-t raw -D PREROUTING"}},
		{name: "the tunnel's port, which is not reached", verdict: check.Fail, spoil: func(s *facts.Snapshot) {
			at(s, "n2", nftSave, above("filter", "INPUT", "-A INPUT -p udp -m udp --dport 8472 -j DROP"))
			factstest.Letters(s, "host>tunnel/tunnel/ipv4@main", ".T.", "...", ".T.")
		}},
	})
}

// ownPools gives the probe pods addresses outside the nodes' pod CIDRs, as Cilium's
// cluster-pool and Calico do; the third node has no probe pod.
func ownPools() *facts.Snapshot {
	s := factstest.Healthy(3)
	for i := range s.Nodes[:2] {
		s.Nodes[i].PodAgent.Addrs = []netip.Addr{netip.AddrFrom4([4]byte{10, 0, byte(i + 1), 7})}
	}
	s.Nodes[2].PodAgent, s.Nodes[2].Excluded = facts.Agent{}, "excluded by name"
	return s
}

func TestTheProbePodsOwnAddressesAreFollowed(t *testing.T) {
	perPod := func(address string) func(*facts.Snapshot) {
		return func(s *facts.Snapshot) {
			at(s, "n2", nftSave, nat("-A POSTROUTING -s "+address+"/32 -j CNI-0123"), facts.Last)
			at(s, "n2", nftSave, func(text string) string {
				return strings.Replace(text, ":POSTROUTING ACCEPT [0:0]\n", ":POSTROUTING ACCEPT [0:0]\n:CNI-0123 - [0:0]\n", 1)
			}, facts.Last)
			at(s, "n2", nftSave, nat("-A CNI-0123 -d 10.244.1.0/24 -j ACCEPT\n-A CNI-0123 ! -d 224.0.0.0/4 -j MASQUERADE"), facts.Last)
		}
	}
	probe := factstest.Healthy(3).Nodes[1].PodAgent.Addrs[0].String()
	judgeIn(t, firewall.Masquerade(), measuredCluster, []shape{
		{name: "the plugin's ipMasq rewrites every pair", verdict: check.Fail, spoil: perPod(probe), says: []string{"CNI-0123"}},
		{name: "the same of a pod that is not ours", verdict: check.Pass, spoil: perPod("10.244.1.250")},
		{name: "a rewriting rule, and pairs that keep their source", verdict: check.Warn, spoil: func(s *facts.Snapshot) {
			at(s, "n2", nftSave, nat("-A POSTROUTING -s 10.244.0.0/16 -j MASQUERADE"))
		}, says: []string{"kept their source"}},
		{name: "a rewriting rule, and pairs that do not", verdict: check.Fail, spoil: func(s *facts.Snapshot) {
			at(s, "n2", nftSave, nat("-A POSTROUTING -s 10.244.0.0/16 -j MASQUERADE"))
			factstest.Letters(s, "pod>pod/tcp/ipv4@main", ".n.", "n.n", ".n.")
		}},
	})
	judgeIn(t, firewall.Masquerade(), ownPools, []shape{
		{name: "what leaves the pools, and a node whose pod CIDR means nothing", verdict: check.Pass, spoil: func(s *facts.Snapshot) {
			at(s, "n1", nftSave, nat("-A POSTROUTING -s 10.0.1.0/24 ! -d 10.0.0.0/8 -j MASQUERADE"))
		}},
		{name: "what leaves the node's own pool", verdict: check.Fail, spoil: func(s *facts.Snapshot) {
			at(s, "n1", nftSave, nat("-A POSTROUTING -s 10.0.1.0/24 ! -d 10.0.1.0/24 -j MASQUERADE"))
			factstest.Letters(s, "pod>pod/udp/ipv4@main", ".n.", "n..", "...")
		}, says: []string{"10.0.1.0/24"}},
	})
}

// dispatched is a routed port for each pod with rules for each, as Calico has them.
func dispatched(s *facts.Snapshot, node, port string, look facts.Look) {
	h := s.Host(node, look)
	pod := s.Node(node).PodAgent.Addrs[0]
	block, _ := pod.Prefix(26)
	h.Routes = append(h.Routes, facts.Route{Dst: block, Type: "blackhole", Table: 254, Family: facts.IPv4})
	if port != "" {
		h.Routes = append(h.Routes, facts.Route{Dst: netip.PrefixFrom(pod, 32), Dev: port, Type: "unicast", Table: 254, Family: facts.IPv4})
	}
	at(s, node, nftSave, func(text string) string {
		return strings.Replace(text, ":FORWARD ACCEPT [0:0]\n", ":FORWARD ACCEPT [0:0]\n:dispatch - [0:0]\n", 1)
	}, look)
	if port != "" {
		at(s, node, nftSave, above("filter", "FORWARD", "-A dispatch -i "+port+" -j ACCEPT\n-A dispatch -j DROP"), look)
	} else {
		at(s, node, nftSave, above("filter", "FORWARD", "-A dispatch -j DROP"), look)
	}
	at(s, node, nftSave, above("filter", "FORWARD", "-A FORWARD -i cali+ -j dispatch"), look)
}

func routed() *facts.Snapshot {
	s := factstest.Healthy(2)
	s.Matrices = nil
	for i := range s.Nodes {
		s.Nodes[i].PodAgent.Addrs = []netip.Addr{netip.AddrFrom4([4]byte{10, 0, byte(i + 1), 7})}
	}
	return s
}

// TestRulesAreFollowedWithTheInterfacesOfTheirLook: the port of a pod that did not
// exist yet has no rule, and what has none is dropped.
func TestRulesAreFollowedWithTheInterfacesOfTheirLook(t *testing.T) {
	judgeIn(t, firewall.Forward(), routed, []shape{
		{name: "no pod yet at the first look", verdict: check.Pass, spoil: func(s *facts.Snapshot) {
			dispatched(s, "n2", "", facts.First)
			dispatched(s, "n2", "cali123", facts.Last)
		}},
		{name: "another pod's policies at the first look", verdict: check.Pass, spoil: func(s *facts.Snapshot) {
			h := s.Host("n2", facts.First)
			h.Routes = append(h.Routes, facts.Route{
				Dst: netip.MustParsePrefix("10.0.2.9/32"), Dev: "cali999", Type: "unicast", Table: 254, Family: facts.IPv4,
			})
			dispatched(s, "n2", "", facts.First)
			at(s, "n2", nftSave, above("filter", "FORWARD", "-A FORWARD -i cali999 -j DROP"), facts.First)
			dispatched(s, "n2", "cali123", facts.Last)
		}},
		{name: "no rule for the pod at the last look", verdict: check.Fail, spoil: func(s *facts.Snapshot) {
			dispatched(s, "n2", "cali123", facts.Last)
			at(s, "n2", nftSave, func(text string) string { return strings.Replace(text, "-A dispatch -i cali123 -j ACCEPT\n", "", 1) }, facts.Last)
		}, says: []string{"chain dispatch"}},
	})
	judgeIn(t, firewall.Forward(), func() *facts.Snapshot { return unmeasured(3) }, []shape{
		{name: "a bridge that the first pod makes", verdict: check.Fail, spoil: func(s *facts.Snapshot) {
			h := s.Host("n2", facts.First)
			h.Routes = nil
			at(s, "n2", nftSave, above("filter", "FORWARD", "-A FORWARD -i cni0 -j DROP"), facts.First)
		}, says: []string{"at the first look only"}},
	})
}
