package pressure_test

import (
	"flag"
	"net/netip"
	"strings"
	"testing"

	"github.com/plumbline-net/plumbline/framework/check"
	"github.com/plumbline-net/plumbline/framework/facts"
	"github.com/plumbline-net/plumbline/framework/facts/factstest"
	"github.com/plumbline-net/plumbline/suites/pressure"
)

var update = flag.Bool("update", false, "write the recordings anew")

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
