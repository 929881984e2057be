package netfilter_test

import (
	"fmt"
	"net/netip"
	"slices"
	"testing"

	"github.com/plumbline-net/plumbline/framework/facts"
	"github.com/plumbline-net/plumbline/framework/netfilter"
)

func loaded(t *testing.T, tool, text string) netfilter.Ruleset {
	t.Helper()
	rules, errs := netfilter.Load([]facts.Dump{{Tool: tool, Text: text}})
	if len(errs) > 0 {
		t.Fatal(errs)
	}
	return rules
}

func TestCountersAreReadAndAreNoPartOfTheText(t *testing.T) {
	rules := loaded(t, "iptables-legacy-save", "*filter\n:INPUT DROP [7:420]\n[12:3456] -A INPUT -p tcp -m tcp --dport 22 -j DROP\n-A INPUT -j LOG\nCOMMIT\n")
	c := rules.Chains[0]
	if c.Policy == nil || *c.Policy != (netfilter.Counter{Packets: 7, Bytes: 420}) {
		t.Errorf("policy %+v", c.Policy)
	}
	r := c.Rules[0]
	if r.Count == nil || *r.Count != (netfilter.Counter{Packets: 12, Bytes: 3456}) || r.Text != "-A INPUT -p tcp -m tcp --dport 22 -j DROP" {
		t.Errorf("%+v %q", r.Count, r.Text)
	}
	if c.Rules[1].Count != nil {
		t.Error("a rule without a counter counts nothing, which is not zero")
	}
}

func TestNftCountersAreReadAndAreNoPartOfTheText(t *testing.T) {
	rules := loaded(t, "nft", `{"nftables":[{"chain":{"family":"ip","table":"t","name":"c"}},
	{"rule":{"family":"ip","table":"t","chain":"c","expr":[{"counter":{"packets":3,"bytes":180}},{"drop":null}]}},
	{"rule":{"family":"ip","table":"t","chain":"c","expr":[{"counter":"named"},{"drop":null}]}}]}`)
	got := rules.Chains[0].Rules
	if got[0].Count == nil || *got[0].Count != (netfilter.Counter{Packets: 3, Bytes: 180}) || got[0].Text != "counter drop" {
		t.Errorf("%+v %q", got[0].Count, got[0].Text)
	}
	if got[1].Count != nil {
		t.Errorf("a named counter stands elsewhere: %+v", got[1].Count)
	}
}

// TestWhatBecomesOfAPacketForTheHost: TCP to port 31080 of the host, from a peer.
func TestWhatBecomesOfAPacketForTheHost(t *testing.T) {
	const input, early = "*filter\n:INPUT ACCEPT [0:0]\n", "*mangle\n:PREROUTING ACCEPT [0:0]\n"
	cases := []struct {
		name, rules       string
		arrival, to, port bool // stopped before translation, at the hook input; a port is known
	}{
		{"a range of ports at the hook input", input + "-A INPUT -p tcp -m tcp --dport 30000:32767 -j DROP", false, true, true},
		{"several ports", input + "-A INPUT -p tcp -m multiport --dports 22,31000:31100 -j REJECT", false, true, true},
		{"other ports", input + "-A INPUT -p tcp -m multiport --dports 22,80 -j DROP", false, false, true},
		{"all but some ports", input + "-A INPUT -p tcp -m tcp ! --dport 22 -j DROP", false, true, true},
		{"a port that is not known", input + "-A INPUT -p tcp -m tcp --dport 31080 -j DROP", false, false, false},
		{"another protocol's port", input + "-A INPUT -p udp -m udp --dport 31080 -j DROP", false, false, true},
		{"a source port", input + "-A INPUT -p tcp -m tcp --sport 31080 -j DROP", false, false, true},
		{"what is for the host", input + "-A INPUT -m addrtype --dst-type LOCAL -j DROP", false, true, true},
		{"what comes from the host", input + "-A INPUT -m addrtype --src-type LOCAL -j DROP", false, false, true},
		{"before translation", early + "-A PREROUTING -p tcp -m tcp --dport 30000:32767 -j DROP", true, true, true},
		{"forwarded packets", "*filter\n:FORWARD DROP [0:0]", false, false, true},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			rules := loaded(t, "iptables-legacy-save", c.rules+"\nCOMMIT\n")
			p := netfilter.Packet{Family: facts.IPv4, Protocol: "tcp", ToHost: true, Src: prefixes("10.0.0.12/32"), Dst: prefixes("10.0.0.11/32"), In: []string{"eth0"}}
			if c.port {
				p.Port = 31080
			}
			arrival, err := rules.Arrival(p)
			if err != nil || (arrival.Certain != nil) != c.arrival {
				t.Errorf("before translation: %s, %v", describe(arrival), err)
			}
			at, err := rules.Input(p)
			if err != nil || (at.Certain != nil) != c.to {
				t.Errorf("to the host: %s, %v", describe(at), err)
			}
		})
	}
}

