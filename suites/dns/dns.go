// Package dns holds the promises about the cluster DNS: each replica, the
// Service in front of them, and the resolv.conf through which pods find it.
package dns

import (
	"net/netip"
	"slices"

	"github.com/plumbline-net/plumbline/framework/check"
	"github.com/plumbline-net/plumbline/framework/facts"
)

// All are the checks of this area, in the order of the catalogue.
func All() []check.Check {
	return []check.Check{
		Replica(), Service(), Nameserver(), Metrics(), ResolvConf(), Records(), Latency(), Truncation(), Startup(), External(), Spread(),
	}
}

// flows is every family, over UDP and TCP, from each kind of vantage.
func flows(scope check.Scope, look facts.Look, to facts.TargetKind, from ...facts.VantageKind) []facts.Flow {
	var out []facts.Flow
	for _, v := range from {
		for _, family := range scope.Families {
			for _, via := range []facts.Via{facts.DNSUDP, facts.DNSTCP} {
				out = append(out, facts.Flow{From: v, To: to, Via: via, Family: family, Look: look})
			}
		}
	}
	return out
}

// without is the answer where the cluster has no DNS: a Skip if that is known,
// Unknown if the API server would not tell; and false where it has one.
func without(s *facts.Snapshot) (check.Result, bool) {
	if len(s.Cluster.DNS) > 0 || len(s.Cluster.DNSPods) > 0 {
		return check.Result{}, false
	}
	if len(s.Cluster.Errors) > 0 {
		e := s.Cluster.Errors[0]
		return check.Unknownf("no cluster DNS is known, but not everything could be listed (%s: %s)", e.What, e.Says), true
	}
	if s.Cluster.UID == "" && s.Cluster.Version == "" {
		return check.Unknownf("nothing was read from the API server, so the cluster DNS is not known"), true
	}
	return check.Skipf("this cluster has no cluster DNS: no Service is labelled k8s-app=kube-dns, and none serves UDP port 53"), true
}

// inFamily says whether any address is of the family.
func inFamily(addrs []netip.Addr, family facts.Family) bool {
	return slices.ContainsFunc(addrs, func(a netip.Addr) bool { return a.Unmap().Is4() == (family == facts.IPv4) })
}

// offered leaves out the flows of a family in which no replica has an address.
func offered(asked []facts.Flow, addrs []netip.Addr) []facts.Flow {
	return slices.DeleteFunc(asked, func(f facts.Flow) bool { return !inFamily(addrs, f.Family) })
}
