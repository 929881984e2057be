package inspect

import (
	"maps"
	"net/netip"
	"slices"
	"strings"
	"testing"
)

const (
	snmpText = "Ip: Forwarding DefaultTTL InReceives\nIp: 1 64 9131\nIcmpMsg: InType3\nIcmpMsg: 4\n" +
		"Tcp: RtoMin MaxConn CurrEstab RetransSegs\nTcp: 200 -1 12 7\nUdp: InDatagrams RcvbufErrors\nUdp: 100 3\n"
	snmp6Text   = "Ip6InReceives                   \t1033\nUdp6InErrors                    \t2\n"
	softnetText = "004f9b5b 00000002 00000003 00000000 00000000 00000000 00000000 00000000 00000000 00000000 00000000 00000000 00000000 00000000 00000000\n" +
		"00000001 00000001 00000000 00000000 00000000 00000000 00000000 00000000 00000000 00000000 00000004 00000000 00000000 00000001 00000000\n"
	conntrackText = "entries  clashres found new invalid ignore delete chainlength insert insert_failed drop early_drop icmp_error  expect_new expect_create expect_delete search_restart\n" +
		"00000028  00000001 00000000 00000000 00000010 00000000 00000000 00000000 00000000 00000002 00000000 00000000 00000000  00000000 00000000 00000000 00000000\n" +
		"00000028  00000000 00000000 00000000 00000001 00000000 00000000 00000000 00000000 0000000a 00000000 00000000 00000000  00000000 00000000 00000000 00000000\n"
	oldConntrackText = "entries  searched found new invalid ignore delete delete_list insert insert_failed drop early_drop icmp_error  expect_new expect_create expect_delete search_restart\n" +
		"00000028  00000001 00000000 00000000 00000010 00000000 00000000 00000000 00000000 00000002 00000000 00000000 00000000  00000000 00000000 00000000 00000000\n"
	tcpText = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n" +
		"   0: 0100007F:2808 00000000:0000 0A 00000000:00000081 00:00000000 00000000     0        0 4979697 2 0000000004473810 100 0 0 10 0\n" +
		"   1: 0C00590A:EB20 0B00590A:192B 01 00000010:00000020 02:00000A00 00000000     0        0 4980903 2 00000000adca6b3d 20 4 28 187 -1\n" +
		"   2: 0100007F:BB12 0100007F:2810 06 00000000:00000000 03:000001E8 00000000     0        0 0 3 00000000a8c7047e\n"
	udp6Text = "  sl  local_address                         remote_address                        st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode ref pointer drops\n" +
		"11824: 00000000000000000000000000000000:0035 00000000000000000000000000000000:0000 07 00000000:00001900 00:00000000 00000000     0        0 4986729 2 0000000054a1ce5e 17\n" +
		"11825: B80D0120000000000000000010000000:0035 0000000000000000FFFF00000100007F:1F90 01 00000000:00000000 00:00000000 00000000     0        0 5 2 0000000054a1ce5e 0\n"
	fibTrieText = "Main:\n  +-- 0.0.0.0/0 3 0 5\n     |-- 0.0.0.0\n        /0 universe UNICAST\n     +-- 10.244.3.0/24 2 0 2\n        +-- 10.244.3.0/30 2 0 2\n" +
		"           |-- 10.244.3.0\n              /24 link UNICAST\n           |-- 10.244.3.2\n              /32 host LOCAL\n        |-- 10.244.3.255\n           /32 link BROADCAST\n" +
		"     +-- 127.0.0.0/8 2 0 2\n           |-- 127.0.0.1\n              /32 host LOCAL\nLocal:\n           |-- 10.244.3.2\n              /32 host LOCAL\n"
	ifInet6Text = "fe8000000000000070d9fffe8451ef00 02 40 20 80     eth0\n00000000000000000000000000000001 01 80 10 80       lo\n" +
		"fd000244000300000000000000000002 02 40 00 80     eth0\n"
	statText = "587 (a (b) c) S 533 587 587 0 -1 1077936384 2953 0 14 0 9 5 0 0 20 0 9 0 183403 0 0"
	kernText = "2 (kthreadd) S 0 0 0 0 -1 2129984 0 0 0 0 0 11 0 0 20 0 1 0 2 0 0"
)