func TestNftPortsAndRangesDecide(t *testing.T) {
	rules := loaded(t, "nft", `{"nftables":[{"chain":{"family":"inet","table":"t","name":"c","type":"filter","hook":"input","prio":0,"policy":"accept"}},
	{"rule":{"family":"inet","table":"t","chain":"c","expr":[{"match":{"op":"==","left":{"payload":{"protocol":"udp","field":"dport"}},"right":{"set":[53,{"range":[8000,8999]}]}}},{"drop":null}]}}]}`)
	for port, stopped := range map[uint16]bool{53: true, 8472: true, 9000: false} {
		tr, err := rules.Input(netfilter.Packet{Family: facts.IPv4, Protocol: "udp", Port: port, ToHost: true})
		if err != nil || (tr.Certain != nil) != stopped {
			t.Errorf("port %d: %s, %v", port, describe(tr), err)
		}
	}
}

func TestWhichRulesRewriteASource(t *testing.T) {
	const head = "*nat\n:PREROUTING ACCEPT [0:0]\n:POSTROUTING ACCEPT [0:0]\n:KUBE-MARK-MASQ - [0:0]\n-A KUBE-MARK-MASQ -j MARK --set-xmark 0x4000/0x4000\n"
	cases := []struct {
		name, rules string
		want        string
	}{
		{"all that leaves", "-A POSTROUTING -j MASQUERADE", "iptables-legacy-save nat POSTROUTING 1: -A POSTROUTING -j MASQUERADE"},
		{"a fixed source", "-A POSTROUTING -s 10.244.0.0/16 -j SNAT --to-source 10.0.0.11", "iptables-legacy-save nat POSTROUTING 1: -A POSTROUTING -s 10.244.0.0/16 -j SNAT --to-source 10.0.0.11"},
		{"what leaves the pods' network", "-A POSTROUTING -s 10.244.0.0/16 ! -d 10.244.0.0/16 -j MASQUERADE", "passes"},
		{"what was accepted before", "-A POSTROUTING -s 10.244.0.0/16 -d 10.244.0.0/16 -j ACCEPT\n-A POSTROUTING -j MASQUERADE", "passes"},
		{"what is marked, but nothing marks it", "-A POSTROUTING -m mark --mark 0x4000/0x4000 -j MASQUERADE", "passes"},
		{
			"what was marked on arrival", "-A PREROUTING -j KUBE-MARK-MASQ\n-A POSTROUTING -m mark --mark 0x4000/0x4000 -j MASQUERADE",
			"iptables-legacy-save nat POSTROUTING 1: -A POSTROUTING -m mark --mark 0x4000/0x4000 -j MASQUERADE",
		},
		{"another interface", "-A POSTROUTING -o eth0 -j MASQUERADE", "passes"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			rules := loaded(t, "iptables-legacy-save", head+c.rules+"\nCOMMIT\n*filter\n:FORWARD DROP [0:0]\nCOMMIT\n")
			tr, err := rules.Masqueraded(outgoing("tcp"))
			if err != nil || describe(tr) != c.want {
				t.Errorf("got %s, %v; want %s", describe(tr), err, c.want)
			}
		})
	}
}

func TestHealthyNodesRewriteNoPodsSource(t *testing.T) {
	for _, name := range []string{"kube-flannel", "kube-nftables", "kube-nftables-1.36"} {
		rules := recorded(t, name)
		for _, p := range []netfilter.Packet{outgoing("tcp"), incoming("udp")} {
			if tr, err := rules.Masqueraded(p); err != nil || tr.Certain != nil {
				t.Errorf("%s: %s, %v", name, describe(tr), err)
			}
		}
	}
}

