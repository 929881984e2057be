package pressure_test

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"

	"github.com/plumbline-net/plumbline/framework/check"
	"github.com/plumbline-net/plumbline/framework/facts"
	"github.com/plumbline-net/plumbline/framework/facts/factstest"
	"github.com/plumbline-net/plumbline/suites/pressure"
)

// spoiled is a healthy cluster with one thing changed, and what must be said of it.
type spoiled struct {
	name    string
	verdict check.Verdict
	spoil   func(*facts.Snapshot)
	says    string // in one of the findings, or in the result's why
}

func judge(t *testing.T, c check.Check, cases []spoiled) {
	t.Helper()
	cases = append(cases,
		spoiled{"no last look", check.Unknown, noLastLook, "the deadline passed"},
		spoiled{"no look at all", check.Unknown, func(s *facts.Snapshot) { s.Hosts = nil }, ""},
		spoiled{"no node at all", check.Unknown, func(s *facts.Snapshot) { s.Nodes = nil }, "no node"})
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			s := factstest.Healthy(3)
			tc.spoil(s)
			r := c.Evaluate(s)
			text := fmt.Sprintf("%s %+v", r.Why, r.Findings)
			if r.Verdict != tc.verdict || !strings.Contains(text, tc.says) {
				t.Errorf("judged %s, not %s with %q: %s", r.Verdict, tc.verdict, tc.says, text)
			}
		})
	}
}

func noLastLook(s *facts.Snapshot) {
	for _, n := range s.Nodes {
		*s.Host(n.Name, facts.Last) = facts.HostLook{Node: n.Name, Look: facts.Last, NotRun: "the deadline passed"}
	}
}

func both(s *facts.Snapshot, node string, change func(*facts.HostLook)) {
	for i := range s.Hosts {
		if node == "" || s.Hosts[i].Node == node {
			change(&s.Hosts[i])
		}
	}
}

// grows makes one or more counters of a node grow, given by name and amount in turn.
func grows(node string, counters ...any) func(*facts.Snapshot) {
	return func(s *facts.Snapshot) {
		for i := 0; i < len(counters); i += 2 {
			s.Host(node, facts.Last).Counters[counters[i].(string)] += int64(counters[i+1].(int))
			if _, ok := s.Host(node, facts.First).Counters[counters[i].(string)]; !ok {
				s.Host(node, facts.First).Counters[counters[i].(string)] = 0
			}
		}
	}
}

// hides takes counters away from both looks at every node.
func hides(counters ...string) func(*facts.Snapshot) {
	return func(s *facts.Snapshot) {
		both(s, "", func(h *facts.HostLook) {
			for _, c := range counters {
				delete(h.Counters, c)
			}
		})
	}
}

func filled(count, most string) func(*facts.Snapshot) {
	return func(s *facts.Snapshot) {
		h := s.Host("n2", facts.Last)
		h.Sysctls["net.netfilter.nf_conntrack_count"], h.Sysctls["net.netfilter.nf_conntrack_max"] = count, most
	}
}

func TestAHealthyClusterPasses(t *testing.T) {
	var most []check.Check
	for _, c := range pressure.All() {
		if c.ID != "pressure/cpu" { // two nodes have no median
			most = append(most, c)
		}
	}
	factstest.Passes(t, most, map[string]*facts.Snapshot{
		"three nodes": factstest.Healthy(3), "one node": factstest.Healthy(1), "IPv6 alone": factstest.Healthy(2, facts.IPv6),
		"dual stack": factstest.Healthy(3, facts.IPv4, facts.IPv6), "many nodes": factstest.Healthy(60),
	})
	factstest.Passes(t, []check.Check{pressure.CPU()}, map[string]*facts.Snapshot{"three nodes": factstest.Healthy(3), "many nodes": factstest.Healthy(60)})
}

