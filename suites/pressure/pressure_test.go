package pressure_test

import (
	"flag"
	"fmt"
	"net/netip"
	"strings"
	"testing"

	"github.com/plumbline-net/plumbline/framework/check"
	"github.com/plumbline-net/plumbline/framework/facts"
	"github.com/plumbline-net/plumbline/framework/facts/factstest"
	"github.com/plumbline-net/plumbline/suites/pressure"
)

var update = flag.Bool("update", false, "write the recordings anew")

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

// trimmed leaves what the checks of this area read.
func trimmed(spoil func(*facts.Snapshot)) *facts.Snapshot {
	s := factstest.Healthy(3)
	factstest.Keep(s)
	s.Cluster = facts.Cluster{Families: s.Cluster.Families, PodCIDRs: s.Cluster.PodCIDRs}
	s.Further, s.Service = nil, facts.Service{}
	if spoil != nil {
		spoil(s)
	}
	for i, h := range s.Hosts {
		s.Hosts[i] = facts.HostLook{
			Node: h.Node, Look: h.Look, NotRun: h.NotRun, Interfaces: h.Interfaces, Routes: h.Routes,
			Counters: h.Counters, Sockets: h.Sockets, Load: h.Load, Sysctls: map[string]string{},
		}
		for name, v := range h.Sysctls {
			if strings.Contains(name, "conntrack") || strings.Contains(name, "port_range") {
				s.Hosts[i].Sysctls[name] = v
			}
		}
	}
	return s
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

func TestInterfaces(t *testing.T) {
	judge(t, pressure.Interfaces(), []spoiled{
		{"a send queue that drops", check.Warn, grows("n2", "qdisc.eth0.drops", 250, "iface.eth0.tx_packets", 9000), "eth0: packets were dropped in the send queue while the probes ran (qdisc.eth0.drops 0 → 250)"},
		{"one in a hundred thousand", check.Pass, grows("n2", "qdisc.eth0.drops", 25, "iface.eth0.tx_packets", 2500000), ""},
		{"damaged packets", check.Warn, grows("n2", "iface.eth0.rx_errors", 1), "damaged packets arrived"},
		{"frames that nobody wants", check.Pass, grows("n2", "iface.eth0.rx_dropped", 15, "iface.eth0.rx_packets", 5000), ""},
		{"drops on arrival", check.Warn, grows("n2", "iface.eth0.rx_dropped", 500, "iface.eth0.rx_packets", 5000), "iface.eth0.rx_dropped 0 → 500"},
		{"a tunnel's router solicitations", check.Pass, grows("n2", "iface.flannel.1.tx_dropped", 13), ""},
		{"a tunnel that drops", check.Warn, grows("n2", "iface.flannel.1.tx_dropped", 400, "iface.flannel.1.tx_packets", 2000), "flannel.1: packets were dropped on leaving"},
		{"a carrier that flaps", check.Warn, grows("n2", "iface.eth0.carrier_changes", 2), "the carrier was lost or came back"},
		{"a bridge that got its first pod", check.Pass, grows("n2", "iface.cni0.carrier_changes", 1), ""},
		{"another interface", check.Pass, grows("n2", "iface.docker0.rx_errors", 100), ""},
		{"a CPU's queue was full", check.Warn, grows("n2", "softnet.dropped", 5), "softnet.dropped 0 → 5"},
		{"the card below the bond", check.Warn, func(s *facts.Snapshot) {
			both(s, "n2", func(h *facts.HostLook) {
				h.Interfaces = append(h.Interfaces, facts.Interface{Name: "ens1", Kind: "device", Master: "eth0", Up: true})
			})
			grows("n2", "iface.ens1.rx_missed_errors", 9)(s)
		}, "ens1: the card had no room"},
		{"no counters", check.Unknown, func(s *facts.Snapshot) { both(s, "n2", func(h *facts.HostLook) { h.Counters = nil }) }, "the counters of the interfaces could not be read"},
	})
}

func TestLoad(t *testing.T) {
	change := func(look facts.Look, f func(*facts.Load)) func(*facts.Snapshot) {
		return func(s *facts.Snapshot) { f(s.Host("n2", look).Load) }
	}
	busy := func(l *facts.Load) { l.Load1, l.Load5, l.Stall["cpu.some.avg10"] = 60, 55, 99 }
	judge(t, pressure.Load(), []spoiled{
		{"overloaded all the time", check.Warn, together(change(facts.First, busy), change(facts.Last, busy)), "14 processes for each of 4 cores want to run"},
		{"busy only while the probes ran", check.Pass, change(facts.Last, busy), ""},
		{"memory gone", check.Warn, change(facts.Last, func(l *facts.Load) { l.MemAvailable = 300 << 20 }), "300 of 16384 MiB of memory are available"},
		{"disk full", check.Warn, change(facts.Last, func(l *facts.Load) { l.Filesystems[0].Available = 2 << 30 }), "98 % of the space of the file system of / are used"},
		{"inodes used up", check.Warn, change(facts.Last, func(l *facts.Load) { l.Filesystems = l.Filesystems[:1]; l.Filesystems[0].InodesFree = 1000 }), "100 % of the inodes of the file system of /"},
		{"a kernel without pressure stall information", check.Pass, func(s *facts.Snapshot) { both(s, "", func(h *facts.HostLook) { h.Load.Stall = nil }) }, ""},
		{"file systems not read", check.Unknown, change(facts.Last, func(l *facts.Load) { l.Filesystems = nil }), "how full the file systems are"},
		{"not read", check.Unknown, func(s *facts.Snapshot) { s.Host("n2", facts.Last).Load = nil }, "the load could not be read"},
	})
}

func TestCPU(t *testing.T) {
	takes := func(first, last int) func(*facts.Snapshot) {
		return func(s *facts.Snapshot) {
			s.Host("n2", facts.First).Load.ComputeMicros, s.Host("n2", facts.Last).Load.ComputeMicros = first, last
		}
	}
	judge := func(name string, verdict check.Verdict, s *facts.Snapshot, says string) {
		t.Run(name, func(t *testing.T) {
			if r := pressure.CPU().Evaluate(s); r.Verdict != verdict || !strings.Contains(fmt.Sprint(r), says) {
				t.Errorf("judged %s: %+v", r.Verdict, r)
			}
		})
	}
	with := func(n int, f func(*facts.Snapshot)) *facts.Snapshot {
		s := factstest.Healthy(n)
		f(s)
		return s
	}
	judge("a slow node", check.Warn, with(3, takes(90000, 95000)), "took 90.0 ms, 10 times the median of 3 nodes (9.0 ms)")
	judge("a node that was busy at one look", check.Pass, with(3, takes(90000, 9000)), "3 of 3 nodes")
	judge("twice as slow", check.Pass, with(3, takes(18000, 18000)), "")
	judge("two nodes", check.Skip, with(2, takes(90000, 90000)), "2 nodes")
	judge("not measured on one", check.Unknown, with(4, takes(0, 0)), "not measured")
	judge("not measured on too many", check.Unknown, with(3, takes(0, 0)), "on 2 nodes only")
	judge("no look", check.Unknown, with(3, func(s *facts.Snapshot) { s.Hosts = nil }), "")
}

func TestRecordings(t *testing.T) {
	record := func(c check.Check, fail func(*facts.Snapshot)) {
		factstest.Recordings(t, c, *update, trimmed(nil), trimmed(fail), trimmed(noLastLook))
	}
	record(pressure.Conntrack(), together(filled("262144", "262144"), grows("n2", "conntrack.drop", 381, "conntrack.early_drop", 95)))
	record(pressure.ListenQueue(), together(queues(stuckListener("host")), grows("n2", "netstat.TcpExt.ListenOverflows", 30)))
	record(pressure.SocketBuffers(), grows("n2", "snmp.Udp.RcvbufErrors", 390))
	record(pressure.Ports(), func(s *facts.Snapshot) {
		s.Host("n2", facts.Last).Sockets.Destinations = []facts.Destination{{Peer: netip.MustParseAddrPort("192.0.2.7:443"), TimeWait: 28000, Established: 100}}
	})
	record(pressure.Interfaces(), grows("n2", "qdisc.eth0.drops", 250, "iface.eth0.tx_packets", 9000))
	record(pressure.Load(), func(s *facts.Snapshot) { s.Host("n2", facts.Last).Load.MemAvailable = 300 << 20 })
	factstest.Recordings(t, pressure.CPU(), *update, trimmed(nil), trimmed(func(s *facts.Snapshot) {
		both(s, "n2", func(h *facts.HostLook) { h.Load.ComputeMicros = 90000 })
	}), trimmed(func(s *facts.Snapshot) { both(s, "n2", func(h *facts.HostLook) { h.Load = nil }) }))
}
