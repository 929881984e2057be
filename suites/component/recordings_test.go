package component_test

import (
	"flag"
	"testing"

	"github.com/plumbline-net/plumbline/framework/check"
	"github.com/plumbline-net/plumbline/framework/facts"
	"github.com/plumbline-net/plumbline/framework/facts/factstest"
	"github.com/plumbline-net/plumbline/suites/component"
)

var update = flag.Bool("update", false, "write the recordings anew")

// trimmed leaves what the checks of components read.
func trimmed(spoil func(*facts.Snapshot)) *facts.Snapshot {
	s := factstest.Healthy(3)
	factstest.Keep(s)
	s.Cluster.Services, s.Further, s.Service = nil, nil, facts.Service{}
	if spoil != nil {
		spoil(s)
	}
	for i, h := range s.Hosts {
		s.Hosts[i] = facts.HostLook{
			Node: h.Node, Look: h.Look, NotRun: h.NotRun, CNI: h.CNI, Routes: h.Routes, ProxyHealth: h.ProxyHealth, ProxyMode: h.ProxyMode,
		}
	}
	return s
}

func TestRecordings(t *testing.T) {
	record := func(c check.Check, fail, unknown func(*facts.Snapshot)) {
		factstest.Recordings(t, c, *update, trimmed(nil), trimmed(fail), trimmed(unknown))
	}
	record(component.CNI(), func(s *facts.Snapshot) {
		logs(s, "n1", vxlanRoute)
		withoutRoute(s, "n1")
	}, func(s *facts.Snapshot) {
		s.Cluster.Errors, s.Cluster.CNIPods, s.Cluster.CNIPodsLast = []facts.Error{{What: "pods of the network plugin", Says: "pods is forbidden"}}, nil, nil
	})
	record(component.CNIConfig(), beside("n2", "05-bridge.conf", `{"type": "bridge", "bridge": "br0"}`), func(s *facts.Snapshot) { s.Hosts = nil })
	record(component.DNS(), func(s *facts.Snapshot) {
		s.Cluster.DNSDeployment.Available, s.Cluster.DNSDeployment.Ready = 1, 1
		p := &s.Cluster.DNSPods[1]
		p.Ready, p.Reason, p.Message = false, "CrashLoopBackOff", "back-off 5m0s restarting failed container"
	}, func(s *facts.Snapshot) { s.Cluster.DNSDeployment, s.Cluster.DNSPods = nil, nil })
	record(component.Evictions(), event("Evicted", "kube-proxy-3", -10), func(s *facts.Snapshot) {
		s.Cluster.Errors = []facts.Error{{What: "events of kube-system", Says: "events is forbidden"}}
	})
}