func TestTheDataPlaneOfNftablesIsRead(t *testing.T) {
	rules := recorded(t, "kube-nftables-1.36")
	i := slices.IndexFunc(rules.Maps, func(m netfilter.Map) bool { return m.Name == "service-ips" && m.Family == "ip" })
	if i < 0 {
		t.Fatal("no map service-ips")
	}
	at := slices.IndexFunc(rules.Maps[i].Elems, func(e netfilter.MapElem) bool { return slices.Equal(e.Key, []string{"10.96.0.10", "udp", "53"}) })
	if at < 0 {
		t.Fatalf("elements %+v", rules.Maps[i].Elems)
	}
	target := rules.Maps[i].Elems[at].Target
	var to []netip.AddrPort
	for _, c := range rules.Chains {
		if c.Name == target.Name && target.Kind == netfilter.Goto {
			for _, r := range c.Rules {
				to = append(to, r.To...)
			}
		}
	}
	if fmt.Sprint(to) != "[10.244.1.2:53 10.244.2.2:53]" {
		t.Errorf("%+v leads to %v", target, to)
	}
}

func TestEndpointChainsBehindAVerdictMapAreRead(t *testing.T) {
	rules := loaded(t, "nft", `{"nftables":[{"chain":{"family":"ip","table":"t","name":"c"}},
	{"rule":{"family":"ip","table":"t","chain":"c","expr":[{"vmap":{"key":{"numgen":{"mode":"random","mod":2,"offset":0}},"data":{"set":[[0,{"goto":{"target":"endpoint-a"}}],[1,{"goto":{"target":"endpoint-b"}}]]}}}]}},
	{"rule":{"family":"ip","table":"t","chain":"c","expr":[{"dnat":{"addr":"10.244.1.2","port":53}}]}},
	{"rule":{"family":"ip","table":"t","chain":"c","expr":[{"vmap":{"key":{"meta":{"key":"l4proto"}},"data":"@service-ips"}}]}}]}`)
	r := rules.Chains[0].Rules
	if len(r[0].Verdicts) != 2 || r[0].Verdicts[1].Name != "endpoint-b" || fmt.Sprint(r[1].To) != "[10.244.1.2:53]" || r[2].MapName != "service-ips" {
		t.Errorf("%+v", r)
	}
}

func TestFramesOfABridgeMeetItsOwnChains(t *testing.T) {
	table := func(hook, match string) string {
		return `{"nftables":[{"chain":{"family":"bridge","table":"t","name":"c","type":"filter","hook":"` + hook + `","prio":0,"policy":"accept"}},
	{"rule":{"family":"bridge","table":"t","chain":"c","expr":[` + match + `{"drop":null}]}}]}`
	}
	const ip, arp = `{"match":{"op":"==","left":{"payload":{"protocol":"ether","field":"type"}},"right":"ip"}},`, `{"match":{"op":"==","left":{"payload":{"protocol":"ether","field":"type"}},"right":"arp"}},`
	const port = `{"match":{"op":"==","left":{"meta":{"key":"iifname"}},"right":"veth1"}},`
	cases := []struct {
		name, hook, match string
		out, in           bool // stops what leaves the pods, what comes to them
	}{
		{"on the way up", "prerouting", "", true, false},
		{"up to the host", "input", ip, true, false},
		{"down from the host", "output", "", false, true},
		{"down to the port", "postrouting", ip, false, true},
		{"between two ports only", "forward", "", false, false},
		{"another protocol", "prerouting", arp, false, false},
		{"one port only is not certain", "prerouting", port, false, false},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			rules := loaded(t, "nft", table(c.hook, c.match))
			out, in := outgoing("tcp"), incoming("tcp")
			out.FromBridge, in.ToBridge = true, true
			for p, stops := range map[*netfilter.Packet]bool{&out: c.out, &in: c.in} {
				if tr, err := rules.Forward(*p); err != nil || (tr.Certain != nil) != stops {
					t.Errorf("from %v: %s, %v", p.In, describe(tr), err)
				}
			}
			out.FromBridge = false
			if tr, err := rules.Forward(out); err != nil || tr.Certain != nil {
				t.Errorf("without a bridge: %s, %v", describe(tr), err)
			}
		})
	}
}
