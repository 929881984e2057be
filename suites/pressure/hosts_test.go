package pressure_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/plumbline-net/plumbline/framework/check"
	"github.com/plumbline-net/plumbline/framework/facts"
	"github.com/plumbline-net/plumbline/framework/facts/factstest"
	"github.com/plumbline-net/plumbline/suites/pressure"
)

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
		{"a CPU's queue was full on the machine that runs the node", check.Pass, func(s *facts.Snapshot) {
			s.Nodes[1].ProviderID = "kind://docker/demo/n2"
			grows("n2", "softnet.dropped", 5)(s)
		}, ""},
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
