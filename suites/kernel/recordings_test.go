package kernel_test

import (
	"flag"
	"testing"

	"github.com/plumbline-net/plumbline/framework/facts"
	"github.com/plumbline-net/plumbline/framework/facts/factstest"
	"github.com/plumbline-net/plumbline/suites/kernel"
)

var update = flag.Bool("update", false, "write the recordings anew")

// trimmed leaves what the checks of this area read.
func trimmed(n int, families ...facts.Family) *facts.Snapshot {
	s := factstest.Healthy(n, families...)
	factstest.Keep(s)
	c := s.Cluster
	s.Cluster = facts.Cluster{Families: c.Families, PodCIDRs: c.PodCIDRs, ProxyMode: c.ProxyMode, KubeProxyExpected: true, CNI: c.CNI}
	s.Further, s.Service = nil, facts.Service{}
	for i := range s.Hosts {
		h := &s.Hosts[i]
		s.Hosts[i] = facts.HostLook{
			Node: h.Node, Look: h.Look, Kernel: h.Kernel, Sysctls: h.Sysctls, Interfaces: h.Interfaces, Routes: h.Routes,
			Rules: h.Rules, Neighbors: h.Neighbors, Lookups: h.Lookups, Counters: h.Counters,
		}
	}
	return s
}

func TestRecordings(t *testing.T) {
	spoil := func(change func(*facts.Snapshot)) *facts.Snapshot {
		s := trimmed(3)
		change(s)
		return s
	}
	factstest.Recordings(t, kernel.BridgeNF(), *update, trimmed(3),
		spoil(func(s *facts.Snapshot) { set(s, "n2", bridgeNF, "0") }), spoil(noLastLook))
	factstest.Recordings(t, kernel.RPFilter(), *update, trimmed(3), spoil(func(s *facts.Snapshot) {
		set(s, "n1", rpEth0, "1")
		grow(s, "n1", "netstat.TcpExt.IPReversePathFilter", 40)
	}), spoil(noLastLook))
	factstest.Recordings(t, kernel.ARPCache(), *update, trimmed(3),
		spoil(func(s *facts.Snapshot) { grow(s, "n2", "neigh.arp.table_fulls", 12) }), spoil(noLastLook))
}
