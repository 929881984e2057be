package topology

import (
	"net/netip"
	"strings"

	"github.com/plumbline-net/plumbline/framework/facts"
	"github.com/plumbline-net/plumbline/framework/recognise"
)

// nodeDNS are the nameservers that pods are given and that are no Service of the
// cluster DNS: node-local caches, most often at one address on every node, where
// each node's own responds.
func nodeDNS(s *facts.Snapshot, f facts.Flow) []facts.Target {
	var out []facts.Target
	for _, a := range recognise.AllNameservers(s) {
		if family(a) == f.Family && !recognise.IsService(s, a) {
			out = append(out, facts.Target{ID: "nameserver/" + a.String(), Addr: a, Port: dnsPort, Name: queryName(s)})
		}
	}
	return out
}

// replicaPort is the port at which a replica of the cluster DNS serves what the
// Service serves at port 53 (OpenShift: 5353).
func replicaPort(s *facts.Snapshot, addr netip.Addr, proto string) uint16 {
	for _, svc := range s.Cluster.Services {
		if svc.Own || len(svc.Addrs) == 0 || !recognise.IsService(s, svc.Addrs[0]) {
			continue
		}
		for _, p := range svc.Ports {
			if p.Port != dnsPort || !strings.EqualFold(p.Proto, proto) {
				continue
			}
			for _, e := range svc.Endpoints {
				if e.Addr == addr && e.PortName == p.Name && strings.EqualFold(e.Proto, proto) {
					return e.Port
				}
			}
		}
	}
	return dnsPort
}

func protoOf(via facts.Via) string {
	if via == facts.DNSTCP {
		return "TCP"
	}
	return "UDP"
}
