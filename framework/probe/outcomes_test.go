package probe_test

import (
	"maps"
	"net/netip"
	"testing"

	"github.com/plumbline-net/plumbline/framework/facts"
)

// expected is what a probe must end with: the outcome, the kernel's word, and
// type, code and sender of the ICMP error, where there is one.
type expected struct {
	outcome    facts.Outcome
	errno      string
	icmp, code uint8
	from       string
}

// fate is what befalls probes to one address of the server.
type fate struct {
	vias   []facts.Via
	family int
	host   int
	want   expected
}

// fatesHere are decided at either end.
func fatesHere() map[string]fate {
	return map[string]fate{
		"a healthy path answers":                               {[]facts.Via{facts.TCP, facts.UDP, facts.ICMP}, 4, 2, expected{outcome: facts.OK}},
		"a healthy path answers over IPv6":                     {[]facts.Via{facts.TCP, facts.UDP, facts.ICMP}, 6, 2, expected{outcome: facts.OK}},
		"a closed port refuses":                                {[]facts.Via{facts.Closed}, 4, 2, expected{outcome: facts.Refused}},
		"a closed port refuses over IPv6":                      {[]facts.Via{facts.Closed}, 6, 2, expected{outcome: facts.Refused}},
		"a blackhole route of our own is a local error":        {[]facts.Via{facts.TCP, facts.UDP, facts.ICMP}, 4, 13, expected{outcome: facts.Unreachable, errno: "EINVAL"}},
		"an unreachable route of our own is a local error":     {[]facts.Via{facts.TCP, facts.UDP, facts.ICMP}, 4, 14, expected{outcome: facts.Unreachable, errno: "EHOSTUNREACH"}},
		"an OUTPUT drop of our own is a local error":           {[]facts.Via{facts.UDP, facts.ICMP}, 4, 25, expected{outcome: facts.Unreachable, errno: "EPERM"}},
		"an OUTPUT drop of our own is a local error over IPv6": {[]facts.Via{facts.UDP}, 6, 25, expected{outcome: facts.Unreachable, errno: "EPERM"}},
	}
}

// fatesByRoute are decided by the routes of a router.
func fatesByRoute() map[string]fate {
	return map[string]fate{
		"a blackhole route on the router is silent":            {[]facts.Via{facts.TCP, facts.UDP, facts.ICMP, facts.Closed}, 4, 10, expected{outcome: facts.Timeout}},
		"an unreachable route on the router says so":           {[]facts.Via{facts.TCP, facts.UDP, facts.ICMP}, 4, 11, expected{facts.Unreachable, "EHOSTUNREACH", 3, 1, "10.1.0.1"}},
		"an unreachable route on the router says so over IPv6": {[]facts.Via{facts.TCP, facts.UDP, facts.ICMP}, 6, 11, expected{facts.Unreachable, "ENETUNREACH", 1, 0, "fd01::1"}},
		"a prohibit route on the router says so":               {[]facts.Via{facts.TCP, facts.UDP, facts.ICMP}, 4, 12, expected{facts.Unreachable, "EHOSTUNREACH", 3, 13, "10.1.0.1"}},
		"a prohibit route on the router says so over IPv6":     {[]facts.Via{facts.TCP, facts.UDP, facts.ICMP}, 6, 12, expected{facts.Unreachable, "EACCES", 1, 1, "fd01::1"}},
	}
}

// fatesByRule are decided by the packet filter of a router.
func fatesByRule() map[string]fate {
	return map[string]fate{
		"a DROP on the way is silent":                               {[]facts.Via{facts.TCP, facts.UDP, facts.ICMP, facts.Closed}, 4, 20, expected{outcome: facts.Timeout}},
		"a DROP on the way is silent over IPv6":                     {[]facts.Via{facts.TCP, facts.UDP, facts.ICMP}, 6, 20, expected{outcome: facts.Timeout}},
		"a REJECT names its code":                                   {[]facts.Via{facts.TCP, facts.UDP, facts.ICMP}, 4, 21, expected{facts.Unreachable, "EHOSTUNREACH", 3, 10, "10.1.0.1"}},
		"a REJECT names its code over IPv6":                         {[]facts.Via{facts.TCP, facts.UDP, facts.ICMP}, 6, 21, expected{facts.Unreachable, "EACCES", 1, 1, "fd01::1"}},
		"a REJECT with port-unreachable is a refusal by the router": {[]facts.Via{facts.TCP, facts.UDP}, 4, 22, expected{facts.Refused, "ECONNREFUSED", 3, 3, "10.1.0.1"}},
		"a REJECT with port-unreachable is a refusal over IPv6":     {[]facts.Via{facts.TCP, facts.UDP}, 6, 22, expected{facts.Refused, "ECONNREFUSED", 1, 4, "fd01::1"}},
		"a REJECT with a reset is a refusal without ICMP":           {[]facts.Via{facts.TCP}, 4, 23, expected{outcome: facts.Refused, errno: "ECONNREFUSED"}},
	}
}

func TestEveryOutcomeIsProducedByARealNetwork(t *testing.T) {
	r := newRouted(t)
	r.spoil(t)
	cases := fatesHere()
	maps.Copy(cases, fatesByRoute())
	maps.Copy(cases, fatesByRule())
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for n, via := range c.vias {
				c.want.compare(t, via, probeOne(t, r.client, via, r.target(via, c.family, apart(c.host, n))))
			}
		})
	}
}

func (want expected) compare(t *testing.T, via facts.Via, got observed) {
	t.Helper()
	if got.Outcome != want.outcome {
		t.Errorf("%s: %s, %s is expected: %+v", via, got.Outcome, want.outcome, got.detail)
		return
	}
	if got.Outcome == facts.OK && (got.detail != nil || got.RTT == 0) {
		t.Errorf("%s: a plain cell has a round trip and no record: %+v %+v", via, got.Cell, got.detail)
	}
	if want.errno == "" {
		return
	}
	a := got.failed(t)
	if a.Errno != want.errno {
		t.Errorf("%s: errno %s, %s is expected", via, a.Errno, want.errno)
	}
	if want.from == "" {
		if a.ICMP != nil {
			t.Errorf("%s: an ICMP error nobody sent: %+v", via, a.ICMP)
		}
		return
	}
	icmp := facts.ICMPError{Type: want.icmp, Code: want.code, From: netip.MustParseAddr(want.from)}
	if a.ICMP == nil || *a.ICMP != icmp {
		t.Errorf("%s: ICMP %+v, %+v is expected", via, a.ICMP, icmp)
	}
}

func TestAServerWithManyAddressesAnswersFromTheOneThatWasAsked(t *testing.T) {
	r := newRouted(t)
	for _, family := range []int{4, 6} {
		for _, host := range []int{2, 7, 38} {
			got := probeOne(t, r.client, facts.UDP, r.target(facts.UDP, family, host))
			if got.Outcome != facts.OK || got.Retried {
				t.Errorf("%s: %+v %+v", at(family, host), got.Cell, got.detail)
			}
		}
	}
}
