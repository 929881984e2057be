package run

import (
	"slices"

	"github.com/plumbline-net/plumbline/framework/check"
	"github.com/plumbline-net/plumbline/framework/config"
	"github.com/plumbline-net/plumbline/framework/facts"
	"github.com/plumbline-net/plumbline/framework/topology"
)

// The profiles: named selections of checks, a smaller one within the larger.
const (
	Smoke      = config.Smoke      // the quick core: about ten seconds on three nodes
	Acceptance = config.Acceptance // all checks
)

// Profiles are those that a check is in, the smallest first.
func Profiles(c check.Check) []string {
	if InProfile(c, Smoke) {
		return []string{Smoke, Acceptance}
	}
	return []string{Acceptance}
}

// InProfile says whether a check is made under a profile. Smoke has the core
// checks, without those whose way of probing takes seconds where all is well:
// series, large transfers, and controls whose right answer is silence.
func InProfile(c check.Check, profile string) bool {
	if profile != Smoke {
		return true
	}
	if c.Level != check.Core {
		return false
	}
	if c.Ask == nil {
		return true
	}
	scope := topology.Presumed(true)
	scope.Families = []facts.Family{facts.IPv4, facts.IPv6}
	return !slices.ContainsFunc(c.Ask(scope), slow)
}

func slow(f facts.Flow) bool {
	switch f.Via {
	case facts.Series, facts.Sticky, facts.Bulk, facts.Race, facts.Big, facts.ARP, facts.Connect:
		return true
	case facts.TCP, facts.UDP, facts.ICMP, facts.TLS, facts.DNSUDP, facts.DNSTCP, facts.Closed, facts.PMTU, facts.Over,
		facts.HTTP, facts.Record, facts.Tunnel:
	}
	return f.To == facts.ToNodePortLocal // a node without a backend is silent
}
