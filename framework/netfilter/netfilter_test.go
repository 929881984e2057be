package netfilter_test

import (
	"encoding/json"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/plumbline-net/plumbline/framework/facts"
	"github.com/plumbline-net/plumbline/framework/golden"
	"github.com/plumbline-net/plumbline/framework/netfilter"
)

// recorded reads the dumps of one folder of testdata; record.sh made them on a real kernel.
func recorded(t *testing.T, name string) netfilter.Ruleset {
	t.Helper()
	var dumps []facts.Dump
	for _, tool := range []string{"iptables-nft-save", "ip6tables-nft-save", "iptables-legacy-save", "nft"} {
		text, err := os.ReadFile(filepath.Join("testdata", name, tool+".txt"))
		if err != nil {
			t.Fatal(err)
		}
		dumps = append(dumps, facts.Dump{Tool: tool, Text: string(text)})
	}
	rules, errs := netfilter.Load(dumps)
	if len(errs) > 0 {
		t.Fatalf("%+v", errs)
	}
	return rules
}

func prefixes(list ...string) []netip.Prefix {
	var out []netip.Prefix
	for _, p := range list {
		out = append(out, netip.MustParsePrefix(p))
	}
	return out
}

// outgoing goes from this node's pods to those of another.
func outgoing(protocol string) netfilter.Packet {
	return netfilter.Packet{
		Family: facts.IPv4, Protocol: protocol, In: []string{"cni0"}, Out: []string{"flannel.1"},
		Src: prefixes("10.244.1.0/24"), Dst: prefixes("10.244.2.0/24"),
	}
}

func incoming(protocol string) netfilter.Packet {
	p := outgoing(protocol)
	p.In, p.Out, p.Src, p.Dst = p.Out, p.In, p.Dst, p.Src
	return p
}

func describe(tr netfilter.Trace) string {
	if tr.Certain == nil {
		return "passes"
	}
	s := tr.Certain
	if s.Rule == nil {
		return fmt.Sprintf("%s %s %s policy", s.Chain.Tool, s.Chain.Table, s.Chain.Name)
	}
	return fmt.Sprintf("%s %s %s %d: %s", s.Chain.Tool, s.Chain.Table, s.Chain.Name, s.Rule.Position, s.Rule.Text)
}

func TestWhatBecomesOfPodTrafficUnderRealRules(t *testing.T) {
	cases := []struct {
		name, dumps string
		packet      netfilter.Packet
		want        string
		possible    bool
	}{
		{"kube-proxy and flannel let pods through", "kube-flannel", outgoing("tcp"), "passes", false},
		{"and back", "kube-flannel", incoming("udp"), "passes", false},
		{"a node of the lab, with kube-proxy's nfacct rules", "lab-worker", outgoing("tcp"), "passes", false},
		{"and back to it", "lab-worker", incoming("icmp"), "passes", false},
		{"a REJECT above the accepts", "forward-reject", outgoing("icmp"), "iptables-nft-save filter FORWARD 1: -A FORWARD -j REJECT --reject-with icmp-host-prohibited", false},
		{"policy DROP without flannel's accept", "forward-policy", incoming("tcp"), "iptables-nft-save filter FORWARD policy", false},
		{"firewalld with iptables rejects TCP", "firewalld-iptables", incoming("tcp"), "iptables-nft-save filter FORWARD 6: -A FORWARD -j REJECT --reject-with icmp-host-prohibited", false},
		{"and lets its zone's ICMP through", "firewalld-iptables", incoming("icmp"), "passes", false},
		{"firewalld with nftables rejects behind iptables' accept", "firewalld-nft", outgoing("udp"), "nft firewalld filter_FORWARD 7: reject with icmpx admin-prohibited", false},
		{"and lets its zone's ICMP through, too", "firewalld-nft", outgoing("icmp"), "passes", false},
		{"a native drop before everything else", "native-drop", outgoing("tcp"), "nft site early 2: ip saddr @pods ip daddr 10.244.0.0/16 counter drop", false},
		{"is not certain for UDP, whose port decides", "native-drop", outgoing("udp"), "passes", true},
		{"ports, sets, rates and marks are not certain", "native-harmless", outgoing("tcp"), "passes", true},
		{"Docker's isolation does not concern pods, a legacy drop does", "docker-and-legacy-drop", outgoing("tcp"), "iptables-legacy-save filter FORWARD 1: -A FORWARD -j DROP", false},
		{"kube-proxy with nftables lets pods through", "kube-nftables", outgoing("tcp"), "passes", false},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			rules := recorded(t, c.dumps)
			tr, err := rules.Forward(c.packet)
			if err != nil {
				t.Fatal(err)
			}
			if got := describe(tr); got != c.want {
				t.Errorf("got %s, want %s", got, c.want)
			}
			if (len(tr.Possible) > 0) != c.possible {
				t.Errorf("possible stops: %+v", tr.Possible)
			}
		})
	}
}

