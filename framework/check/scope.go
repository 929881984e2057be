package check

import (
	"net/netip"
	"slices"

	"github.com/plumbline-net/plumbline/framework/facts"
)

// Scope is what is known of a cluster before anything is probed.
type Scope struct {
	Families []facts.Family
	// Runner: there is a vantage outside the cluster.
	Runner bool
	// HasDNS and HasAPI: the Services exist.
	HasDNS, HasAPI bool
	// NoDNSMetrics: the cluster DNS declares no metrics port that answers plain HTTP.
	NoDNSMetrics bool
	// DNSFamilies and APIFamilies are those of the Services' addresses, often one
	// where the cluster has two; nil where they are not known.
	DNSFamilies, APIFamilies []facts.Family
	// Config is what the configuration file asks for.
	Config facts.Config
}

// OfDNS is the scope of what can be asked of the DNS Service: its own families.
func (s Scope) OfDNS() Scope {
	if s.DNSFamilies != nil {
		s.Families = s.DNSFamilies
	}
	return s
}

// OfAPI is the scope of what can be asked of default/kubernetes: its own families.
func (s Scope) OfAPI() Scope {
	if s.APIFamilies != nil {
		s.Families = s.APIFamilies
	}
	return s
}

// familiesOf keeps the cluster's families in which a Service has an address.
func familiesOf(all []facts.Family, addrs []netip.AddrPort) []facts.Family {
	var out []facts.Family
	for _, f := range all {
		if slices.ContainsFunc(addrs, func(a netip.AddrPort) bool { return a.Addr().Unmap().Is4() == (f == facts.IPv4) }) {
			out = append(out, f)
		}
	}
	return out
}

func noDNSMetrics(s *facts.Snapshot) bool {
	f := s.Cluster.DNSFound
	return f != nil && f.Metrics != nil && (f.Metrics.Port == 0 || f.Metrics.TLS)
}

// ScopeOf is the scope in which a snapshot was observed.
func ScopeOf(s *facts.Snapshot) Scope {
	return Scope{
		Families: s.Cluster.Families,
		Runner:   !s.Run.InCluster && s.Run.NoRunner == "",
		HasDNS:   len(s.Cluster.DNS) > 0 || len(s.Cluster.DNSPods) > 0,
		HasAPI:   len(s.Cluster.API) > 0,

		NoDNSMetrics: noDNSMetrics(s),

		Config: s.Configured(),

		DNSFamilies: familiesOf(s.Cluster.Families, s.Cluster.DNS),
		APIFamilies: familiesOf(s.Cluster.Families, s.Cluster.API),
	}
}