func TestConntrack(t *testing.T) {
	judge(t, pressure.Conntrack(), []spoiled{
		{"a full table", check.Fail, filled("262144", "262144"), "100 % full (262144 of 262144, last look)"},
		{"a table that is nearly full", check.Warn, filled("215000", "262144"), "82 % full"},
		{"packets dropped", check.Fail, grows("n2", "conntrack.drop", 17), "conntrack.drop 0 → 17"},
		{"connections thrown out", check.Fail, grows("n2", "conntrack.early_drop", 1), "conntrack.early_drop 0 → 1"},
		{"a few clashes", check.Warn, grows("n2", "conntrack.insert_failed", 3), "conntrack.insert_failed 5 → 8"},
		{"a great many clashes", check.Fail, grows("n2", "conntrack.insert_failed", 300), "conntrack.insert_failed 5 → 305"},
		{"the limit could not be read", check.Unknown, filled("", ""), "how full"},
		{"the counters could not be read", check.Unknown, hides("conntrack.drop"), "conntrack.drop"},
		{"a counter that was set back holds what came since", check.Pass, func(s *facts.Snapshot) {
			s.Host("n2", facts.First).Counters["conntrack.drop"] = 900
			s.Host("n2", facts.Last).Counters["conntrack.drop"] = 0
		}, "on 3 of 3 nodes"},
	})
}

// stuckListener is one whose queue is full; netns is "host" or a pod's address.
func stuckListener(netns string) facts.SocketQueue {
	return facts.SocketQueue{
		Proto: "tcp", State: "LISTEN", Local: netip.MustParseAddrPort("0.0.0.0:9000"), RecvQ: 2, SendQ: 1, Process: "sleepy", PID: 4711, Netns: netns,
	}
}

func queues(q ...facts.SocketQueue) func(*facts.Snapshot) {
	return func(s *facts.Snapshot) { both(s, "n2", func(h *facts.HostLook) { h.Sockets.Queues = q }) }
}

func together(all ...func(*facts.Snapshot)) func(*facts.Snapshot) {
	return func(s *facts.Snapshot) {
		for _, f := range all {
			f(s)
		}
	}
}

func TestListenQueue(t *testing.T) {
	overflow := grows("n2", "netstat.TcpExt.ListenOverflows", 30, "netstat.TcpExt.ListenDrops", 30)
	judge(t, pressure.ListenQueue(), []spoiled{
		{
			"a full listener of the host, under load", check.Fail, together(queues(stuckListener("host")), overflow),
			"sleepy (process 4711) does not accept: 2 connections wait at 0.0.0.0:9000, its backlog is 1",
		},
		{"a full listener of a pod", check.Warn, queues(stuckListener("10.244.2.9")), "in the network of the pod 10.244.2.9"},
		{"overflows, and no culprit", check.Warn, overflow, "netstat.TcpExt.ListenOverflows 2 → 32"},
		{"connections that were dropped for another reason", check.Pass, grows("n2", "netstat.TcpExt.ListenDrops", 30), "no accept queue is full"},
		{
			"the same beside a full listener", check.Warn, together(queues(stuckListener("host")), grows("n2", "netstat.TcpExt.ListenDrops", 30)),
			"sleepy (process 4711) does not accept",
		},
		{"a listener that is busy and not full", check.Pass, func(s *facts.Snapshot) {
			q := stuckListener("host")
			q.RecvQ = 1
			queues(q)(s)
		}, "no accept queue is full"},
		{"no sockets", check.Unknown, func(s *facts.Snapshot) { both(s, "", func(h *facts.HostLook) { h.Sockets = nil }) }, "the sockets could not be read"},
	})
}