func TestMarksDecideAsInTheKernel(t *testing.T) {
	rules := recorded(t, "calico-like")
	p := outgoing("tcp")
	p.In = []string{"cali123"}
	if tr, err := rules.Forward(p); err != nil || tr.Certain != nil {
		t.Errorf("a workload's packet is marked and accepted: %s, %v", describe(tr), err)
	}
	p.In = nil
	if tr, err := rules.Forward(p); err != nil || tr.Certain != nil || len(tr.Possible) == 0 {
		t.Errorf("from an interface not known the drop is possible, not certain: %s, %v", describe(tr), err)
	}
	p.In = []string{"eth0"}
	if tr, err := rules.Forward(p); err != nil || tr.Certain == nil {
		t.Errorf("what has no mark meets the policy: %s, %v", describe(tr), err)
	}
}

func TestIPv6SeesItsOwnTables(t *testing.T) {
	rules := recorded(t, "firewalld-nft")
	p := netfilter.Packet{Family: facts.IPv6, Protocol: "tcp", Src: prefixes("fd00:244:1::/64"), Dst: prefixes("fd00:244:2::/64")}
	tr, err := rules.Forward(p)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := describe(tr), "nft firewalld filter_FORWARD 7: reject with icmpx admin-prohibited"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// TestRuleByRule tries single rules: one chain FORWARD of table filter holds them.
func TestRuleByRule(t *testing.T) {
	cases := []struct {
		name, rules, policy string
		want                string // position of the certain stop, "policy" or "passes"
	}{
		{"a certain drop", "-j DROP", "ACCEPT", "1"},
		{"an accept before it", "-j ACCEPT|-j DROP", "ACCEPT", "passes"},
		{"a doubtful accept before it", "-m set --match-set x src -j ACCEPT|-j DROP", "ACCEPT", "passes"},
		{"a doubtful drop before a certain one", "-m set --match-set x src -j DROP|-j DROP", "ACCEPT", "2"},
		{"a doubtful accept before the policy", "-m owner --uid-owner 0 -j ACCEPT", "DROP", "passes"},
		{"one port's accept before the policy", "-p tcp -m tcp --dport 22 -j ACCEPT", "DROP", "passes"},
		{"another protocol's accept before the policy", "-p udp -j ACCEPT", "DROP", "policy"},
		{"established packets only", "-m conntrack --ctstate RELATED,ESTABLISHED -j DROP", "ACCEPT", "passes"},
		{"all but established packets", "-m conntrack ! --ctstate RELATED,ESTABLISHED -j DROP", "ACCEPT", "1"},
		{"invalid packets, counted", "-m conntrack --ctstate INVALID -m nfacct --nfacct-name ct_state_invalid_dropped_pkts -j DROP", "ACCEPT", "passes"},
		{"new packets, in the old module's words", "-m state --state NEW -j DROP", "ACCEPT", "1"},
		{"another interface", "-i docker0 -j DROP", "ACCEPT", "passes"},
		{"the pods' interface by pattern", "-i cni+ -j DROP", "ACCEPT", "1"},
		{"any interface but", "! -i docker0 -j DROP", "ACCEPT", "1"},
		{"local destinations only", "-m addrtype --dst-type LOCAL -j DROP", "ACCEPT", "passes"},
		{"a mark nobody sets", "-m mark --mark 0x4000/0x4000 -j DROP", "ACCEPT", "passes"},
		{"a mark set before", "-j MARK --set-xmark 0x4000/0x4000|-m mark --mark 0x4000/0x4000 -j DROP", "ACCEPT", "2"},
		{"a mark that was perhaps set", "-m owner --uid-owner 0 -j MARK --set-xmark 0x4000/0x4000|-m mark --mark 0x4000/0x4000 -j DROP", "ACCEPT", "passes"},
		{"a mark taken from the connection", "-j CONNMARK --restore-mark|-m mark --mark 0x1 -j DROP", "ACCEPT", "passes"},
		{"a connection's mark is not the packet's", "-m connmark --mark 0x0 -j DROP", "ACCEPT", "passes"},
		{"a program decides", "-j NFQUEUE --queue-num 0", "ACCEPT", "passes"},
		{"a target nobody knows", "-j STRANGE|-j DROP", "ACCEPT", "passes"},
		{"logging goes on", "-j LOG --log-prefix \"a \\\"b\\\" \"|-j DROP", "ACCEPT", "2"},
		{"a comment that begins with a dash", "-m comment --comment \"-j ACCEPT\" -j DROP", "ACCEPT", "1"},
		{"some of the addresses", "-s 10.244.1.7/32 -j DROP", "ACCEPT", "passes"},
		{"all of the addresses", "-s 10.244.0.0/16 -j DROP", "ACCEPT", "1"},
		{"a mask with holes", "-s 10.0.1.0/255.0.255.0 -j DROP", "ACCEPT", "passes"},
		{"a chain that returns", "-j sub|-j DROP", "ACCEPT", "2"},
		{"a goto does not come back", "-g sub|-j DROP", "ACCEPT", "passes"},
		{"a doubtful goto", "-m owner --uid-owner 0 -g sub|-j DROP", "ACCEPT", "passes"},
		{"RETURN in a base chain means its policy", "-j RETURN|-j ACCEPT", "DROP", "policy"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			text := "*filter\n:FORWARD " + c.policy + " [0:0]\n:sub - [0:0]\n-A sub -j RETURN\n-A FORWARD " +
				strings.ReplaceAll(c.rules, "|", "\n-A FORWARD ") + "\nCOMMIT\n"
			rules, errs := netfilter.Load([]facts.Dump{{Tool: "iptables-legacy-save", Text: text}})
			if len(errs) > 0 {
				t.Fatal(errs)
			}
			tr, err := rules.Forward(outgoing("tcp"))
			if err != nil {
				t.Fatal(err)
			}
			got := "passes"
			if tr.Certain != nil {
				got = "policy"
				if tr.Certain.Rule != nil {
					got = fmt.Sprint(tr.Certain.Rule.Position)
				}
			}
			if got != c.want {
				t.Errorf("got %s, want %s", got, c.want)
			}
		})
	}
}