func TestCountersAreReadByTheirNames(t *testing.T) {
	proc := tree(t, map[string]string{
		"net/snmp": snmpText, "net/snmp6": snmp6Text, "net/softnet_stat": softnetText,
		"net/netstat": "TcpExt: SyncookiesSent ListenOverflows\nTcpExt: 0 5\nMPTcpExt: MPCapableSYNRX\nMPTcpExt: 0\n",
	})
	h := lookOf(t, func() (apply, error) { return readProcCounters(proc) })
	want := map[string]int64{
		"snmp.Ip.InReceives": 9131, "snmp.Tcp.RetransSegs": 7, "snmp.Udp.InDatagrams": 100, "snmp.Udp.RcvbufErrors": 3,
		"snmp6.Ip6InReceives": 1033, "snmp6.Udp6InErrors": 2, "netstat.TcpExt.SyncookiesSent": 0, "netstat.TcpExt.ListenOverflows": 5,
		"softnet.processed": 0x4f9b5b + 1, "softnet.dropped": 3, "softnet.time_squeeze": 3, "softnet.flow_limit": 4,
	}
	if !maps.Equal(h.Counters, want) {
		t.Errorf("%v,\nexpected %v", h.Counters, want)
	}
}

func TestCountersThatCannotBeReadAreMissingAndSaid(t *testing.T) {
	for name, c := range map[string]struct{ text, says string }{
		"a value too few": {"Udp: A B\nUdp: 1\n", "do not fit"},
		"another group":   {"Udp: A\nTcp: 1\n", "do not fit"},
		"no number":       {"Udp: A B\nUdp: x 2\n", "Udp.A is no number"},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := parsePairs("snmp", c.text+"Ip: InReceives\nIp: 1\n")
			if err == nil || !strings.Contains(err.Error(), c.says) {
				t.Errorf("%v: %v", got, err)
			}
		})
	}
	if got, err := parseColumns("snmp6", "Ip6InReceives x\nUdp6InErrors 2\n"); err == nil || !maps.Equal(got, map[string]int64{"snmp6.Udp6InErrors": 2}) {
		t.Errorf("%v %v", got, err)
	}
}

func TestConnectionTrackingIsSummedOverTheCPUs(t *testing.T) {
	got, err := parseConntrack(conntrackText)
	if err != nil || got["conntrack.insert_failed"] != 12 || got["conntrack.invalid"] != 17 || got["conntrack.clashres"] != 1 || len(got) != 10 {
		t.Errorf("%v %v", got, err)
	}
	if _, gauge := got["conntrack.entries"]; gauge {
		t.Error("the number of entries is no counter")
	}
	old, err := parseConntrack(oldConntrackText)
	if _, there := old["conntrack.clashres"]; err != nil || there || old["conntrack.insert_failed"] != 2 {
		t.Errorf("%v %v", old, err)
	}
	for _, text := range []string{"", "entries drop\n", "entries drop\n1\n", "entries drop\n1 x\n", "a b\n1 2\n"} {
		if got, err := parseConntrack(text); err == nil {
			t.Errorf("%q gives %v", text, got)
		}
	}
	none := func(string) (bool, error) { return false, nil }
	if change, err := readConntrack(t.TempDir(), none); err != nil || change != nil {
		t.Errorf("a kernel without connection tracking: %v", err)
	}
}

func TestSocketTablesAreReadWithQueuesAndDrops(t *testing.T) {
	var got []socket
	if err := parseSockets(strings.NewReader(tcpText), "tcp", func(s socket) { got = append(got, s) }); err != nil {
		t.Fatal(err)
	}
	if err := parseSockets(strings.NewReader(udp6Text), "udp", func(s socket) { got = append(got, s) }); err != nil {
		t.Fatal(err)
	}
	at := netip.MustParseAddrPort
	want := []socket{
		{proto: "tcp", state: "LISTEN", local: at("127.0.0.1:10248"), peer: at("0.0.0.0:0"), recv: 129, noBacklog: true, inode: 4979697},
		{proto: "tcp", state: "ESTABLISHED", local: at("10.89.0.12:60192"), peer: at("10.89.0.11:6443"), recv: 32, send: 16, inode: 4980903},
		{proto: "tcp", state: "TIME_WAIT", local: at("127.0.0.1:47890"), peer: at("127.0.0.1:10256")},
		{proto: "udp", state: "CLOSE", local: at("[::]:53"), peer: at("[::]:0"), recv: 6400, drops: 17, inode: 4986729},
		{proto: "udp", state: "ESTABLISHED", local: at("[2001:db8::10]:53"), peer: at("127.0.0.1:8080"), inode: 5},
	}
	if !slices.Equal(got, want) {
		t.Errorf("%+v,\nexpected %+v", got, want)
	}
}