func TestSocketBuffers(t *testing.T) {
	udp := func(drops ...int) func(*facts.Snapshot) {
		return func(s *facts.Snapshot) {
			for i, look := range []facts.Look{facts.First, facts.Last} {
				s.Host("n2", look).Sockets.Queues = []facts.SocketQueue{{
					Proto: "udp", Local: netip.MustParseAddrPort("0.0.0.0:5140"), RecvQ: 2304, Drops: drops[i], Process: "lazy", PID: 99, Netns: "host",
				}}
			}
		}
	}
	tcp := func(first, last int) func(*facts.Snapshot) {
		return func(s *facts.Snapshot) {
			for look, q := range map[facts.Look]int{facts.First: first, facts.Last: last} {
				s.Host("n2", look).Sockets.Queues = []facts.SocketQueue{{
					Proto: "tcp", State: "ESTABLISHED", Local: netip.MustParseAddrPort("10.0.0.12:9000"), Peer: netip.MustParseAddrPort("10.0.0.11:40000"), RecvQ: q, Process: "hung", PID: 7,
				}}
			}
		}
	}
	judge(t, pressure.SocketBuffers(), []spoiled{
		{
			"a UDP receiver that does not read", check.Warn, together(udp(10, 400), grows("n2", "snmp.Udp.RcvbufErrors", 390)),
			"lazy (process 99) does not read its UDP socket 0.0.0.0:5140 fast enough: datagrams dropped 10 → 400",
		},
		{"old drops", check.Pass, udp(400, 400), "on 3 of 3 nodes"},
		{"errors without a culprit", check.Warn, grows("n2", "snmp.Udp.RcvbufErrors", 4), "snmp.Udp.RcvbufErrors 3 → 7"},
		{"a TCP socket that nobody reads", check.Warn, tcp(65536, 65536), "hung (process 7) does not read"},
		{"one that is being read", check.Pass, tcp(65536, 5000), ""},
		{"crumbs in a socket", check.Pass, tcp(300, 300), ""},
		{"our own agent's socket", check.Pass, together(tcp(65536, 65536), func(s *facts.Snapshot) {
			s.Node("n2").NodeAgent.Ports.TCP = 9000
		}), ""},
		{"our own agent's process", check.Pass, together(tcp(65536, 65536), func(s *facts.Snapshot) {
			both(s, "n2", func(h *facts.HostLook) { h.Sockets.Queues[0].Process = "plumbline-agent" })
		}), ""},
		{"a connection to our own agent", check.Pass, together(tcp(65536, 65536), func(s *facts.Snapshot) {
			s.Node("n1").NodeAgent.Addrs, s.Node("n1").NodeAgent.Ports.TCP = []netip.Addr{netip.MustParseAddr("10.0.0.11")}, 40000
		}), ""},
		{"in our own pod", check.Pass, together(tcp(65536, 65536), func(s *facts.Snapshot) {
			both(s, "n2", func(h *facts.HostLook) { h.Sockets.Queues[0].Netns = s.Node("n2").PodAgent.Addrs[0].String() })
		}), ""},
		{"in another pod", check.Warn, together(tcp(65536, 65536), func(s *facts.Snapshot) {
			both(s, "n2", func(h *facts.HostLook) { h.Sockets.Queues[0].Netns = "10.244.2.77" })
		}), "hung (process 7) does not read"},
		{"a kernel without TCPRcvQDrop", check.Pass, hides("netstat.TcpExt.TCPRcvQDrop"), ""},
		{"no counters", check.Unknown, hides("snmp.Udp.RcvbufErrors", "snmp.Udp.SndbufErrors"), "snmp.Udp.RcvbufErrors"},
	})
}

func TestPorts(t *testing.T) {
	to := func(timeWait, established int) func(*facts.Snapshot) {
		return func(s *facts.Snapshot) {
			s.Host("n2", facts.First).Sockets.Destinations = []facts.Destination{{Peer: netip.MustParseAddrPort("192.0.2.7:443"), TimeWait: timeWait, Established: established}}
		}
	}
	judge(t, pressure.Ports(), []spoiled{
		{"used up", check.Fail, to(28000, 100), "28100 of 28232 local ports are used towards 192.0.2.7:443 (100 established, 28000 in TIME_WAIT)"},
		{"many", check.Warn, to(20000, 3000), "23000 of 28232"},
		{"some", check.Pass, to(900, 100), "there are local ports left on 3 of 3 nodes"},
		{"no range", check.Unknown, func(s *facts.Snapshot) {
			both(s, "n2", func(h *facts.HostLook) { delete(h.Sysctls, "net.ipv4.ip_local_port_range") })
		}, "ip_local_port_range could not be read"},
	})
}