func TestBrokenDumpsNameTheirLine(t *testing.T) {
	cases := []struct{ name, tool, text, says string }{
		{"cut short", "iptables-nft-save", "*filter\n:FORWARD ACCEPT [0:0]\n", "ends inside table filter"},
		{"outside a table", "iptables-nft-save", "-A FORWARD -j DROP\n", "line 1:"},
		{"an unknown chain", "iptables-nft-save", "*filter\n-A FORWARD -j DROP\nCOMMIT\n", `line 2: rule for chain "FORWARD"`},
		{"an open quote", "iptables-nft-save", "*filter\n:a - [0:0]\n-A a -m comment --comment \"x\nCOMMIT\n", "line 3: a quote is not closed"},
		{"two tables at once", "iptables-nft-save", "*filter\n*nat\n", "line 2: table nat begins before"},
		{"a chain twice", "iptables-nft-save", "*filter\n:a - [0:0]\n:a - [0:0]\n", "line 3: chain a stands twice"},
		{"no target", "iptables-nft-save", "*filter\n:a - [0:0]\n-A a -j\nCOMMIT\n", "line 3: -j without a target"},
		{"an error message in its place", "iptables-nft-save", "iptables: Permission denied\n", "line 1:"},
		{"no JSON", "nft", "{\"nftables\": [\n{,", "line 2:"},
		{"a rule of no chain", "nft", `{"nftables":[{"rule":{"family":"ip","table":"t","chain":"c"}}]}`, "object 1: rule for chain"},
		{"a statement of two", "nft", `{"nftables":[{"chain":{"family":"ip","table":"t","name":"c"}},{"rule":{"family":"ip","table":"t","chain":"c","expr":[{"a":1,"b":2}]}}]}`, "2 fields"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			_, errs := netfilter.Load([]facts.Dump{{Tool: c.tool, Text: c.text}})
			if len(errs) != 1 || !strings.Contains(errs[0].Says, c.says) {
				t.Errorf("errors = %+v", errs)
			}
		})
	}
}

func TestADormantTableDoesNothing(t *testing.T) {
	const text = `{"nftables":[{"table":{"family":"inet","name":"t","flags":["dormant"]}},
	{"chain":{"family":"inet","table":"t","name":"c","type":"filter","hook":"forward","prio":0,"policy":"drop"}}]}`
	rules, errs := netfilter.Load([]facts.Dump{{Tool: "nft", Text: text}})
	if len(errs) > 0 || len(rules.Chains) != 0 {
		t.Errorf("chains %+v, errors %+v", rules.Chains, errs)
	}
}

func TestChainsThatCallOneAnotherForEverEnd(t *testing.T) {
	text := "*filter\n:FORWARD ACCEPT [0:0]\n:a - [0:0]\n:b - [0:0]\n-A FORWARD -j a\n-A a -j b\n-A a -j b\n-A b -j a\n-A b -j a\nCOMMIT\n"
	rules, errs := netfilter.Load([]facts.Dump{{Tool: "iptables-legacy-save", Text: text}})
	if len(errs) > 0 {
		t.Fatal(errs)
	}
	if _, err := rules.Forward(outgoing("tcp")); err == nil {
		t.Error("no error")
	}
}

// TestRulesReadBack compares everything read from one real dump with its golden file.
func TestRulesReadBack(t *testing.T) {
	for _, name := range []string{"kube-flannel", "firewalld-nft"} {
		rules := recorded(t, name)
		var lines []string
		for _, c := range rules.Chains {
			raw, err := json.Marshal(c)
			if err != nil {
				t.Fatal(err)
			}
			lines = append(lines, string(raw))
		}
		golden.File(t, filepath.Join("testdata", name, "rules.golden"), []byte(strings.Join(lines, "\n")+"\n"), *update)
	}
}
