package check_test

import (
	"net/netip"
	"slices"
	"testing"

	"github.com/plumbline-net/plumbline/framework/check"
	"github.com/plumbline-net/plumbline/framework/facts"
)

func TestAServiceIsAskedInTheFamiliesOfItsOwnAddresses(t *testing.T) {
	both := []facts.Family{facts.IPv4, facts.IPv6}
	s := &facts.Snapshot{Cluster: facts.Cluster{
		Families: both, API: []netip.AddrPort{netip.MustParseAddrPort("10.96.0.1:443")},
		DNS: []netip.AddrPort{netip.MustParseAddrPort("10.96.0.10:53"), netip.MustParseAddrPort("[fd00:96::a]:53")},
	}}
	scope := check.ScopeOf(s)
	if got := scope.OfAPI().Families; !slices.Equal(got, both[:1]) {
		t.Errorf("default/kubernetes is asked over %v", got)
	}
	if got := scope.OfDNS().Families; !slices.Equal(got, both) {
		t.Errorf("the DNS Service is asked over %v", got)
	}
	if got := (check.Scope{Families: both}).OfAPI().Families; !slices.Equal(got, both) {
		t.Errorf("before the cluster was asked: %v", got)
	}
}
