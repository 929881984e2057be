package capture

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/plumbline-net/plumbline/framework/facts"
)

// rules is a dump of iptables-save with the counts given.
func rules(accepted, dropped, policy int, more string) facts.Dump {
	return facts.Dump{Tool: "iptables-legacy-save", Text: fmt.Sprintf("*filter\n:FORWARD DROP [%d:0]\n%s"+
		"[%d:0] -A FORWARD -s 10.0.0.1/32 -j ACCEPT\n[%d:0] -A FORWARD -d 10.0.0.1/32 -j DROP\n[7:0] -A FORWARD -j REJECT\nCOMMIT\n",
		policy, more, accepted, dropped)}
}

func TestRulesThatDropStandBeforeCountersAndOtherRules(t *testing.T) {
	before := facts.HostLook{Firewall: []facts.Dump{rules(10, 3, 1, "")}, Counters: map[string]int64{
		"snmp.Udp.NoPorts": 1, "snmp.Udp.InDatagrams": 1, "netstat.TcpExt.IPReversePathFilter": 0, "iface.eth0.rx_dropped": 5, "iface.eth1.rx_dropped": 5,
	}}
	after := facts.HostLook{Firewall: []facts.Dump{rules(20, 5, 2, "[4:0] -A FORWARD -j LOG\n")}, Counters: map[string]int64{
		"snmp.Udp.NoPorts": 2, "snmp.Udp.InDatagrams": 9, "netstat.TcpExt.IPReversePathFilter": 7, "iface.eth0.rx_dropped": 2, "iface.eth1.rx_dropped": 5,
		"iface.new.rx_dropped": 5,
	}}
	want := []facts.Growth{
		{What: "iptables-legacy-save, table filter, chain FORWARD, rule 3", Before: 3, After: 5, Text: "-A FORWARD -d 10.0.0.1/32 -j DROP"},
		{What: "iptables-legacy-save, table filter, chain FORWARD, policy", Before: 1, After: 2, Text: "policy drop"},
		{What: "iface.eth0.rx_dropped", Before: 0, After: 2},
		{What: "netstat.TcpExt.IPReversePathFilter", Before: 0, After: 7},
		{What: "snmp.Udp.NoPorts", Before: 1, After: 2},
		{What: "iptables-legacy-save, table filter, chain FORWARD, rule 1", Before: 0, After: 4, Text: "-A FORWARD -j LOG"},
		{What: "iptables-legacy-save, table filter, chain FORWARD, rule 2", Before: 10, After: 20, Text: "-A FORWARD -s 10.0.0.1/32 -j ACCEPT"},
	}
	if got := growth(before, after); !slices.Equal(got, want) {
		t.Errorf("%+v\nexpected\n%+v", got, want)
	}
}

func TestEqualRulesAreCountedEachByItself(t *testing.T) {
	dump := func(first, second int) facts.HostLook {
		return facts.HostLook{Firewall: []facts.Dump{{Tool: "iptables-nft-save", Text: fmt.Sprintf(
			"*filter\n:INPUT ACCEPT [0:0]\n[%d:0] -A INPUT -j DROP\n[%d:0] -A INPUT -j DROP\nCOMMIT\n", first, second)}}}
	}
	got := growth(dump(5, 1), dump(5, 2))
	if len(got) != 1 || got[0].What != "iptables-nft-save, table filter, chain INPUT, rule 2" || got[0].Before != 1 {
		t.Errorf("%+v", got)
	}
}

func TestCountersThatTellOfSomethingAmiss(t *testing.T) {
	for name, want := range map[string]bool{
		"snmp.Ip.InDiscards": true, "snmp.Ip.OutNoRoutes": true, "snmp.Ip.InReceives": false, "snmp.Ip.FragFails": true,
		"snmp.Tcp.InErrs": true, "snmp.Tcp.InCsumErrors": true, "snmp.Tcp.InSegs": false, "snmp.Tcp.RetransSegs": false,
		"snmp.Udp.RcvbufErrors": true, "snmp.Icmp.OutDestUnreachs": true, "snmp6.Icmp6InPktTooBigs": true, "snmp6.Ip6InOctets": false,
		"snmp6.Ip6OutNoRoutes": true, "snmp6.Udp6NoPorts": true, "netstat.TcpExt.ListenDrops": true, "netstat.TcpExt.TCPDSACKRecv": false,
		"netstat.TcpExt.TCPSackFailures": false, "netstat.TcpExt.TCPHPHits": false, "netstat.IpExt.InNoRoutes": true,
		"conntrack.insert_failed": true, "conntrack.drop": true, "conntrack.found": false, "softnet.dropped": true, "softnet.processed": false,
		"qdisc.eth0.drops": true, "iface.eth0.tx_errors": true, "iface.eth0.rx_packets": false, "iface.errbr0.rx_packets": false,
		"neigh.arp.table_fulls": true,
	} {
		if got := amiss(name); got != want {
			t.Errorf("%s: %v", name, got)
		}
	}
}

func TestWhatCouldNotBeReadIsTold(t *testing.T) {
	whole := facts.HostLook{Firewall: []facts.Dump{rules(1, 1, 1, "")}}
	if got := unread(whole, whole); got != "" {
		t.Errorf("%q", got)
	}
	half := facts.HostLook{Firewall: []facts.Dump{{Tool: "nft", NotRun: "operation not permitted"}}, Errors: []facts.Error{{What: "counters", Says: "gone"}}}
	if got := unread(half, half); got != "counters: gone; nft: operation not permitted" || strings.Contains(got, "filter") {
		t.Errorf("%q", got)
	}
}