func TestASocketIsLateWhenItsQueueSaysSo(t *testing.T) {
	cases := map[string]struct {
		socket
		overflowed, late bool
	}{
		"a full accept queue":                      {socket{state: listening, recv: 129, send: 128}, false, true},
		"an accept queue with room for one":        {socket{state: listening, recv: 128, send: 128}, true, false},
		"a listener with a large backlog":          {socket{state: listening, recv: 0, send: 4096}, true, false},
		"an unknown backlog, and lost connections": {socket{state: listening, recv: 2, noBacklog: true}, true, true},
		"an unknown backlog, and none lost":        {socket{state: listening, recv: 2, noBacklog: true}, false, false},
		"101 bytes not read":                       {socket{state: established, recv: 101}, false, true},
		"100 bytes not read":                       {socket{state: established, recv: 100}, false, false},
		"101 bytes not sent":                       {socket{state: established, send: 101}, false, true},
		"one that is only remembered":              {socket{state: timeWait, recv: 1000}, true, false},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			if got := c.behind(c.overflowed); got != c.late {
				t.Errorf("late is %v", got)
			}
		})
	}
}

func TestAPodsAddressesAreReadFromItsNetwork(t *testing.T) {
	root := tree(t, map[string]string{"net/fib_trie": fibTrieText, "net/if_inet6": ifInet6Text})
	n := network{dir: root + "/net"}
	want := []netip.Addr{netip.MustParseAddr("10.244.3.2"), netip.MustParseAddr("fd00:244:3::2")}
	if got := n.addresses(); !slices.Equal(got, want) {
		t.Errorf("%v", got)
	}
	if empty := (network{dir: root + "/none"}); empty.label() != root+"/none" {
		t.Errorf("%q", empty.label())
	}
}

func TestProcessesAreToldFromThreadsOfTheKernel(t *testing.T) {
	for text, want := range map[string]process{statText: {name: "a (b) c"}, kernText: {name: "kthreadd", kernel: true}} {
		if got, err := parseStat(text); err != nil || got != want {
			t.Errorf("%+v %v", got, err)
		}
	}
	for _, text := range []string{"", "1 (x", "1 )x(", "1 (x) S 1", "1 (x) S 1 1 1 1 1 y 1 1"} {
		if got, err := parseStat(text); err == nil {
			t.Errorf("%q is %+v", text, got)
		}
	}
	got := byName([]process{{pid: 1, name: "init"}, {pid: 2, name: "kthreadd", kernel: true}, {pid: 5, name: "sh"}, {pid: 9, name: "sh"}})
	if len(got) != 2 || got[1].Name != "sh" || got[1].PID != 5 || got[1].Count != 2 {
		t.Errorf("%+v", got)
	}
}

func TestProcessorsAreCounted(t *testing.T) {
	for text, want := range map[string]int{"0-3\n": 4, "0": 1, "0-1,4-5,9": 5, "": 0, "x": 0, "3-1": 0, "1-": 0} {
		if got := countList(text); got != want {
			t.Errorf("%q are %d", text, got)
		}
	}
}

func TestTablesWithoutSocketsAreNotRead(t *testing.T) {
	root := tree(t, map[string]string{
		"sockstat": "sockets: used 41\nTCP: inuse 3 orphan 0 tw 8 alloc 20 mem 1\nUDP: inuse 0 mem 0\nFRAG: inuse 0 memory 0\n", "sockstat6": "TCP6: inuse 0\nUDP6: inuse 1\n",
		"tcp": tcpText, "tcp6": "must not be read\nx\n",
	})
	unused, n := unusedTables(root), 0
	if unused["tcp"] || !unused["tcp6"] || !unused["udp"] || unused["udp6"] {
		t.Errorf("%v", unused)
	}
	if err := socketsOf(root, "tcp", unused, func(socket) { n++ }); err != nil || n != 3 {
		t.Errorf("%d sockets, %v", n, err)
	}
}
